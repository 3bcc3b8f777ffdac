/** What a program's rules ask of its schedules: on which days its month ends are run. */
import { addDays, addMonths, type BusinessDate, firstDay, monthOf } from '../values/calendar.ts';
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

/** The as-of of the first month-end run by schedule after a date: a run is as of the day before it starts. */
export function nextMonthEnd(program: Program, after: BusinessDate): BusinessDate {
  const starts = [0, 1, 2].flatMap((months) => {
    const month = firstDay(addMonths(monthOf(after), months));
    return monthEndDays(program).map((day) => addDays(month, day - 1));
  });
  return starts.map((start) => addDays(start, -1)).find((asOf) => after < asOf)!;
}
