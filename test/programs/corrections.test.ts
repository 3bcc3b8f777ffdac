/** How a lowering happens: at once, when an operator approves, or never. */
import { describe, expect, it } from 'vitest';
import type { Fact } from '../../shared/facts/schema.ts';
import { markDue } from '../../shared/store/due.ts';
import { decideHeld, readHeld } from '../../shared/store/held.ts';
import { addDays } from '../../shared/values/calendar.ts';
import { CNY, merchant, sales, sanction } from '../support/facts.ts';
import { agencyWith, amounts, arrive, faultsOf, monthEnd, programOf } from '../support/programs.ts';
import { database, PROGRAM, type World } from '../support/world.ts';

const db = database();
const SHARE = { 'a-1 agency-pool/2024-08': 100_000_000 };
const OCCASION = 'agency-pool/2024-08';

/** Two agencies have their shares of August; one of them turns out to have been sanctioned. */
async function sanctioned(...more: Fact[]): Promise<World> {
  const world = await db.world();
  await arrive(world, '2024-08-31', ...agencyWith('a-1', { fen: 10_000 * CNY }));
  await monthEnd(world, '2024-08', 15);
  expect(await amounts(world, 'agency-pool')).toEqual(SHARE);
  await arrive(world, '2024-09-20', sanction('2024-08-31', '2024-09-03', { by: 'a-1' }), ...more);
  await world.daily('2024-09-20');
  return world;
}

async function held(world: World) {
  return (await readHeld(world.table, PROGRAM)).map(({ participantId, change, state }) => ({
    participantId,
    occasion: change.occasion,
    amount: change.amount,
    reason: change.reason,
    state,
  }));
}

/** An operator decides, as the command line does it. */
async function decideOn(world: World, decision: 'approved' | 'rejected', at = '2024-09-21T02:00:00Z') {
  const waiting = (await readHeld(world.table, PROGRAM)).find(({ state }) => state === 'waiting')!;
  expect(await decideHeld(world.table, waiting, { decision, by: 'ops', reason: 'looked', at })).toBe(true);
  await markDue(world.table, '2024-09-21', [waiting.participantId], world.services.now());
}

/** Entries that a run of everyone would write now. */
async function planned(world: World, asOf: string) {
  world.at(addDays(asOf, 1), '05:00');
  const outcome = await world.run({ job: 'backfill', from: '2024-08-01', to: asOf, dryRun: true });
  if (outcome.outcome !== 'done') throw new Error(outcome.outcome);
  const { entries, held: put = 0 } = outcome.summary;
  return { entries, held: put };
}

describe('a lowering of cash', () => {
  it('waits for an operator: the share stays, and planning again is empty', async () => {
    const world = await sanctioned();
    expect(await amounts(world, 'agency-pool')).toEqual(SHARE);
    const waiting = [
      {
        participantId: 'a-1',
        occasion: OCCASION,
        amount: -100_000_000,
        reason: 'sanctioned',
        state: 'waiting',
      },
    ];
    expect(await held(world)).toEqual(waiting);
    await world.daily('2024-09-21');
    await monthEnd(world, '2024-09');
    expect(await held(world)).toEqual(waiting);
    expect(await planned(world, '2024-09-30')).toEqual({ entries: 0, held: 0 });
    expect(await amounts(world, 'agency-pool')).toEqual(SHARE);
    expect(await faultsOf(world)).toEqual([]);
  });

  it('is written by the next run once it is approved, in the name of who did, and the pool has it back', async () => {
    const world = await sanctioned();
    await decideOn(world, 'approved');
    await world.daily('2024-09-21');
    expect(await amounts(world, 'agency-pool')).toEqual({});
    expect((await world.entries()).findLast(({ occasion }) => occasion === OCCASION)).toMatchObject({
      n: 2,
      kind: 'adjustment',
      amount: -100_000_000,
      reason: 'sanctioned',
      evidence: { sanction: 'x-2024-08-31', approvedBy: 'ops' },
    });
    const { limit, left } = await world.pool('cash');
    expect(left).toBe(limit);
    await monthEnd(world, '2024-09');
    expect(await planned(world, '2024-09-30')).toEqual({ entries: 0, held: 0 });
    expect(await faultsOf(world)).toEqual([]);
  });

  it('is waived once it is rejected: the share stays for good, and planning again is empty', async () => {
    const world = await sanctioned();
    await decideOn(world, 'rejected');
    await world.daily('2024-09-21');
    await monthEnd(world, '2024-09');
    expect(await amounts(world, 'agency-pool')).toEqual(SHARE);
    expect(await held(world)).toMatchObject([{ state: 'rejected' }]);
    expect(await planned(world, '2024-09-30')).toEqual({ entries: 0, held: 0 });
    expect(await faultsOf(world)).toEqual([]);
  });

  it('is withdrawn with the sanction it rests on, and waits again when that comes back', async () => {
    const world = await sanctioned();
    const sanction2 = sanction('2024-08-31', '2024-09-03', { by: 'a-1', withdrawn: true, revision: 2 });
    await arrive(world, '2024-09-22', sanction2);
    await world.daily('2024-09-22');
    expect(await held(world)).toMatchObject([{ state: 'withdrawn' }]);
    expect(await planned(world, '2024-09-23')).toEqual({ entries: 0, held: 0 });
    await arrive(world, '2024-09-24', { ...sanction2, withdrawn: false, revision: 3 });
    await world.daily('2024-09-24');
    expect(await held(world)).toMatchObject([{ state: 'waiting' }]);
    expect(await amounts(world, 'agency-pool')).toEqual(SHARE);
  });

  it('approved and then no longer due is not written; the share stays', async () => {
    const world = await sanctioned();
    await decideOn(world, 'approved');
    await arrive(
      world,
      '2024-09-21',
      sanction('2024-08-31', '2024-09-03', { by: 'a-1', withdrawn: true, revision: 2 }),
    );
    await world.daily('2024-09-21');
    expect(await amounts(world, 'agency-pool')).toEqual(SHARE);
    expect(await planned(world, '2024-09-22')).toEqual({ entries: 0, held: 0 });
  });

  it('of what was given back after an approval is paid again when the sanction is withdrawn', async () => {
    const world = await sanctioned();
    await decideOn(world, 'approved');
    await world.daily('2024-09-21');
    await arrive(
      world,
      '2024-09-22',
      sanction('2024-08-31', '2024-09-03', { by: 'a-1', withdrawn: true, revision: 2 }),
    );
    await world.daily('2024-09-22');
    expect(await amounts(world, 'agency-pool')).toEqual(SHARE);
    expect((await world.entries()).filter(({ occasion }) => occasion === OCCASION)).toMatchObject([
      { n: 1, amount: 100_000_000 },
      { n: 2, amount: -100_000_000 },
      { n: 3, amount: 100_000_000, kind: 'adjustment' },
    ]);
  });
});

describe('a lowering of exposures', () => {
  it('is written at once', async () => {
    const world = await db.world();
    await arrive(world, '2024-08-31', merchant(), sales('2024-08-10', 10_000 * CNY));
    await world.daily('2024-08-31');
    await arrive(world, '2024-09-01', sales('2024-08-10', 10_000 * CNY, { refundedFen: 1, revision: 2 }));
    await world.daily('2024-09-01');
    expect(await held(world)).toEqual([]);
    expect((await world.entries()).map(({ amount, reason }) => [amount, reason])).toEqual([
      [10_000, 'earned'],
      [-10_000, 'refunded'],
    ]);
  });
});

describe('a policy that never lowers', () => {
  const generous = programOf({
    program: 'generous',
    pools: { gift: { unit: 'fen', limit: 1_000_000 } },
    corrections: { gift: 'never' },
    incentives: [
      {
        id: 'gift',
        kind: 'milestone',
        who: { kinds: ['merchant'] },
        every: 'month',
        firstFrom: '2024-07-01',
        reward: { unit: 'fen', pool: 'gift' },
        rungs: [
          { name: 'small', atFen: 1_000, amount: 10 },
          { name: 'large', atFen: 2_000, amount: 50 },
        ],
      },
    ],
  });
  const run = { program: 'generous', job: 'backfill', from: '2024-08-01' };

  it('leaves what refunds no longer earn, and still raises', async () => {
    const world = await db.world({ catalogue: [generous] });
    await arrive(world, '2024-08-31', merchant(), sales('2024-08-10', 1_000));
    await world.run({ ...run, to: '2024-08-31' });
    await arrive(world, '2024-09-02', sales('2024-08-10', 1_000, { refundedFen: 1_000, revision: 2 }));
    expect(await world.run({ ...run, to: '2024-09-02' })).toMatchObject({ summary: { entries: 0, held: 0 } });
    expect(await amounts(world, 'gift')).toEqual({ 'm-1 gift/small': 10 });
    expect(await readHeld(world.table, 'generous')).toEqual([]);
    await arrive(world, '2024-09-30', sales('2024-09-10', 2_000));
    await world.run({ ...run, to: '2024-09-30' });
    expect(await amounts(world, 'gift')).toEqual({ 'm-1 gift/large': 50, 'm-1 gift/small': 10 });
    expect(await faultsOf(world, 'generous')).toEqual([]);
  });
});
