/** Splits are exact: largest remainder, ties by id, ceilings, and scores near 2^53. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { split as splitMap } from '../../shared/engine/split.ts';
import { compareCodeUnits } from '../../shared/values/canonical.ts';

/** Records read better here; the shares of none of these ids is a name that every object has. */
const split = (amount: number, by: Record<string, number>, ceilingBps: number) =>
  Object.fromEntries(splitMap(amount, new Map(Object.entries(by)), ceilingBps));

const WHOLE = 10_000;
const MAX = Number.MAX_SAFE_INTEGER;
const sum = (shares: Record<string, number>) =>
  Object.values(shares).reduce((total, share) => total + BigInt(share), 0n);

const scores = fc.dictionary(
  fc.stringMatching(/^[a-c]-\d{1,2}$/),
  fc.oneof(fc.nat(5), fc.nat(1_000_000), fc.integer({ min: MAX - 10, max: MAX }), fc.maxSafeNat()),
  { maxKeys: 12 },
);
const amount = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: MAX }));

describe('a split', () => {
  it.each<[string, number, Record<string, number>, Record<string, number>]>([
    [
      'ties of remainders go to the smaller id by code unit',
      10,
      { 'm-2': 1, 'm-10': 1, 'm-1': 1 },
      { 'm-1': 4, 'm-10': 3, 'm-2': 3 },
    ],
    ['two units over go to the two smallest', 11, { c: 1, b: 1, a: 1 }, { a: 4, b: 4, c: 3 }],
    ['the largest remainder goes first, whatever the id', 10, { a: 1, b: 2, c: 3 }, { a: 2, b: 3, c: 5 }],
    ['fewer units than winners', 2, { a: 1, b: 1, c: 1 }, { a: 1, b: 1 }],
    ['who has no score gets nothing', 10, { a: 0, b: 1 }, { b: 10 }],
    ['nobody has a score', 10, { a: 0, b: 0 }, {}],
    ['nobody takes part', 10, {}, {}],
    ['one takes all', 7, { a: 3 }, { a: 7 }],
  ])('%s', (_, given, by, expected) => {
    expect(split(given, by, WHOLE)).toEqual(expected);
  });

  it('rounds the ceiling down, and leaves the excess unspent', () => {
    expect(split(999, { a: 1 }, 2_000)).toEqual({ a: 199 });
    expect(split(4, { a: 1, b: 3 }, 2_000)).toEqual({});
    expect(split(1_000, { a: 8, b: 1, c: 1 }, 5_000)).toEqual({ a: 500, b: 100, c: 100 });
  });

  it('is exact where products pass 2^53', () => {
    expect(split(MAX, { a: MAX, b: MAX }, WHOLE)).toEqual({
      a: 4_503_599_627_370_496,
      b: 4_503_599_627_370_495,
    });
    expect(split(MAX, { a: MAX, b: 1 }, WHOLE)).toEqual({ a: MAX - 1, b: 1 });
    expect(split(500_000_000, { a: MAX, b: MAX - 1, c: MAX - 2 }, WHOLE)).toEqual({
      a: 166_666_667,
      b: 166_666_667,
      c: 166_666_666,
    });
  });

  it('gives out the amount to the unit, and each within one of its proportion', () => {
    fc.assert(
      fc.property(amount, scores, (given, by) => {
        const shares = split(given, by, WHOLE);
        const total = sum(by);
        expect(sum(shares)).toBe(total === 0n ? 0n : BigInt(given));
        if (total === 0n) return;
        for (const [id, score] of Object.entries(by)) {
          const exact = BigInt(given) * BigInt(score);
          const got = BigInt(shares[id] ?? 0) * total;
          expect(got - exact < total && exact - got < total, id).toBe(true);
        }
      }),
    );
  });

  it('gives no more than the ceiling to anyone, never above the amount, and what the others get does not grow by it', () => {
    fc.assert(
      fc.property(amount, scores, fc.integer({ min: 1, max: WHOLE }), (given, by, ceilingBps) => {
        const [shares, whole] = [split(given, by, ceilingBps), split(given, by, WHOLE)];
        const ceiling = Number((BigInt(given) * BigInt(ceilingBps)) / 10_000n);
        for (const id of Object.keys(by)) {
          expect(shares[id] ?? 0).toBe(Math.min(whole[id] ?? 0, ceiling));
        }
        expect(sum(shares) <= BigInt(given)).toBe(true);
      }),
    );
  });

  it('does not depend on the order of those who take part', () => {
    fc.assert(
      fc.property(amount, scores, fc.integer({ min: 1, max: WHOLE }), (given, by, ceilingBps) => {
        const entries = Object.entries(by);
        const shares = split(given, by, ceilingBps);
        for (const other of [entries.toReversed(), entries.toSorted(([a], [b]) => compareCodeUnits(a, b))]) {
          expect(split(given, Object.fromEntries(other), ceilingBps)).toEqual(shares);
        }
      }),
    );
  });

  it('gives a larger score no less', () => {
    fc.assert(
      fc.property(amount, scores, (given, by) => {
        const shares = split(given, by, WHOLE);
        const sorted = Object.entries(by).sort(([, a], [, b]) => a - b);
        for (const [index, [id, score]] of sorted.entries()) {
          const next = sorted[index + 1];
          if (next !== undefined && next[1] > score)
            expect(shares[next[0]] ?? 0).toBeGreaterThanOrEqual(shares[id] ?? 0);
        }
      }),
    );
  });
});
