/** Versions of one fact come to one that stands, in whatever order and however often they come. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { identityOf } from '../../shared/facts/identity.ts';
import { type HashedFact, hashFact, mergeFact } from '../../shared/facts/merge.ts';
import { attestation, merchant, sales, sanction, session } from '../support/facts.ts';

const versions = fc
  .record({ gross: fc.integer({ min: 0, max: 3 }), revision: fc.integer({ min: 1, max: 3 }) })
  .map(({ gross, revision }) => hashFact(sales('2024-08-01', gross, { revision })));

const standing = (facts: readonly HashedFact[]) =>
  facts.reduce<HashedFact | undefined>((known, fact) => mergeFact(known, fact).stands, undefined);

const V1 = sales('2024-08-01', 100, { revision: 1 });
const V2 = sales('2024-08-01', 50, { revision: 2 });

describe('merging', () => {
  it('is commutative: of two, the same one stands and the same one loses, whichever came first', () => {
    fc.assert(
      fc.property(versions, versions, (a, b) => {
        const [ab, ba] = [mergeFact(a, b), mergeFact(b, a)];
        expect(ab.stands).toEqual(ba.stands);
        expect(ab.loser).toEqual(ba.loser);
      }),
    );
  });

  it('is associative', () => {
    fc.assert(
      fc.property(versions, versions, versions, (a, b, c) => {
        const [ab, bc] = [mergeFact(a, b).stands, mergeFact(b, c).stands];
        expect(mergeFact(ab, c).stands).toEqual(mergeFact(a, bc).stands);
      }),
    );
  });

  it('is idempotent', () => {
    fc.assert(
      fc.property(versions, (a) => {
        expect(mergeFact(a, a)).toEqual({ outcome: 'unchanged', stands: a });
      }),
    );
  });

  it('of any number of versions, in any order and repeated, the same one stands', () => {
    const two = fc
      .array(versions, { minLength: 1, maxLength: 6 })
      .chain((all) =>
        fc.tuple(
          fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 }),
          fc.shuffledSubarray(all, { minLength: all.length }),
        ),
      );
    fc.assert(
      fc.property(two, ([a, b]) => {
        expect(standing(a)).toEqual(standing(b));
      }),
    );
  });

  it('the highest revision wins whole: what it leaves out is gone', () => {
    const named = merchant('m-1', { name: 'Lantern Street', bestMonthFen: 1 });
    const bare = merchant('m-1', { revision: 2 });
    const { outcome, stands } = mergeFact(hashFact(named), hashFact(bare));
    expect(outcome).toBe('accepted');
    expect(stands.fact).toEqual(bare);
  });

  it('an older one is superseded, without a conflict', () => {
    expect(mergeFact(hashFact(V2), hashFact(V1))).toEqual({ outcome: 'superseded', stands: hashFact(V2) });
  });

  it('of an equal revision with other content, the smaller hash stands', () => {
    const [a, b] = [hashFact(V1), hashFact({ ...V1, grossFen: 101 })];
    const { outcome, stands, loser } = mergeFact(a, b);
    expect(outcome).toBe('conflict');
    expect(stands.hash < (loser?.hash ?? '')).toBe(true);
  });

  it('does not mind the order of keys', () => {
    const reversed = Object.fromEntries(Object.entries(V1).reverse()) as typeof V1;
    expect(mergeFact(hashFact(V1), hashFact(reversed)).outcome).toBe('unchanged');
  });
});

describe('a fact is known by', () => {
  it.each([
    [
      'a broadcast: participant, business date of its start, id',
      session('2024-08-01', { at: '23:59', id: 's-1' }),
      ['m-1', '2024-08-01', 's#s-1'],
    ],
    ['sales: participant and date', sales('2024-08-01', 1), ['m-1', '2024-08-01', 'sales']],
    ['an attestation: participant and id', attestation(), ['m-1', undefined, 'a#a-1']],
    [
      'a sanction: participant and id',
      sanction('2024-08-01', undefined, { id: 'x-1' }),
      ['m-1', undefined, 'x#x-1'],
    ],
    ['a participant: its id', merchant(), ['m-1', undefined, 'participant']],
  ])('%s', (_, fact, [participantId, day, slot]) => {
    expect(identityOf(fact)).toEqual({ participantId, day, slot });
  });
});
