/** Other published plans, as policies made for the test: what the kinds of incentives can say. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rebateOf } from '../../shared/engine/incentives/rebate.ts';
import type { Fact } from '../../shared/facts/schema.ts';
import type { Incentive, IncentiveOf, Program } from '../../shared/policy/schema.ts';
import { CNY, merchant, sales, sanction } from '../support/facts.ts';
import { amounts, arrive, faultsOf, monthEnd, programOf } from '../support/programs.ts';
import { database, type World } from '../support/world.ts';

const db = database();

function plan(program: string, incentive: Incentive): Program {
  return programOf({
    program,
    pools: { pot: { unit: 'fen', limit: 1_000_000_000_000 } },
    incentives: [incentive],
  });
}

const reward = { unit: 'fen' as const, pool: 'pot' };
const base = { who: { kinds: ['merchant' as const] }, firstMonth: '2024-08', reward, decidedAfterDays: 0 };

/** 10% of the first 50,000 CNY of net sales, and 5% of the next 950,000. */
const marginal: IncentiveOf<'rebate'> = {
  ...base,
  id: 'marginal',
  kind: 'rebate',
  of: 'net-sales',
  by: 'marginal',
  tiers: [
    { name: 'first', fromFen: 0, bps: 1_000 },
    { name: 'next', fromFen: 50_000 * CNY, bps: 500 },
    { name: 'end', fromFen: 1_000_000 * CNY, bps: 0 },
  ],
};

/** Fees above 0.6% of net sales come back, up to 1,000,000 CNY of one owner's shops together. */
const relief: IncentiveOf<'rebate'> = {
  ...base,
  id: 'relief',
  kind: 'rebate',
  of: 'fees',
  by: 'marginal',
  pooled: 'entity',
  floorBps: 60,
  tiers: [
    { name: 'first', fromFen: 0, bps: 10_000 },
    { name: 'end', fromFen: 1_000_000 * CNY, bps: 0 },
  ],
};

/** The two that grew most over the month before, by at least 1,000 CNY. */
const climbers: IncentiveOf<'ranking'> = {
  ...base,
  id: 'climbers',
  kind: 'ranking',
  measure: 'increase',
  minFen: 1_000 * CNY,
  places: 2,
  amount: 500,
};

async function august(program: Program, ...facts: Fact[]): Promise<World> {
  const world = await db.world({ catalogue: [program] });
  await arrive(world, '2024-08-31', ...facts);
  await monthEnd(world, '2024-08', 0, program.program);
  expect(await faultsOf(world, program.program)).toEqual([]);
  return world;
}

describe('a marginal tier rebate of net sales', () => {
  it.each([
    [60_000, 5_500],
    [2_000_000, 52_500],
    [50_000, 5_000],
    [1_000_000, 52_500],
    [10, 1],
  ])('of %i CNY is %i CNY', (net, back) => {
    expect(rebateOf(marginal, net * CNY, 0)).toBe(back * CNY);
  });

  it('is paid through the pipeline, and adjusted by refunds', async () => {
    const world = await august(
      plan('marginal-plan', marginal),
      ...[60_000, 2_000_000].flatMap((net) => [
        merchant(`m-${net}`),
        sales('2024-08-10', net * CNY, { by: `m-${net}` }),
      ]),
    );
    expect(await amounts(world, 'marginal')).toEqual({
      'm-2000000 marginal/2024-08': 52_500 * CNY,
      'm-60000 marginal/2024-08': 5_500 * CNY,
    });
    await arrive(
      world,
      '2024-09-01',
      sales('2024-08-10', 60_000 * CNY, { by: 'm-60000', refundedFen: 10_000 * CNY, revision: 2 }),
    );
    await monthEnd(world, '2024-08', 3, 'marginal-plan');
    expect((await amounts(world, 'marginal'))['m-60000 marginal/2024-08']).toBe(5_000 * CNY);
  });

  it('is the sum of its slices, rounded down once', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (net) => {
        const slice = (from: number, to: number) => BigInt(Math.max(0, Math.min(net, to) - from));
        const exact = slice(0, 5_000_000) * 1_000n + slice(5_000_000, 100_000_000) * 500n;
        expect(BigInt(rebateOf(marginal, net, 0))).toBe(exact / 10_000n);
      }),
    );
  });
});

describe('a relief of fees above a floor, pooled over an owner’s shops', () => {
  const FEES = 500;
  const shop = (
    by: string,
    net: number,
    more: Parameters<typeof merchant>[1] = { entityId: 'e-1' },
  ): Fact[] => [
    merchant(by, more),
    sales('2024-08-10', net * CNY, { by, feesFen: (net * CNY * FEES) / 10_000 }),
  ];
  const program = plan('relief-plan', relief);

  it('of 700,000 and 500,000 CNY at 5% is 44,000 CNY, to the shop with the smallest id', async () => {
    const world = await august(program, ...shop('m-2', 700_000), ...shop('m-10', 500_000));
    expect(await amounts(world, 'relief')).toEqual({ 'm-10 relief/2024-08': 44_000 * CNY });
  });

  it('of a shop by itself is by its own sales, and of a platform by its own shops', async () => {
    const world = await august(
      program,
      ...shop('alone', 100_000, {}),
      ...shop('m-1', 700_000),
      ...shop('m-0', 500_000, { entityId: 'e-1', platform: 'channels' }),
    );
    expect(await amounts(world, 'relief')).toEqual({
      'alone relief/2024-08': 4_400 * CNY,
      'm-1 relief/2024-08': 30_800 * CNY,
    });
  });

  it('moves to a shop with a smaller id that joins, and to who is left when one leaves', async () => {
    const world = await august(program, ...shop('m-2', 700_000), ...shop('m-3', 500_000));
    await arrive(world, '2024-09-01', ...shop('m-1', 0));
    await monthEnd(world, '2024-08', 3, 'relief-plan');
    expect(await amounts(world, 'relief')).toEqual({ 'm-1 relief/2024-08': 44_000 * CNY });
    expect((await world.entries()).find(({ amount }) => amount < 0)).toMatchObject({
      participantId: 'm-2',
      reason: 'another-shop-is-paid',
      evidence: { payee: 'm-1' },
    });
    await arrive(world, '2024-09-05', merchant('m-2', { revision: 2 }));
    await monthEnd(world, '2024-08', 15, 'relief-plan');
    expect(await amounts(world, 'relief')).toEqual({
      'm-1 relief/2024-08': 22_000 * CNY,
      'm-2 relief/2024-08': 30_800 * CNY,
    });
    expect(await faultsOf(world, 'relief-plan')).toEqual([]);
  });

  it('is nothing at or below the floor, and exact above it', () => {
    expect(rebateOf(relief, 1_000_000, 6_000)).toBe(0);
    expect(rebateOf(relief, 1_000_000, 5_000)).toBe(0);
    expect(rebateOf(relief, 1_000_000, 6_001)).toBe(1);
    // A floor of 0.6% of 99 fen is 0.594 fen: of 1 fen in fees, 0.406 are above it.
    expect(rebateOf(relief, 99, 1)).toBe(0);
    expect(rebateOf(relief, 99, 2)).toBe(1);
    expect(rebateOf(relief, 0, 100)).toBe(0);
  });
});

describe('a ranking by increase over the month before', () => {
  const grew = (by: string, july: number, august: number): Fact[] => [
    merchant(by),
    sales('2024-07-10', july * CNY, { by }),
    sales('2024-08-10', august * CNY, { by }),
  ];
  const program = plan('climbers-plan', climbers);

  it('goes by what was added, not by what was sold, and has a floor', async () => {
    const world = await august(
      program,
      ...grew('big', 90_000, 90_500),
      ...grew('small', 0, 1_000),
      ...grew('middle', 5_000, 7_000),
      ...grew('less', 10_000, 1_000),
    );
    expect(await amounts(world, 'climbers')).toEqual({
      'middle climbers/2024-08': 500,
      'small climbers/2024-08': 500,
    });
  });

  it('has places for two, and ranks nobody who would be refused', async () => {
    const field = [...grew('a', 0, 3_000), ...grew('b', 0, 2_000), ...grew('c', 0, 1_000)];
    expect(Object.keys(await amounts(await august(program, ...field), 'climbers'))).toEqual([
      'a climbers/2024-08',
      'b climbers/2024-08',
    ]);
    const paused = sanction('2024-08-31', undefined, { by: 'a' });
    expect(Object.keys(await amounts(await august(program, ...field, paused), 'climbers'))).toEqual([
      'b climbers/2024-08',
      'c climbers/2024-08',
    ]);
  });

  it('ranks the shops of one owner each for itself, and plans each once', async () => {
    const own = grew('a', 0, 3_000).map(
      (fact): Fact => (fact.type === 'participant' ? { ...fact, entityId: 'e-1' } : fact),
    );
    const world = await august(program, ...own, ...grew('b', 0, 2_000));
    expect(Object.keys(await amounts(world, 'climbers'))).toHaveLength(2);
  });
});
