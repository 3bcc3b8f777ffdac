/** Waivers belong to the occasion, and nothing that a machine does late or twice turns back what a person decided. */
import { describe, expect, it } from 'vitest';
import type { Fact } from '../../shared/facts/schema.ts';
import { decideCorrection } from '../../shared/pipeline/corrections.ts';
import { type HeldBy, readHeld } from '../../shared/store/held.ts';
import { CNY, merchant, sales, sanction } from '../support/facts.ts';
import { agencyWith, amounts, arrive, faultsOf, monthEnd, programOf } from '../support/programs.ts';
import { at, diesAfter, nth, stalledAfter, stalledBefore } from '../support/stalls.ts';
import { database, LEASE_MS, PROGRAM, type World } from '../support/world.ts';

const db = database();
const SHARE = { 'a-1 agency-pool/2024-08': 100_000_000 };
const first = sanction('2024-08-31', '2024-09-03', { by: 'a-1' });
const second = sanction('2024-08-01', '2024-08-02', { by: 'a-1' });

/** An agency has its share of August, and then turns out to have been sanctioned. */
async function sanctioned(): Promise<World> {
  const world = await db.world();
  await arrive(world, '2024-08-31', ...agencyWith('a-1', { fen: 10_000 * CNY }));
  await monthEnd(world, '2024-08', 15);
  await arrive(world, '2024-09-20', first);
  await world.daily('2024-09-20');
  expect(await states(world)).toEqual(['waiting']);
  return world;
}

const states = async (world: World) => (await readHeld(world.table, PROGRAM)).map(({ state }) => state);

/** An operator decides, as the command line does it. */
async function decide(world: World, decision: 'approved' | 'rejected', services = world.services) {
  const [held] = await readHeld(world.table, PROGRAM);
  const made = { decision, by: 'ops', reason: 'looked', at: new Date(services.now()).toISOString() };
  return decideCorrection(services, held as HeldBy, made);
}

/** News arrives in the evening, and the nightly run follows. */
async function night(world: World, date: string, ...facts: Fact[]): Promise<void> {
  await arrive(world, date, ...facts);
  await world.daily(date);
}

describe('7. a waiver', () => {
  it('names all sanctions that refused it then: a new one asks again, and is waived by itself', async () => {
    const world = await sanctioned();
    await decide(world, 'rejected');
    await night(world, '2024-09-22', second);
    expect(await states(world), 'the same month and amount, and another cause').toEqual(['waiting']);
    await decide(world, 'rejected');
    await night(world, '2024-09-23', { ...first, reason: 'as before', revision: 2 });
    expect(await states(world)).toEqual(['rejected']);
    expect(await amounts(world, 'agency-pool')).toEqual(SHARE);
    expect(await faultsOf(world)).toEqual([]);
  });

  it('holds while fewer of its causes are left', async () => {
    const world = await sanctioned();
    await night(world, '2024-09-21', second);
    expect((await readHeld(world.table, PROGRAM))[0]?.causes).toEqual([
      'sanction:x-2024-08-01',
      'sanction:x-2024-08-31',
      'sanctioned',
    ]);
    await decide(world, 'rejected');
    await night(world, '2024-09-22', { ...second, withdrawn: true, revision: 2 });
    expect(await states(world)).toEqual(['rejected']);
  });

  it('names reasons too: closing asks again', async () => {
    const world = await sanctioned();
    await decide(world, 'rejected');
    const [agency] = agencyWith('a-1');
    await night(world, '2024-09-22', { ...agency, closedOn: '2024-08-20', revision: 2 } as Fact);
    expect(await states(world)).toEqual(['waiting']);
  });

  /** A month's sales earn a part of them, and lowering that waits for an operator. */
  const careful = programOf({
    program: 'careful',
    pools: { gift: { unit: 'fen', limit: 1_000_000_000 } },
    corrections: { gift: 'hold' },
    incentives: [
      {
        id: 'back',
        kind: 'rebate',
        who: { kinds: ['merchant'] },
        firstMonth: '2024-07',
        reward: { unit: 'fen', pool: 'gift' },
        of: 'net-sales',
        by: 'whole',
        tiers: [{ name: 'all', fromFen: 100, bps: 1_000 }],
        decidedAfterDays: 0,
      },
    ],
  });
  const sold = (fen: number, revision: number) =>
    sales('2024-08-10', 10_000, { refundedFen: 10_000 - fen, revision });

  /** The sales of August are restated to so many fen, and everyone is looked at. */
  async function restated(world: World, date: string, fen: number, revision: number): Promise<void> {
    await arrive(world, date, sold(fen, revision));
    await world.run({ program: 'careful', job: 'backfill', from: '2024-08-01', to: date });
  }
  const back = async (world: World) => {
    const [held] = await readHeld(world.table, 'careful');
    return { state: held?.state, to: held?.to, has: Object.values(await amounts(world, 'back'))[0] };
  };
  async function careless(): Promise<World> {
    const world = await db.world({ catalogue: [careful] });
    await arrive(world, '2024-08-31', merchant());
    await restated(world, '2024-08-31', 8_000, 1);
    return world;
  }
  const reject = async (world: World) => {
    const [held] = await readHeld(world.table, 'careful');
    const made = { decision: 'rejected' as const, by: 'ops', reason: 'x', at: '2024-09-02T00:00:00Z' };
    expect(await decideCorrection(world.services, held as HeldBy, made)).toBe(true);
  };

  it('holds down to the sum that it would have been lowered to, wherever the entry’s number has moved', async () => {
    const world = await careless();
    await restated(world, '2024-09-01', 5_000, 2);
    expect(await back(world)).toEqual({ state: 'waiting', to: 500, has: 800 });
    await reject(world);
    await restated(world, '2024-09-03', 9_000, 3);
    expect(await back(world)).toEqual({ state: 'rejected', to: 500, has: 900 });
    await restated(world, '2024-09-04', 5_000, 4);
    expect(await back(world), 'the number moved, the sum did not').toEqual({
      state: 'rejected',
      to: 500,
      has: 900,
    });
    await restated(world, '2024-09-05', 6_000, 5);
    expect(await back(world)).toEqual({ state: 'rejected', to: 500, has: 900 });
    await restated(world, '2024-09-06', 4_000, 6);
    expect(await back(world), 'lower still').toEqual({ state: 'waiting', to: 400, has: 900 });
    expect(await faultsOf(world, 'careful')).toEqual([]);
  });

  it('that only waits is withdrawn by the run that raises the amount, and cannot be approved', async () => {
    const world = await careless();
    await restated(world, '2024-09-01', 5_000, 2);
    const [stale] = await readHeld(world.table, 'careful');
    await restated(world, '2024-09-03', 9_000, 3);
    expect(await back(world)).toEqual({ state: 'withdrawn', to: 500, has: 900 });
    const made = { decision: 'approved' as const, by: 'ops', reason: 'x', at: '2024-09-04T00:00:00Z' };
    expect(await decideCorrection(world.services, stale as HeldBy, made)).toBe(false);
    await restated(world, '2024-09-05', 9_000, 4);
    expect(await back(world)).toMatchObject({ has: 900 });
  });

  it('is asked for once: what was approved is no approval of the next lowering of the same amount', async () => {
    const world = await careless();
    await restated(world, '2024-09-01', 5_000, 2);
    const [held] = await readHeld(world.table, 'careful');
    const made = { decision: 'approved' as const, by: 'ops', reason: 'x', at: '2024-09-02T00:00:00Z' };
    expect(await decideCorrection(world.services, held as HeldBy, made)).toBe(true);
    await restated(world, '2024-09-03', 5_000, 3);
    expect(await back(world)).toMatchObject({ state: 'approved', has: 500 });
    await restated(world, '2024-09-04', 8_000, 4);
    await restated(world, '2024-09-05', 5_000, 5);
    expect(await back(world)).toEqual({ state: 'waiting', to: 500, has: 800 });
  });
});

describe('21. a plan that is applied late or again', () => {
  it.each(['approved', 'rejected'] as const)('turns nothing back that was %s meanwhile', async (decision) => {
    const world = await sanctioned();
    await arrive(world, '2024-09-22', second);
    world.at('2024-09-23', '04:30');
    // The run stalls at the very write that would put the lowering up with its new cause.
    const services = stalledBefore(world, at('update', ' HELD#'), async () => {
      expect(await decide(world, decision)).toBe(true);
    });
    await world.run({ job: 'daily', scheduledAt: '2024-09-23T04:30:00+08:00' }, { services });
    expect(await states(world)).toEqual([decision]);
    // It is due again, for whether the new cause has to wait is asked again.
    await world.daily('2024-09-23');
    expect(await states(world)).toEqual(['waiting']);
    expect((await readHeld(world.table, PROGRAM))[0]?.log).toMatchObject([{ decision }]);
  });

  it('by a successor puts the same lowering up once', async () => {
    const world = await db.world();
    await arrive(world, '2024-08-31', ...agencyWith('a-1', { fen: 10_000 * CNY }));
    await monthEnd(world, '2024-08', 15);
    await arrive(world, '2024-09-20', first);
    world.at('2024-09-21', '04:30');
    const services = stalledAfter(world, at('update', ' HELD#'), async () => {
      expect(await decide(world, 'rejected')).toBe(true);
      world.wait(LEASE_MS);
      await world.run({ job: 'daily', to: '2024-09-21' });
    });
    await world.run({ job: 'daily', scheduledAt: '2024-09-21T04:30:00+08:00' }, { services }).catch(() => {});
    expect(await states(world)).toEqual(['rejected']);
    expect(await amounts(world, 'agency-pool')).toEqual(SHARE);
  });
});

describe('22. an approval beside the nightly run', () => {
  const paidBack = async (world: World) => {
    expect(await amounts(world, 'agency-pool')).toEqual({});
    expect(await faultsOf(world)).toEqual([]);
  };

  it.each([1, 2, 3, 4])(
    'is written by the next run, when the run passes at write %i of it',
    async (write) => {
      const world = await sanctioned();
      world.at('2024-09-22', '04:20');
      const any = nth(write, ({ verb }) => verb === 'put-all' || verb === 'update');
      const services = stalledBefore(world, any, async () => {
        await world.daily('2024-09-21');
      });
      await decide(world, 'approved', services);
      await world.daily('2024-09-22');
      await paidBack(world);
    },
  );

  it.each([1, 2, 3, 4])('that dies after write %i can be given again, and then is written', async (write) => {
    const world = await sanctioned();
    world.at('2024-09-22', '04:20');
    const any = nth(write, ({ verb }) => verb === 'put-all' || verb === 'update');
    await decide(world, 'approved', diesAfter(world, any)).catch(() => {});
    await world.daily('2024-09-21');
    expect(await decide(world.at('2024-09-22', '12:00'), 'approved')).toBe(true);
    await world.daily('2024-09-22');
    await paidBack(world);
  });

  it('of a table whose runs are of long ago is met by the next of them', async () => {
    const world = await sanctioned();
    world.at('2025-06-01');
    expect(await decide(world, 'approved')).toBe(true);
    await world.run({ job: 'daily', to: '2024-09-21' });
    await paidBack(world);
  });
});
