/** Budgets of two levels: an incentive with a limit of its own, below the pool that it draws on. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareRank } from '../../shared/engine/allocate.ts';
import type { Change } from '../../shared/engine/history.ts';
import { allocate } from '../../shared/pipeline/allocate.ts';
import type { ShardResult } from '../../shared/pipeline/evaluation.ts';
import { demandOf, type Part, paidOf, readManifest, storePart } from '../../shared/pipeline/plan.ts';
import type { Services } from '../../shared/pipeline/services.ts';
import type { Incentive, Program } from '../../shared/policy/schema.ts';
import { setLimit } from '../../shared/store/budget.ts';
import { readPools } from '../../shared/store/budget-item.ts';
import { memoryPlans } from '../../shared/store/plans.ts';
import type { Run } from '../../shared/store/runs.ts';
import { MOST } from '../../shared/values/sums.ts';
import { merchant, sales } from '../support/facts.ts';
import { amounts, arrive, faultsOf, programOf } from '../support/programs.ts';
import { database, type World } from '../support/world.ts';

const db = database();
const NAME = 'two-levels';

/** Three ladders on one pool; two of them have a limit of their own. By name, the pool comes before them. */
function twoLevels(pool: number, limits: Record<'x' | 'y', number>): Program {
  const ladder = (id: string, limit?: number): Incentive => ({
    id,
    kind: 'event-ladder',
    who: { kinds: ['merchant'] },
    from: '2024-08-01',
    to: '2024-08-31',
    reward: { unit: 'fen', pool: 'gift', ...(limit === undefined ? {} : { limit }) },
    rungs: [{ name: `${id}-1`, atFen: 100, amount: 40 }],
  });
  return programOf({
    program: NAME,
    pools: { gift: { unit: 'fen', limit: pool } },
    incentives: [ladder('x', limits.x), ladder('y', limits.y), ladder('z')],
  });
}

const claimOf = (amount: fc.Arbitrary<number>) =>
  fc.record({
    incentive: fc.constantFrom('x', 'y', 'z'),
    participantId: fc.constantFrom('m-1', 'm-10', 'm-2', 'm-3'),
    earnedOn: fc.constantFrom('2024-08-01', '2024-08-02', '2024-08-03'),
    number: fc.nat(2),
    amount,
  });

/** What is claimed and what there is: a few, or as much as an amount can be. */
const SIZES = [
  {
    size: 'small',
    claim: claimOf(fc.integer({ min: -20, max: 60 })),
    pool: fc.integer({ min: 1, max: 600 }),
    limit: fc.integer({ min: 1, max: 200 }),
  },
  {
    size: 'huge',
    claim: claimOf(fc.oneof(fc.maxSafeNat(), fc.constantFrom(1, MOST, MOST - 1))),
    pool: fc.oneof(fc.constantFrom(MOST, MOST - 1), fc.integer({ min: 1, max: MOST })),
    limit: fc.oneof(fc.constant(MOST), fc.integer({ min: 1, max: MOST })),
  },
];

/** What claims are paid by whoever reads them in order and takes from both purses. */
function naive(
  changes: readonly { participantId: string; change: Change }[],
  pool: number,
  limits: Record<string, number>,
) {
  const left: Record<string, number> = { ...limits, gift: pool };
  const inOrder = changes
    .filter(({ change }) => change.amount > 0)
    .toSorted((x, y) =>
      compareRank(
        { ...x.change, participantId: x.participantId },
        { ...y.change, participantId: y.participantId },
      ),
    );
  return new Map(
    inOrder.map(({ participantId, change }) => {
      const { incentive, amount, occasion } = change;
      const paid = Math.min(amount, left[incentive] ?? amount, left.gift ?? 0);
      left.gift = (left.gift ?? 0) - paid;
      if (left[incentive] !== undefined) left[incentive] -= paid;
      return [`${participantId} ${occasion}`, paid];
    }),
  );
}

describe('limits of incentives below a pool', () => {
  it.each(SIZES)(
    'are cut as a naive reader of the queue would pay from both: $size claims',
    async ({ claim, pool: poolOf, limit }) => {
      await fc.assert(
        fc.asyncProperty(
          fc.uniqueArray(claim, {
            maxLength: 25,
            selector: ({ incentive, participantId, number }) => `${incentive} ${participantId} ${number}`,
          }),
          poolOf,
          fc.record({ x: limit, y: limit }),
          fc.integer({ min: 1, max: 3 }),
          async (claims, pool, limits, shards) => {
            const changes = claims
              .filter(({ amount }) => amount !== 0)
              .map(({ incentive, participantId, earnedOn, number, amount }) => ({
                participantId,
                change: {
                  incentive,
                  occasion: `${incentive}-${number}`,
                  n: 1,
                  kind: 'grant' as const,
                  unit: 'fen' as const,
                  amount,
                  earnedOn,
                  readsFrom: earnedOn,
                  reason: 'earned' as const,
                  evidence: {},
                  policy: 'v1',
                  pool: 'gift',
                  ...(incentive === 'z' ? {} : { limitedBy: incentive }),
                },
              }));
            const plans = memoryPlans();
            const outcomes = await Promise.all(
              Array.from({ length: shards }, async (_, shard): Promise<ShardResult> => {
                const own = changes.filter((_change, index) => index % shards === shard);
                const part: Part = {
                  participants: own.map(({ participantId, change }) => ({
                    participantId,
                    changes: [change],
                  })),
                };
                const hash = await storePart(plans, part);
                const found = { evaluated: 0, changed: 0, failed: 0, failures: [] };
                const none = { count: 0, first: [] };
                return {
                  step: 'first',
                  shard,
                  of: shards,
                  ...(hash === undefined ? {} : { part: hash }),
                  ...found,
                  unknown: none,
                  tooLate: none,
                  tooLarge: none,
                  ...demandOf(part),
                };
              }),
            );
            const services = { plans, catalogue: [twoLevels(pool, limits)] } as unknown as Services;
            const run = { program: NAME, runId: 'r', dryRun: true, fresh: true } as unknown as Run;
            const { cuts, reserved } = await readManifest(
              plans,
              (await allocate(services, run, outcomes)).manifest,
            );
            const expected = naive(changes, pool, limits);
            const paid = changes.map(({ participantId, change }) => [
              `${participantId} ${change.occasion}`,
              paidOf(change, participantId, cuts),
            ]);
            const raised = paid.filter(([, amount]) => Number(amount) >= 0);
            expect(Object.fromEntries(raised.filter(([name]) => expected.has(String(name))))).toEqual(
              Object.fromEntries(expected),
            );
            for (const [node, limit] of Object.entries({ ...limits, gift: pool })) {
              expect(reserved[node] ?? 0).toBeLessThanOrEqual(limit);
              expect(Number.isSafeInteger(reserved[node] ?? 0)).toBe(true);
            }
          },
        ),
        { numRuns: 300 },
      );
    },
  );

  /** Three merchants reach all three ladders, one a day. */
  async function place(pool: number, limits: Record<'x' | 'y', number>): Promise<World> {
    const world = await db.world({ catalogue: [twoLevels(pool, limits)] });
    const facts = ['m-1', 'm-2', 'm-3'].flatMap((by, index) => [
      merchant(by),
      sales(`2024-08-0${index + 1}`, 100, { by }),
    ]);
    await arrive(world, '2024-08-10', ...facts);
    return world;
  }
  const run = { program: NAME, job: 'backfill', from: '2024-08-01' };
  const node = async (world: World, name: string) =>
    (await readPools(world.table, NAME)).find(({ pool }) => pool === name)!;
  const change = async (world: World, name: string, to: number) => {
    const pool = await node(world, name);
    const at = `2024-08-1${to % 10}T00:00:00Z`;
    return setLimit(world.table, NAME, pool, { from: pool.limit, to, by: 'ops', reason: 'test', at });
  };

  it('stop an incentive while its pool pays others, and a raise pays the rest', async () => {
    const world = await place(1_000, { x: 50, y: 200 });
    await world.run({ ...run, to: '2024-08-10' });
    expect(await amounts(world, 'x-1')).toEqual({ 'm-1 x-1': 40, 'm-2 x-1': 10 });
    expect(Object.values({ ...(await amounts(world, 'y-1')), ...(await amounts(world, 'z-1')) })).toEqual(
      Array(6).fill(40),
    );
    expect(await node(world, 'x')).toMatchObject({ limit: 50, left: 0, reserved: 0 });
    expect(await node(world, 'gift')).toMatchObject({ limit: 1_000, left: 1_000 - 290, reserved: 0 });
    expect(await change(world, 'x', 100)).toBe(true);
    await world.run({ ...run, to: '2024-08-10' });
    expect(await amounts(world, 'x-1')).toEqual({ 'm-1 x-1': 40, 'm-2 x-1': 40, 'm-3 x-1': 20 });
    expect((await world.entries()).findLast(({ occasion }) => occasion === 'x-1')).toMatchObject({
      shortfall: 20,
    });
    expect(await faultsOf(world, NAME)).toEqual([]);
  });

  it('return what they reserved when the pool runs short first', async () => {
    const world = await place(60, { x: 100, y: 100 });
    await world.run({ ...run, to: '2024-08-10' });
    expect(await world.ledger()).toEqual(['m-1 two-levels x-1 fen 40', 'm-1 two-levels y-1 fen 20']);
    expect(await node(world, 'x')).toMatchObject({ left: 60, reserved: 0 });
    expect(await node(world, 'y')).toMatchObject({ left: 80, reserved: 0 });
    expect(await node(world, 'gift')).toMatchObject({ left: 0, reserved: 0 });
    expect(await faultsOf(world, NAME)).toEqual([]);
  });

  it('cannot be lowered below what is granted, and can to it; so it is with pools', async () => {
    const world = await place(1_000, { x: 100, y: 200 });
    await world.run({ ...run, to: '2024-08-10' });
    expect(await change(world, 'x', 99)).toBe(false);
    expect(await change(world, 'y', 119)).toBe(false);
    expect(await change(world, 'y', 120)).toBe(true);
    expect(await change(world, 'gift', 339)).toBe(false);
    expect(await change(world, 'gift', 340)).toBe(true);
    expect(await node(world, 'y')).toMatchObject({
      limit: 120,
      left: 0,
      changes: [{ from: 200, to: 120, by: 'ops', reason: 'test' }],
    });
    expect(await faultsOf(world, NAME)).toEqual([]);
  });

  it('have back what is taken back, at both levels', async () => {
    const world = await place(1_000, { x: 50, y: 200 });
    await world.run({ ...run, to: '2024-08-10' });
    await arrive(world, '2024-08-11', sales('2024-08-01', 100, { by: 'm-1', refundedFen: 100, revision: 2 }));
    await world.run({ ...run, to: '2024-08-11' });
    expect(await node(world, 'x')).toMatchObject({ left: 40 });
    await world.run({ ...run, to: '2024-08-11' });
    expect(await amounts(world, 'x-1')).toEqual({ 'm-2 x-1': 40, 'm-3 x-1': 10 });
    expect(await faultsOf(world, NAME)).toEqual([]);
  });
});
