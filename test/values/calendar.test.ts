/** Dates and months as text, over leap years, ends of years and time zones. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addDays,
  addMonths,
  businessDate,
  dateOf,
  datesBetween,
  dayNumber,
  firstDay,
  isDate,
  isMonth,
  lastDay,
  monthOf,
  monthsBetween,
  parseInstant,
  startOfDay,
} from '../../shared/values/calendar.ts';

const ZONE = 'Asia/Shanghai';
const dates = fc
  .integer({ min: 10_957, max: 40_000 })
  .map((day) => new Date(day * 86_400_000).toISOString().slice(0, 10));

describe('dates', () => {
  it.each(['2024-02-29', '2000-02-29', '2024-12-31'])('%s is one', (text) => expect(isDate(text)).toBe(true));

  it.each(['2024-02-30', '2023-02-29', '1900-02-29', '2024-13-01', '2024-00-01', '2024-1-1', '20240101', ''])(
    '%j is none',
    (text) => expect(isDate(text)).toBe(false),
  );

  it.each([
    ['2024-12', true],
    ['2024-13', false],
    ['2024-00', false],
    ['2024', false],
  ])('%s is a month: %s', (text, is) => expect(isMonth(text)).toBe(is));

  it('go there and back by any number of days, and sort as text as they do in time', () => {
    fc.assert(
      fc.property(dates, fc.integer({ min: -800, max: 800 }), (date, days) => {
        const other = addDays(date, days);
        expect(addDays(other, -days)).toBe(date);
        expect(dayNumber(other) - dayNumber(date)).toBe(days);
        expect(dateOf(dayNumber(date))).toBe(date);
        expect(other > date).toBe(days > 0);
      }),
    );
  });

  it('come between two, both included, and not at all the wrong way round', () => {
    expect(datesBetween('2024-02-28', '2024-03-01')).toEqual(['2024-02-28', '2024-02-29', '2024-03-01']);
    expect(datesBetween('2024-03-01', '2024-02-28')).toEqual([]);
  });
});

describe('months', () => {
  it.each([
    ['2024-02', '2024-02-29'],
    ['2023-02', '2023-02-28'],
    ['2024-04', '2024-04-30'],
    ['2024-12', '2024-12-31'],
  ])('%s ends on %s', (month, last) => {
    expect(lastDay(month)).toBe(last);
    expect(monthOf(last)).toBe(month);
    expect(addDays(last, 1)).toBe(firstDay(addMonths(month, 1)));
  });

  it('pass the end of a year', () => {
    expect(addMonths('2024-12', 1)).toBe('2025-01');
    expect(addMonths('2024-01', -1)).toBe('2023-12');
    expect(monthsBetween('2024-11', '2025-02')).toEqual(['2024-11', '2024-12', '2025-01', '2025-02']);
    expect(monthsBetween('2024-02', '2024-01')).toEqual([]);
  });
});

describe('instants', () => {
  it('fall on the business date of the zone', () => {
    expect(businessDate(Date.parse('2024-07-23T15:59:59.999Z'), ZONE)).toBe('2024-07-23');
    expect(businessDate(Date.parse('2024-07-23T16:00:00.000Z'), ZONE)).toBe('2024-07-24');
    expect(startOfDay('2024-07-24', ZONE)).toBe(Date.parse('2024-07-23T16:00:00Z'));
  });

  it.each([
    ['2024-07-24T00:30:00+08:00', Date.parse('2024-07-23T16:30:00Z')],
    ['2024-07-23T16:30Z', Date.parse('2024-07-23T16:30:00Z')],
    ['2024-07-24T00:30:00', undefined],
    ['2024-07-24', undefined],
    ['2024-02-30T00:00:00Z', undefined],
    ['soon', undefined],
  ])('%s is %s', (text, epochMs) => expect(parseInstant(text)).toBe(epochMs));
});
