/** Funding when a pool binds: what a person would do who pays claims one after the other, until nothing is left. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Claim, compareRank, cutAmong, dateOfCut, funded } from '../../shared/engine/allocate.ts';

const claim = fc.record({
  earnedOn: fc.constantFrom('2024-08-01', '2024-08-02', '2024-08-03'),
  participantId: fc.constantFrom('m-1', 'm-10', 'm-2', 'M-3'),
  occasion: fc.constantFrom('w1/cold-1', 'w1/growth-1', 'first-jump/10000'),
  amount: fc.integer({ min: 1, max: 50 }),
});
/** An occasion of a participant is claimed once. */
const claims = fc.uniqueArray(claim, {
  selector: ({ participantId, occasion }) => `${participantId} ${occasion}`,
  maxLength: 12,
});
const available = fc.integer({ min: 0, max: 200 });

const total = (amounts: readonly number[]) => amounts.reduce((sum, amount) => sum + amount, 0);

/** As the allocation does it: sums by date first, then one date's claims. */
function allocated(all: readonly Claim[], left: number): number[] {
  const byDate = new Map<string, number>();
  for (const { earnedOn, amount } of all) byDate.set(earnedOn, (byDate.get(earnedOn) ?? 0) + amount);
  const short = dateOfCut(byDate, left);
  const ofDate = all.filter(({ earnedOn }) => earnedOn === short?.date);
  const cut = short && cutAmong(ofDate, short.left);
  return all.map((one) => funded(one, cut));
}

/** One claim after the other in order of rank: in full while there is enough, then what is left, then nothing. */
function greedy(all: readonly Claim[], left: number): Map<Claim, number> {
  let rest = left;
  let bound = false;
  return new Map(
    all.toSorted(compareRank).map((one) => {
      const paid = bound ? 0 : Math.min(one.amount, rest);
      bound ||= paid < one.amount;
      rest -= paid;
      return [one, paid];
    }),
  );
}

describe('funding', () => {
  it('is that of a queue, whatever the order in which claims come', () => {
    fc.assert(
      fc.property(claims, available, (all, left) => {
        const wanted = greedy(all, left);
        expect(allocated(all, left)).toEqual(all.map((one) => wanted.get(one)));
      }),
      { numRuns: 500 },
    );
  });

  it('never pays more than is available, and exactly that when the pool binds', () => {
    fc.assert(
      fc.property(claims, available, (all, left) => {
        const claimed = total(all.map(({ amount }) => amount));
        expect(total(allocated(all, left))).toBe(Math.min(claimed, left));
      }),
      { numRuns: 500 },
    );
  });

  it('ranks by earned date, then participant by code unit, then occasion', () => {
    const at = (earnedOn: string, participantId: string, occasion: string) => ({
      earnedOn,
      participantId,
      occasion,
    });
    const ranked = [
      at('2024-08-01', 'm-9', 'b'),
      at('2024-08-02', 'M-1', 'a'),
      at('2024-08-02', 'm-10', 'a'),
      at('2024-08-02', 'm-10', 'b'),
      at('2024-08-02', 'm-2', 'a'),
    ];
    expect(ranked.toReversed().sort(compareRank)).toEqual(ranked);
  });

  it('has no cut when claims fit to the unit, and one when they exceed by one', () => {
    const byDate = new Map([['2024-08-01', 100]]);
    expect(dateOfCut(byDate, 100)).toBeUndefined();
    expect(dateOfCut(byDate, 99)).toEqual({ date: '2024-08-01', left: 99 });
  });
});
