/** What a program's rules ask of its schedules: on which days its month ends are run. */
import type { Program } from './schema.ts';

/** The last day that every month has. */
const DAYS_OF_EVERY_MONTH = 28;

/**
 * The days of the month on which a program's month-end run starts, in order. What is decided N days after a month
 * is decided as of that date, by the run of the day after, N + 1. The first is always among them: it looks at
 * everyone, whether or not an incentive asks for it. A lag that leads to a day that some months do not have gets
 * none of its own, because the run of the next first decides all that has fallen due.
 */
export function monthEndDays({ versions }: Program): number[] {
  const lags = versions
    .flatMap(({ incentives }) => incentives)
    .map((incentive) => ('decidedAfterDays' in incentive ? incentive.decidedAfterDays : 0));
  const days = [1, ...lags.map((lag) => lag + 1)].filter((day) => day <= DAYS_OF_EVERY_MONTH);
  return [...new Set(days)].sort((a, b) => a - b);
}
