/**
 * The facts of a rehearsal: a small world up to yesterday, in four instalments. A schedule fires now, so they
 * are dated from today backwards; the seed makes them the same for everybody on the same day.
 */
import type { Fact } from '../../shared/facts/schema.ts';
import { generateWorld } from '../../shared/synthetic/world.ts';
import { addDays, addMonths, type BusinessDate, firstDay, monthOf } from '../../shared/values/calendar.ts';

/** What comes before each run: the scheduled one, the one that dies, the month end, the backfill. */
export interface Instalments {
  from: BusinessDate;
  daily: string[];
  dying: string[];
  monthEnd: string[];
  backfill: string[];
}

/** Refused, and no more than that: it must not stop the facts in the same message. */
export const BAD_FACT = '{"type":"sales","participantId":"m-1","date":"2024-02-30"}';

export function instalments(today: BusinessDate): Instalments {
  const from = firstDay(addMonths(monthOf(today), -2));
  const yesterday = addDays(today, -1);
  const arrivals = generateWorld({ seed: 7, merchants: 20, from, to: yesterday });
  const between = (after: BusinessDate, until: BusinessDate) => [
    ...newHost(`new-${until}`, yesterday),
    ...arrivals.filter(({ arrivesOn }) => arrivesOn > after && arrivesOn <= until).map(({ fact }) => fact),
  ];
  const [first, second, third] = [addDays(today, -50), addDays(today, -40), addDays(today, -25)];
  return {
    from,
    daily: [BAD_FACT, ...between('', first).map(toLine)],
    dying: between(first, second).map(toLine),
    monthEnd: between(second, third).map(toLine),
    backfill: between(third, today).map(toLine),
  };
}

const toLine = (fact: Fact): string => JSON.stringify(fact);

/** Whatever the day of the month, each run has a window to open. */
function newHost(id: string, date: BusinessDate): Fact[] {
  return [
    { type: 'participant', id, platform: 'xiaohongshu', kind: 'merchant', revision: 1 },
    {
      type: 'broadcast',
      id: 'first',
      participantId: id,
      startedAt: `${date}T20:00:00+08:00`,
      endedAt: `${date}T21:00:00+08:00`,
      hasCart: true,
      recorded: false,
      views: 100,
      revision: 1,
    },
  ];
}
