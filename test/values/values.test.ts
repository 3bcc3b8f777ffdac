/** One text for one value, and amounts as people read them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, compareCodeUnits, contentHash } from '../../shared/values/canonical.ts';
import { formatAmount, formatCny } from '../../shared/values/units.ts';

describe('canonical JSON', () => {
  it('is the same for equal values, and reads back as them', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.oneof(fc.integer(), fc.string(), fc.boolean())), (record) => {
        const shuffled = Object.fromEntries(Object.entries(record).reverse());
        expect(canonicalJson(shuffled)).toBe(canonicalJson(record));
        expect(JSON.parse(canonicalJson(record))).toEqual(record);
      }),
    );
  });

  it('sorts keys at every depth by code unit, keeps lists in order, leaves undefined out', () => {
    const value = { b: [2, 1, { d: 1, c: 2 }], a: undefined, B: null, 'a-10': 1, 'a-2': 2 };
    expect(canonicalJson(value)).toBe('{"B":null,"a-10":1,"a-2":2,"b":[2,1,{"c":2,"d":1}]}');
  });

  it('hashes to 32 hex digits that change with the value', () => {
    expect(contentHash({ a: 1 })).toMatch(/^[0-9a-f]{32}$/);
    expect(contentHash({ a: 1 })).not.toBe(contentHash({ a: 2 }));
  });
});

it('ids are compared by code unit: m-10 comes before m-2, and upper case before lower', () => {
  expect(['m-2', 'm-10', 'M-3'].sort(compareCodeUnits)).toEqual(['M-3', 'm-10', 'm-2']);
});

it.each([
  [214_050, 'fen', '2,140.50 CNY'],
  [-5, 'fen', '-0.05 CNY'],
  [20_000, 'exposure', '20,000 exposures'],
  [100, 'bps', '1.00%'],
  [1, 'count', '1 perk'],
] as const)('%i %s reads %s', (amount, unit, text) => {
  expect(formatAmount(amount, unit)).toBe(text);
});

it('an amount that a float could not hold reads to the fen', () => {
  expect(formatCny(Number.MAX_SAFE_INTEGER)).toBe('90,071,992,547,409.91');
});
