/** Amounts as people type them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatChange, parseAmount } from '../../shared/values/amounts.ts';
import { formatAmount, UNITS, type Unit } from '../../shared/values/units.ts';

const MAX = Number.MAX_SAFE_INTEGER;

describe('42. an amount', () => {
  it.each<[string, Unit, number]>([
    ['500000 exposures', 'exposure', 500_000],
    ['500,000 exposures', 'exposure', 500_000],
    ['500000', 'exposure', 500_000],
    ['50万', 'exposure', 500_000],
    ['1,000亿 exposures', 'exposure', 100_000_000_000],
    ['1 Exposure', 'exposure', 1],
    ['30,000,000 CNY', 'fen', 3_000_000_000],
    ['30000000CNY', 'fen', 3_000_000_000],
    ['3000万元', 'fen', 3_000_000_000],
    ['3000 万 元', 'fen', 3_000_000_000],
    ['３０００万元', 'fen', 3_000_000_000],
    ['３，０００万元', 'fen', 3_000_000_000],
    ['0.3亿元', 'fen', 3_000_000_000],
    ['3.5萬元', 'fen', 3_500_000],
    ['1億元', 'fen', 10_000_000_000],
    ['¥30,000,000', 'fen', 3_000_000_000],
    ['￥３０．５０', 'fen', 3_050],
    ['RMB 12.34', 'fen', 1_234],
    ['12.3 rmb', 'fen', 1_230],
    ['0 CNY', 'fen', 0],
    ['1.234567万元', 'fen', 1_234_567],
    ['12.340 CNY', 'fen', 1_234],
    ['90,071,992,547,409.91 CNY', 'fen', MAX],
    ['1.00%', 'bps', 100],
    ['3 perks', 'count', 3],
  ])('42. %s of %s is %i', (text, unit, amount) => {
    expect(parseAmount(text, unit, 'limit')).toBe(amount);
  });

  it.each<[string, Unit, RegExp]>([
    ['4000000000', 'fen', /a number alone: it may mean 4,000,000,000\.00 CNY, or 40,000,000\.00 CNY;/],
    ['4000000000', 'fen', /allowed: with its unit, as 30,000,000 CNY or 3000万元$/],
    ['3000万', 'fen', /it may mean 30,000,000\.00 CNY, or 300,000\.00 CNY/],
    ['12.34', 'fen', /it may mean 12\.34 CNY; allowed/],
    ['500000 exposures', 'fen', /^limit: got "500000 exposures"; allowed: as 30,000,000 CNY or 3000万元$/],
    ['500000 CNY', 'exposure', /^limit: got "500000 CNY"; allowed: as 500000 exposures or 50万$/],
    ['0.001 CNY', 'fen', /allowed: whole fen: at most two decimals of a CNY/],
    ['0.0000001万元', 'fen', /allowed: whole fen/],
    ['0.5 exposures', 'exposure', /allowed: whole exposure/],
    ['90,071,992,547,409.92 CNY', 'fen', /allowed: at most 90,071,992,547,409\.91 CNY/],
    ['30,00 CNY', 'fen', /allowed: as 30,000,000 CNY/],
    ['30.000.000 CNY', 'fen', /allowed: as/],
    ['-1 CNY', 'fen', /allowed: as/],
    ['1e9 CNY', 'fen', /allowed: as/],
    ['CNY', 'fen', /allowed: as/],
    ['', 'fen', /allowed: as/],
    ['30 USD', 'fen', /allowed: as/],
  ])('42. %s of %s is refused', (text, unit, message) => {
    expect(() => parseAmount(text, unit, 'limit')).toThrow(message);
  });

  it('42. that is printed can be typed again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX }), fc.constantFrom(...UNITS), (amount, unit) => {
        expect(parseAmount(formatAmount(amount, unit), unit, 'limit')).toBe(amount);
      }),
    );
  });
});

it.each([
  [30_000_000, 40_000_000, '+33.33%'],
  [30_000_000, 50_000_000, '+66.67%'],
  [200, 199, '-0.50%'],
  [3, 0, '-100.00%'],
  [7, 7, '+0.00%'],
  [0, 5, ''],
  [1, MAX, '+900,719,925,474,099,000.00%'],
])('42. from %i to %i is a change of %s', (from, to, change) => {
  expect(formatChange(from, to)).toBe(change);
});
