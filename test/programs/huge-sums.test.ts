/** Sums past 2^53 - 1: whoever has one is refused by name, and everybody else is decided in the same run. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rebateOf } from '../../shared/engine/incentives/rebate.ts';
import type { Fact } from '../../shared/facts/schema.ts';
import type { Incentive } from '../../shared/policy/schema.ts';
import { datesBetween } from '../../shared/values/calendar.ts';
import { MOST, TOO_LARGE } from '../../shared/values/sums.ts';
import { TREASURE_HOST } from '../support/engine.ts';
import { Hall } from '../support/everyone.ts';
import { merchant, sales, session } from '../support/facts.ts';
import {
  agency,
  agencyWith,
  amounts,
  arrive,
  creator,
  faultsOf,
  member,
  programOf,
} from '../support/programs.ts';
import { database, type World } from '../support/world.ts';

const db = database();

/** The most that a line may say. */
const LINE = 10 ** 13;
const DAYS = datesBetween('2024-08-01', '2024-08-30');

/** Each member with its days at the most that a line may say. */
function hugeAgency(id: string, members: number): Fact[] {
  return [
    agency(id),
    // Its own fees, which would come back to it.
    sales('2024-08-01', 0, { by: id, feesFen: 5_000 }),
    ...Array.from({ length: members }, (_, index) => `${id}.m-${index + 1}`).flatMap((by) => [
      member(by, id),
      session('2024-08-10', { by }),
      ...DAYS.map((date) => sales(date, LINE, { by })),
    ]),
  ];
}

async function decideAugust(world: World) {
  const outcome = await world.at('2024-09-16').backfill('2024-08-01', '2024-09-15');
  if (outcome.outcome !== 'done') throw new Error(outcome.outcome);
  return outcome.summary;
}

describe('12. case 19: sales of 10^13 fen on each of 30 days', () => {
  it('12. of 60 members: their agency is refused by name, and everybody else is paid in the same run', async () => {
    const world = await db.world();
    await arrive(world, '2024-09-01', ...hugeAgency('a-1', 60), ...agencyWith('a-2', { fen: 100_000_000 }));
    expect(await decideAugust(world)).toMatchObject({
      failed: 0,
      displaced: 0,
      tooLarge: { count: 2, first: ['a-1 agency-pool/2024-08', 'a-1 fee-cashback/2024-08'] },
    });
    const refused = (await world.entries()).filter(({ reason }) => reason === 'sum-too-large');
    expect(
      refused.map(({ participantId, occasion, kind, amount }) => [participantId, occasion, kind, amount]),
    ).toEqual([
      ['a-1', 'agency-pool/2024-08', 'refusal', 0],
      ['a-1', 'fee-cashback/2024-08', 'refusal', 0],
    ]);
    // The other agency has its ceiling of the pool; both have their members' windows, which are counted, not summed.
    expect(await amounts(world, 'agency-')).toEqual({
      'a-1 agency-growth/2024-08': 300_000,
      'a-2 agency-growth/2024-08': 25_000,
      'a-2 agency-pool/2024-08': 100_000_000,
    });
    // What each of its members sold is exact, and pays.
    expect(await amounts(world, 'first-jump/500000')).toMatchObject({ 'a-1.m-1 first-jump/500000': 200_000 });
    expect(Object.keys(await amounts(world, 'first-jump/500000'))).toHaveLength(61);
    const before = (await world.entries()).length;
    await decideAugust(world);
    expect(await world.entries()).toHaveLength(before);
    expect(await faultsOf(world)).toEqual([]);
  });

  it('12. once they are restated, what is not frozen is paid', () => {
    const hall = new Hall(TREASURE_HOST, ['a-1', 'm-1', 'm-2']);
    const selling = (revision: number, fen: number) =>
      ['m-1', 'm-2'].map((by) => sales('2024-08-10', fen, { by, revision }));
    const own = sales('2024-08-01', 0, { by: 'a-1', feesFen: 5_000 });
    hall.learn(agency('a-1'), own, member('m-1', 'a-1'), member('m-2', 'a-1'), ...selling(1, MOST));
    hall.run('2024-09-15');
    const cashback = () => hall.desks.get('a-1')?.last('fee-cashback/2024-08');
    expect(cashback()).toMatchObject({ kind: 'refusal', amount: 0, reason: 'sum-too-large' });
    // 1,200,000 CNY of its members: all of its own fees.
    hall.learn(...selling(2, 60_000_000));
    hall.run('2024-09-16');
    expect(cashback()).toMatchObject({ amount: 5_000, reason: 'earned' });
  });
});

/** An agency's split, a ranking and a rebate that an owner's shops pool, all of what months add up to. */
function sumsOnly() {
  const monthly = { firstMonth: '2024-08', decidedAfterDays: 0 };
  const paid = { unit: 'fen' as const, pool: 'cash' };
  const incentives: Incentive[] = [
    {
      ...monthly,
      id: 'split',
      kind: 'pooled-split',
      who: { kinds: ['agency'] },
      reward: paid,
      amount: MOST,
      ceilingBps: 10_000,
      minLiveMembers: 0,
    },
    {
      ...monthly,
      id: 'rank',
      kind: 'ranking',
      who: { kinds: ['creator'] },
      reward: paid,
      measure: 'increase',
      minFen: 1,
      places: 2,
      amount: 1_000,
    },
    {
      ...monthly,
      id: 'back',
      kind: 'rebate',
      who: { kinds: ['merchant', 'agency', 'creator'] },
      reward: paid,
      of: 'net-sales',
      by: 'whole',
      pooled: 'entity',
      tiers: [{ name: 'all', fromFen: 1, bps: 20_000 }],
    },
  ];
  return programOf({ program: 'sums', pools: { cash: { unit: 'fen', limit: MOST } }, incentives });
}

const PROGRAM = sumsOnly();
const fen = fc.oneof(fc.constantFrom(0, 1, MOST, MOST - 1), fc.maxSafeNat(), fc.nat(1_000));

describe('12. random huge amounts', () => {
  it('12. never fail a run, never give a number that is not exact, and never a share of more than there is', () => {
    fc.assert(
      fc.property(fc.array(fen, { minLength: 12, maxLength: 12 }), (amount) => {
        const ids = ['a-1', 'a-2', 'c-1', 'c-2', 'm-1', 'm-2', 'm-3'];
        const hall = new Hall(PROGRAM, ids);
        hall.learn(
          ...['a-1', 'a-2'].map((id) => agency(id)),
          ...['c-1', 'c-2'].map((id) => creator(id)),
          member('m-1', 'a-1'),
          member('m-2', 'a-1'),
          member('m-3', 'a-2'),
          ...['m-1', 'm-2', 'm-3', 'c-1', 'c-2'].flatMap((by, index) => [
            session('2024-08-10', { by, views: amount[index * 2] ?? 0 }),
            sales('2024-07-20', amount[index] ?? 0, { by }),
            sales('2024-08-10', amount[index * 2] ?? 0, { by }),
            sales('2024-08-11', amount[index * 2 + 1] ?? 0, { by }),
          ]),
        );
        hall.run('2024-08-31');
        const entries = Object.values(hall.entries).flat();
        for (const entry of entries) {
          expect(Number.isSafeInteger(entry.amount)).toBe(true);
          expect(entry.amount).toBeGreaterThanOrEqual(0);
          for (const value of Object.values(entry.evidence))
            if (typeof value === 'number') expect(Number.isSafeInteger(value)).toBe(true);
        }
        const shared = entries.filter(({ incentive }) => incentive === 'split');
        expect(shared.reduce((sum, { amount: share }) => sum + BigInt(share), 0n) <= BigInt(MOST)).toBe(true);
        // Planning again writes nothing: what is refused stays refused.
        hall.run('2024-08-31');
        expect(Object.values(hall.entries).flat()).toHaveLength(entries.length);
      }),
      { numRuns: 150 },
    );
  });

  it('12. claimed of a pool are cut, and what it is short by in all is told as the most there is', async () => {
    const ladder: Incentive = {
      id: 'prize',
      kind: 'event-ladder',
      who: { kinds: ['merchant'] },
      reward: { unit: 'exposure', pool: 'reach' },
      from: '2024-08-01',
      to: '2024-08-31',
      rungs: [{ name: 'prize-1', atFen: 1, amount: MOST }],
    };
    const program = programOf({
      program: 'prizes',
      pools: { reach: { unit: 'exposure', limit: 7 } },
      incentives: [ladder],
    });
    const world = await db.world({ catalogue: [program] });
    const facts = ['m-1', 'm-2', 'm-3'].flatMap((by) => [merchant(by), sales('2024-08-10', 1, { by })]);
    await arrive(world, '2024-08-11', ...facts);
    const input = { program: 'prizes', job: 'backfill', from: '2024-08-01', to: '2024-08-11' };
    const outcome = await world.at('2024-08-12').run(input);
    expect(outcome).toMatchObject({ summary: { raised: { reach: 7 }, short: { reach: MOST }, failed: 0 } });
    expect(await amounts(world, 'prize')).toEqual({ 'm-1 prize-1': 7 });
    expect(await faultsOf(world, 'prizes')).toEqual([]);
  });

  it('12. a rebate of more than the whole stops where a number ends', () => {
    const back = {
      of: 'net-sales' as const,
      by: 'whole' as const,
      tiers: [{ name: 'all', fromFen: 1, bps: 20_000 }],
    };
    expect(rebateOf(back, 1_000, 0)).toBe(2_000);
    expect(rebateOf(back, MOST, 0)).toBe(TOO_LARGE);
  });

  it('12. of one merchant climb ladders as the most there is, and its fees of that month are refused', () => {
    const huge = ['2024-08-10', '2024-08-11'].map((date) => sales(date, MOST, { feesFen: MOST }));
    const hall = new Hall(TREASURE_HOST, ['m-1']);
    hall.learn(merchant('m-1'), session('2024-08-10'), ...huge);
    hall.run('2024-09-15');
    const desk = hall.desks.get('m-1');
    expect(desk?.sumsOf('w1/growth')).toEqual({
      'w1/growth-1': '20000 exposure',
      'w1/growth-2': '40000 exposure',
      'w1/growth-3': '60000 exposure',
      'w1/growth-4': '80000 exposure',
    });
    expect(desk?.sum('first-jump/500000')).toBe(200_000);
    expect(desk?.last('fee-cashback/2024-08')).toMatchObject({ amount: 0, reason: 'sum-too-large' });
    const read = desk?.entries.flatMap(({ evidence }) => Object.values(evidence)) ?? [];
    expect(read.filter((value) => typeof value === 'number' && !Number.isSafeInteger(value))).toEqual([]);
  });
});
