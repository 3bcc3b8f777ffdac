/** The days of a participant as a policy version counts them: valid sessions, net sales, voided dates left out. */
import type { Sanction } from '../facts/schema.ts';
import { type BusinessDate, dayNumber, type Month, monthOf } from '../values/calendar.ts';
import type { Day, History, Session } from './history.ts';

const MS_A_MINUTE = 60_000;

/** A day that counts. It is a broadcast day when it has a valid session. */
export interface ActiveDay {
  date: BusinessDate;
  /** Its day number, for arithmetic. */
  number: number;
  /** Valid sessions by start, then id. */
  sessions: readonly Session[];
  netFen: number;
  feesFen: number;
}

/** Days in order, none after the as-of. */
export interface Activity {
  days: readonly ActiveDay[];
  broadcastDays: readonly ActiveDay[];
  /** How many there are in each month; a month without one is absent. */
  broadcastDaysByMonth: ReadonlyMap<Month, number>;
}

/**
 * A session is valid when it has a cart, is neither recorded nor withdrawn, and is at least `minMinutes` long,
 * to the millisecond (docs/programs.md, Facts). On the dates of a `void` sanction nothing counts.
 */
export function activityOf(history: History, asOf: BusinessDate, minMinutes: number): Activity {
  const days: ActiveDay[] = [];
  const broadcastDays: ActiveDay[] = [];
  const broadcastDaysByMonth = new Map<Month, number>();
  for (const day of history.days) {
    if (day.date > asOf) break;
    if (isVoid(history.sanctions, day.date)) continue;
    const active: ActiveDay = {
      date: day.date,
      number: dayNumber(day.date),
      sessions: validSessions(day, minMinutes),
      netFen: day.sales === undefined ? 0 : day.sales.grossFen - day.sales.refundedFen,
      feesFen: day.sales?.feesFen ?? 0,
    };
    days.push(active);
    if (active.sessions.length === 0) continue;
    broadcastDays.push(active);
    const month = monthOf(day.date);
    broadcastDaysByMonth.set(month, (broadcastDaysByMonth.get(month) ?? 0) + 1);
  }
  return { days, broadcastDays, broadcastDaysByMonth };
}

function validSessions(day: Day, minMinutes: number): Session[] {
  const valid = day.sessions.filter(
    ({ hasCart, recorded, withdrawn, startMs, endMs }) =>
      hasCart && !recorded && !withdrawn && endMs - startMs >= minMinutes * MS_A_MINUTE,
  );
  return valid.length < 2
    ? valid
    : valid.sort((a, b) => a.startMs - b.startMs || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}

function isVoid(sanctions: readonly Sanction[], date: BusinessDate): boolean {
  return sanctions.some(
    ({ scope, withdrawn, from, to }) =>
      scope === 'void' && withdrawn !== true && from <= date && (to === undefined || date <= to),
  );
}

/** Whole minutes of a day's valid sessions, rounded down. */
export function minutesOf(day: ActiveDay): number {
  return Math.floor(day.sessions.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0) / MS_A_MINUTE);
}
