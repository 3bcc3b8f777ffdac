/** Sums that stop where a number ends, and records whose names may be anything. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addClaim, addTo } from '../../shared/pipeline/totals.ts';
import { at, isTooLarge, MOST, plus, plusToTell, TOO_LARGE } from '../../shared/values/sums.ts';

/** Amounts near the end of what a number holds, and small ones. */
const amount = fc.oneof(
  fc.maxSafeNat(),
  fc.integer({ min: 0, max: 9 }).map((less) => MOST - less),
  fc.nat(9),
);

describe('12. sums past 2^53', () => {
  it('12. are the exact sum or too large, whatever the order', () => {
    fc.assert(
      fc.property(fc.array(amount, { maxLength: 8 }), fc.nat(), (amounts, turn) => {
        const turned = [...amounts.slice(turn % 8), ...amounts.slice(0, turn % 8)];
        const exact = amounts.reduce((sum, one) => sum + BigInt(one), 0n);
        const sum = turned.reduce(plus, 0);
        expect(sum).toBe(exact > BigInt(MOST) ? TOO_LARGE : Number(exact));
        expect(isTooLarge(sum)).toBe(exact > BigInt(MOST));
      }),
    );
  });

  it('12. are the nearest number where they are only told', () => {
    expect(plusToTell(MOST, 1)).toBe(MOST);
    expect(plusToTell(-MOST, -MOST)).toBe(-MOST);
    expect(plusToTell(MOST, -1)).toBe(MOST - 1);
  });

  it('12. of claims are above every limit, and of figures a number that a table holds', () => {
    const claimed: Record<string, number> = {};
    const short: Record<string, number> = {};
    for (let claim = 0; claim < 3; claim++) {
      addClaim(claimed, 'exposure', MOST);
      addTo(short, 'exposure', MOST);
    }
    expect(claimed.exposure).toBe(2 ** 53);
    expect(short.exposure).toBe(2 ** 53 - 1);
  });
});

describe('14. names on Object.prototype', () => {
  it('14. are read from a record only where it has them', () => {
    expect(at<number>({}, 'constructor')).toBeUndefined();
    const sums: Record<string, number> = {};
    addTo(sums, 'constructor', 5);
    addTo(sums, 'constructor', 6);
    addClaim(sums, 'valueOf', 7);
    expect(sums).toEqual({ constructor: 11, valueOf: 7 });
    expect(at(sums, 'constructor')).toBe(11);
  });
});
