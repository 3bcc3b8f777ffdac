/** The participant that figures are about: live on 20 days, with 8 entries in the ledger. */
import type { Fact } from '../../shared/facts/schema.ts';
import { addDays, datesBetween } from '../../shared/values/calendar.ts';

export const FIRST_DAY = '2024-07-25';
export const DAYS = 20;
export const LAST_DAY = addDays(FIRST_DAY, DAYS - 1);

/** Two perks, three cold starts and three growth rungs; its months are too small for a first jump. */
export const OCCASIONS = [
  'w1/cold-1',
  'w1/cold-2',
  'w1/cold-3',
  'w1/growth-1',
  'w1/growth-2',
  'w1/growth-3',
  'w1/perk-commercial',
  'w1/perk-matchmaking',
] as const;

const DAY_FEN = 101_000;

/** One session and one sales line a day, with ids as platforms make them. */
export function factsOf(participantId: string): Fact[] {
  return [
    {
      type: 'participant',
      id: participantId,
      platform: 'xiaohongshu',
      kind: 'merchant',
      entityId: `e-${participantId}`,
      name: 'A shop of handmade things',
      bestMonthFen: 0,
      revision: 1,
    },
    ...datesBetween(FIRST_DAY, LAST_DAY).flatMap((date) => dayOf(participantId, date)),
  ];
}

/** The facts of one day. */
export function dayOf(participantId: string, date: string): Fact[] {
  return [
    {
      type: 'broadcast',
      id: `live-${date}-${participantId}`,
      participantId,
      startedAt: `${date}T20:00:00+08:00`,
      endedAt: `${date}T21:00:00+08:00`,
      hasCart: true,
      recorded: false,
      views: 12_345,
      revision: 1,
    },
    {
      type: 'sales',
      participantId,
      date,
      grossFen: DAY_FEN,
      refundedFen: 0,
      feesFen: Math.floor(DAY_FEN / 20),
      orders: 37,
      revision: 1,
    },
  ];
}
