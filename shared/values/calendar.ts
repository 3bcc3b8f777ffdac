/**
 * Business dates and months as ISO text: `2024-07-24`, `2024-07`.
 *
 * Text sorts as time does, is what the table's keys hold, and cannot carry a time zone by accident. Temporal
 * does the arithmetic; results are remembered, because a run asks the same few hundred dates again and again.
 */
import { Temporal } from 'temporal-polyfill';

/** A calendar date in the facts' zone, `YYYY-MM-DD`. */
export type BusinessDate = string;
/** A calendar month, `YYYY-MM`. */
export type Month = string;

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const MONTH = /^\d{4}-\d{2}$/;

/** Whether the text is a real calendar date: `2024-02-30` is not. */
export function isDate(text: string): boolean {
  if (!DATE.test(text)) return false;
  try {
    Temporal.PlainDate.from(text, { overflow: 'reject' });
    return true;
  } catch {
    return false;
  }
}

/** Whether the text is a real month: `2024-13` is not. */
export function isMonth(text: string): boolean {
  return MONTH.test(text) && isDate(`${text}-01`);
}

const EPOCH = Temporal.PlainDate.from('1970-01-01');
const numbers = new Map<BusinessDate, number>();
const names = new Map<number, BusinessDate>();

/** Days since 1970-01-01, for arithmetic on dates. */
export function dayNumber(date: BusinessDate): number {
  const known = numbers.get(date);
  if (known !== undefined) return known;
  const number = EPOCH.until(Temporal.PlainDate.from(date), { largestUnit: 'day' }).days;
  numbers.set(date, number);
  names.set(number, date);
  return number;
}

/** The date of a day number: the inverse of {@link dayNumber}. */
export function dateOf(number: number): BusinessDate {
  const known = names.get(number);
  if (known !== undefined) return known;
  const date = EPOCH.add({ days: number }).toString();
  names.set(number, date);
  numbers.set(date, number);
  return date;
}

/** The date `days` later, or earlier when negative. */
export function addDays(date: BusinessDate, days: number): BusinessDate {
  return dateOf(dayNumber(date) + days);
}

/** The month a date is in. */
export function monthOf(date: BusinessDate): Month {
  return date.slice(0, 7);
}

const shifted = new Map<string, Month>();

/** The month `months` later, or earlier when negative. */
export function addMonths(month: Month, months: number): Month {
  const key = `${month}${months}`;
  const known = shifted.get(key);
  if (known !== undefined) return known;
  const result = Temporal.PlainYearMonth.from(month).add({ months }).toString();
  shifted.set(key, result);
  return result;
}

/** The first date of a month. */
export function firstDay(month: Month): BusinessDate {
  return `${month}-01`;
}

const lastDays = new Map<Month, BusinessDate>();

/** The last date of a month, leap years included. */
export function lastDay(month: Month): BusinessDate {
  const known = lastDays.get(month);
  if (known !== undefined) return known;
  const { daysInMonth } = Temporal.PlainYearMonth.from(month);
  const date = `${month}-${daysInMonth}`;
  lastDays.set(month, date);
  return date;
}

/** Every month from the first to the last, both included; none when they are the wrong way round. */
export function monthsBetween(first: Month, last: Month): Month[] {
  const months: Month[] = [];
  for (let month = first; month <= last; month = addMonths(month, 1)) months.push(month);
  return months;
}

/** Every date from the first to the last, both included; none when they are the wrong way round. */
export function datesBetween(first: BusinessDate, last: BusinessDate): BusinessDate[] {
  const dates: BusinessDate[] = [];
  for (let date = first; date <= last; date = addDays(date, 1)) dates.push(date);
  return dates;
}

/** A calendar month, or a week from Monday on; both ends included. */
export interface Period {
  from: BusinessDate;
  to: BusinessDate;
}

const periods = { month: new Map<BusinessDate, Period>(), week: new Map<BusinessDate, Period>() };

/** The month or week that a date is in. */
export function periodOf(date: BusinessDate, every: 'month' | 'week'): Period {
  const known = periods[every].get(date);
  if (known !== undefined) return known;
  const period =
    every === 'month' ? { from: firstDay(monthOf(date)), to: lastDay(monthOf(date)) } : weekOf(date);
  periods[every].set(date, period);
  return period;
}

function weekOf(date: BusinessDate): Period {
  // Day 0, 1970-01-01, was a Thursday.
  const monday = addDays(date, -((dayNumber(date) + 3) % 7));
  return { from: monday, to: addDays(monday, 6) };
}

/** The earlier of two dates, or of two months. */
export function earlier(a: BusinessDate, b: BusinessDate): BusinessDate {
  return a < b ? a : b;
}

/** The later of two dates, or of two months. */
export function later(a: BusinessDate, b: BusinessDate): BusinessDate {
  return a > b ? a : b;
}

/** The calendar date of an instant (milliseconds since the epoch) in a time zone. */
export function businessDate(epochMs: number, zone: string): BusinessDate {
  return Temporal.Instant.fromEpochMilliseconds(epochMs).toZonedDateTimeISO(zone).toPlainDate().toString();
}

/** The instant at which a business date begins in a time zone, in milliseconds since the epoch. */
export function startOfDay(date: BusinessDate, zone: string): number {
  return Temporal.PlainDate.from(date).toZonedDateTime(zone).epochMilliseconds;
}

/**
 * An instant, in milliseconds since the epoch, from text that was checked when it came in: a date that does not exist
 * would pass here.
 */
export function epochMs(instant: string): number {
  return Date.parse(instant);
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

/** An instant, in milliseconds since the epoch, from ISO 8601 text with an offset; undefined when it is none. */
export function parseInstant(text: string): number | undefined {
  if (!INSTANT.test(text)) return undefined;
  try {
    return Temporal.Instant.from(text).epochMilliseconds;
  } catch {
    return undefined;
  }
}
