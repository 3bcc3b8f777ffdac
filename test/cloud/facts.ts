/**
 * The facts of a rehearsal: a small world up to yesterday, in an instalment for each run. A schedule fires now, so
 * they are dated from today backwards; the seed makes them the same for everybody on the same day.
 */
import type { Fact } from '../../shared/facts/schema.ts';
import { generateWorld } from '../../shared/synthetic/world.ts';
import { addDays, addMonths, type BusinessDate, firstDay, monthOf } from '../../shared/values/calendar.ts';

/** The instalments, by the run that they come before, and the age in days of the youngest facts of each. */
const UNTIL = {
  daily: 50,
  dying: 40,
  monthEnd: 28,
  backfill: 20,
  planned: 13,
  twice: 6,
  failing: 0,
} as const;

export type Instalments = { from: BusinessDate } & Record<keyof typeof UNTIL, string[]>;

/** Refused, and no more than that: it must not stop the facts in the same message. */
export const BAD_FACT = '{"type":"sales","participantId":"m-1","date":"2024-02-30"}';

export function instalments(today: BusinessDate): Instalments {
  const from = firstDay(addMonths(monthOf(today), -2));
  const yesterday = addDays(today, -1);
  const arrivals = generateWorld({ seed: 7, merchants: 20, from, to: yesterday });
  let after = '';
  const parts = Object.entries(UNTIL).map(([name, age]): [string, string[]] => {
    const until = addDays(today, -age);
    const arrived = arrivals.filter(({ arrivesOn }) => arrivesOn > after && arrivesOn <= until);
    after = until;
    const facts = [...newHost(`new-${name}`, yesterday), ...arrived.map(({ fact }) => fact)];
    return [name, facts.map((fact) => JSON.stringify(fact))];
  });
  const all = { from, ...Object.fromEntries(parts) } as Instalments;
  return { ...all, daily: [BAD_FACT, ...all.daily] };
}

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
