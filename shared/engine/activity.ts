/** The days of a participant as they count: valid sessions, net sales, voided dates left out. */
import type { Sanction } from '../facts/schema.ts';
import type { Program } from '../policy/schema.ts';
import { versionJudging } from '../policy/versions.ts';
import { type BusinessDate, dayNumber, type Month, monthOf } from '../values/calendar.ts';
import { compareCodeUnits } from '../values/canonical.ts';
import type { Day, History, Session } from './history.ts';

const MS_A_MINUTE = 60_000;

/** A day that counts. It is a broadcast day when it has a valid session. */
export interface ActiveDay {
  date: BusinessDate;
  /** Its day number, for arithmetic. */
  number: number;
  /** Valid sessions by start, then id. */
  sessions: readonly Session[];
  /** Sales before refunds: they tell whether it is refunds that something was lost by. */
  grossFen: number;
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
 * Folds the days once. Validity belongs to the day: a session is judged by the policy version in force on its own
 * day, whatever is decided with it later (docs/programs.md, Facts). On the dates of a `void` sanction nothing counts.
 */
export function activityOf(program: Program, history: History, asOf: BusinessDate): Activity {
  const days: ActiveDay[] = [];
  const broadcastDays: ActiveDay[] = [];
  const broadcastDaysByMonth = new Map<Month, number>();
  for (const day of history.days) {
    if (day.date > asOf) break;
    if (isVoid(history.sanctions, day.date)) continue;
    const active: ActiveDay = {
      date: day.date,
      number: dayNumber(day.date),
      sessions: validSessions(day, versionJudging(program, day.date).validSession.minMinutes),
      grossFen: day.sales?.grossFen ?? 0,
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

/**
 * A session is valid when it has a cart, is neither recorded nor withdrawn, and is at least `minMinutes` long, to the
 * millisecond. One account cannot be live twice at once: of those that meet this, by start and then id, one that
 * starts before the end of the last that counted does not count. A session past midnight stops none of the next day.
 */
function validSessions(day: Day, minMinutes: number): Session[] {
  const long = day.sessions.filter(
    ({ hasCart, recorded, withdrawn, startMs, endMs }) =>
      hasCart && !recorded && !withdrawn && endMs - startMs >= minMinutes * MS_A_MINUTE,
  );
  if (long.length < 2) return long;
  let freeFrom = Number.NEGATIVE_INFINITY;
  return long
    .sort((a, b) => a.startMs - b.startMs || compareCodeUnits(a.id, b.id))
    .filter(({ startMs, endMs }) => {
      if (startMs < freeFrom) return false;
      freeFrom = endMs;
      return true;
    });
}

/** Whether a sanction of scope `void` makes nothing of a date count. */
export function isVoid(sanctions: readonly Sanction[], date: BusinessDate): boolean {
  return sanctions.some(
    ({ scope, withdrawn, from, to }) =>
      scope === 'void' && withdrawn !== true && from <= date && (to === undefined || date <= to),
  );
}

/** Whole minutes of a day's valid sessions, rounded down. */
export function minutesOf(day: ActiveDay): number {
  return Math.floor(day.sessions.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0) / MS_A_MINUTE);
}
