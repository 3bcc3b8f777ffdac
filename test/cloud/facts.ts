/**
 * The facts of a rehearsal: a small world up to yesterday, in three instalments. A schedule fires now, so they
 * are dated from today backwards; the seed makes them the same for everybody on the same day.
 */
import { generateWorld } from '../../shared/synthetic/world.ts';
import { addDays, addMonths, type BusinessDate, firstDay, monthOf } from '../../shared/values/calendar.ts';

/** What is known before the scheduled run, what comes before the month end, what comes before the backfill. */
export interface Instalments {
  from: BusinessDate;
  daily: string[];
  monthEnd: string[];
  backfill: string[];
}

/** Refused, and no more than that: it must not stop the facts in the same message. */
export const BAD_FACT = '{"type":"sales","participantId":"m-1","date":"2024-02-30"}';

export function instalments(today: BusinessDate): Instalments {
  const from = firstDay(addMonths(monthOf(today), -2));
  const arrivals = generateWorld({ seed: 7, merchants: 20, from, to: addDays(today, -1) });
  const between = (after: BusinessDate, until: BusinessDate) =>
    arrivals
      .filter(({ arrivesOn }) => arrivesOn > after && arrivesOn <= until)
      .map(({ fact }) => JSON.stringify(fact));
  const [first, second] = [addDays(today, -50), addDays(today, -30)];
  return {
    from,
    daily: [BAD_FACT, ...between('', first)],
    monthEnd: between(first, second),
    backfill: between(second, today),
  };
}
