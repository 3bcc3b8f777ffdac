/** The months of monthly incentives: which the facts reach, and when each is decided. */
import {
  addDays,
  addMonths,
  type BusinessDate,
  earlier,
  firstDay,
  lastDay,
  later,
  type Month,
  monthOf,
  monthsBetween,
} from '../values/calendar.ts';
import type { Span } from './case.ts';

/** The longest silence before a window that can open on a month's first day, and then some. */
const LOOK_BACK_DAYS = 31;

/** The first date read for what members do in a month: the month before it, and the silence before its first day. */
export function readsFromForMembers(month: Month): BusinessDate {
  return earlier(addDays(firstDay(month), -LOOK_BACK_DAYS), firstDay(addMonths(month, -1)));
}

/** The months from the first to the current one whose facts are all read, given what a month reads from. */
export function visibleMonths(
  first: Month,
  { horizon, asOf }: Span,
  readsFrom: (month: Month) => BusinessDate,
): Month[] {
  return monthsBetween(later(first, monthOf(horizon)), monthOf(asOf)).filter(
    (month) => readsFrom(month) >= horizon,
  );
}

/** The date as of which a month is decided. */
export function decidedOn(month: Month, afterDays: number): BusinessDate {
  return addDays(lastDay(month), afterDays);
}
