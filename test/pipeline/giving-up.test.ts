/** A program always goes on: runs whose plan is gone are given up, and the budget is made equal to the ledger. */
import { describe, expect, it } from 'vitest';
import { abandonByHand } from '../../shared/pipeline/abandon.ts';
import { recount } from '../../shared/pipeline/recount.ts';
import { resumeRun } from '../../shared/pipeline/run-here.ts';
import { WRITER_LIFE_MS } from '../../shared/runtime/services.ts';
import { readControl } from '../../shared/store/control.ts';
import { deleteItem, updateIf } from '../../shared/store/items.ts';
import { readRun } from '../../shared/store/runs.ts';
import { keys } from '../../shared/store/table.ts';
import { CNY, merchant, sales, session } from '../support/facts.ts';
import { faultsOf, only } from '../support/programs.ts';
import { at, diesAfter } from '../support/stalls.ts';
import { database, grantedFrom, LEASE_MS, PROGRAM, type World } from '../support/world.ts';

const db = database();
const DAILY = { job: 'daily', to: '2024-08-02' };
const BY = { by: 'ops', reason: 'its plan was deleted' };
const LIMIT = 100_000_000_000;

/** A run that died after its first entry of 80,000 exposures in four. */
async function deadInApplying(): Promise<World> {
  const world = (await db.world({ shards: 1, buckets: 1, catalogue: [only('new-host')] })).at('2024-08-02');
  await world.ingest([merchant(), session('2024-08-01'), sales('2024-08-01', 5_000 * CNY)], '2024-08-02');
  const services = diesAfter(world, at('put-if-absent', '#w1/growth-2#'));
  await expect(world.run(DAILY, { runId: 'dead', services })).rejects.toThrow('the process died');
  return world.wait(LEASE_MS);
}

/** Its plan is deleted: the manifest, or only a part of it. */
async function losePlan(world: World, what: 'manifest' | 'part'): Promise<void> {
  const { manifest = '' } = await readControl(world.table, PROGRAM);
  const { parts } = JSON.parse(await world.services.plans.get(manifest)) as { parts: string[] };
  const hash = what === 'manifest' ? manifest : parts[0]!;
  await deleteItem(world.table, keys.planPart(hash, 0));
}

describe('13. a run whose plan is gone', () => {
  it('is not taken over: every later run says how to give it up, and changes nothing', async () => {
    const world = await deadInApplying();
    await losePlan(world, 'manifest');
    const before = await readControl(world.table, PROGRAM);
    await expect(world.run(DAILY, { runId: 'next' })).rejects.toThrow(
      /run dead had begun to apply, and its plan cannot be read .*hongbao runs abandon dead --program treasure-host --reason TEXT/,
    );
    await expect(resumeRun(world.services, PROGRAM, 'dead', 'x')).rejects.toThrow(
      /hongbao runs abandon dead/,
    );
    expect(await readControl(world.table, PROGRAM)).toEqual(before);
  });

  it('is not taken for gone where it cannot be read just now', async () => {
    const world = await deadInApplying();
    const services = {
      ...world.services,
      plans: { ...world.services.plans, get: () => Promise.reject(new Error('slow down')) },
    };
    const before = await readControl(world.table, PROGRAM);
    await expect(abandonByHand(services, PROGRAM, 'dead', BY)).rejects.toThrow('slow down');
    expect(await readControl(world.table, PROGRAM)).toEqual(before);
  });

  it.each(['manifest', 'part'] as const)(
    'is given up when its %s cannot be read: shown first, on the record, and what it reserved stays so',
    async (what) => {
      const world = await deadInApplying();
      await losePlan(world, what);
      const before = await readControl(world.table, PROGRAM);
      const shown = { runId: 'dead', state: 'applying', staysReserved: { exposure: 80_000 } };
      expect(await abandonByHand(world.services, PROGRAM, 'dead')).toEqual(shown);
      expect(await readControl(world.table, PROGRAM)).toEqual(before);
      expect(await abandonByHand(world.services, PROGRAM, 'dead', BY)).toEqual(shown);
      expect(await readRun(world.table, PROGRAM, 'dead')).toMatchObject({
        state: 'abandoned',
        failure: 'given up by ops: its plan was deleted',
      });
      await world.run(DAILY, { runId: 'next' });
      expect(grantedFrom(await world.entries())).toBe(80_000);
      const granted = (await world.entries()).filter(
        ({ runId, pool }) => runId === 'dead' && pool !== undefined,
      );
      const already = granted.reduce((sum, { amount }) => sum + amount, 0);
      expect(await world.pool()).toMatchObject({ reserved: 80_000, left: LIMIT - 160_000 + already });
    },
  );

  it('is never given up while its plan can be read, or while it may be alive, or when it is another', async () => {
    const world = await deadInApplying();
    await expect(abandonByHand(world.services, PROGRAM, 'dead', BY)).rejects.toThrow(
      'whose plan can be read; allowed: a run whose plan or reservation is gone. Finish this one with hongbao runs resume dead',
    );
    await expect(abandonByHand(world.services, PROGRAM, 'other', BY)).rejects.toThrow(
      'run: got "other"; allowed: the run that holds treasure-host, dead',
    );
    await losePlan(world, 'manifest');
    await expect(abandonByHand(world.wait(-LEASE_MS).services, PROGRAM, 'dead', BY)).rejects.toThrow(
      /is held by run dead/,
    );
  });

  it('or whose reservation is gone, so that it can never be settled, is given up too', async () => {
    const world = await deadInApplying();
    const { planEpoch } = await readControl(world.table, PROGRAM);
    await updateIf(world.table, keys.budget(PROGRAM), {
      update: 'REMOVE #reserved',
      condition: 'attribute_exists(pk)',
      names: { '#reserved': `reserved#${planEpoch}` },
    });
    await expect(world.run(DAILY, { runId: 'next' })).rejects.toThrow(/was never settled/);
    await abandonByHand(world.wait(LEASE_MS).services, PROGRAM, 'dead', BY);
    await world.run(DAILY, { runId: 'after' });
    await recount(world.wait(WRITER_LIFE_MS).services, world.services.catalogue[0]!, 'recount-1', BY);
    expect(await faultsOf(world)).toEqual([]);
  });

  it('that had not begun to apply is given up without loss', async () => {
    const world = (await db.world({ shards: 1, buckets: 1 })).at('2024-08-02');
    await world.ingest([merchant(), session('2024-08-01')], '2024-08-02');
    const services = diesAfter(world, at('range', 'P#m-1'));
    await expect(world.run(DAILY, { runId: 'dead', services })).rejects.toThrow();
    await abandonByHand(world.wait(LEASE_MS).services, PROGRAM, 'dead', BY);
    expect(await readRun(world.table, PROGRAM, 'dead')).toMatchObject({ state: 'abandoned' });
    await world.run(DAILY);
    expect(await faultsOf(world)).toEqual([]);
  });

  it('is finished although its record is gone: the control item knows the run', async () => {
    const world = await deadInApplying();
    await deleteItem(world.table, keys.run(PROGRAM, 'dead'));
    await world.run(DAILY, { runId: 'next' });
    expect(await readRun(world.table, PROGRAM, 'dead')).toMatchObject({
      state: 'closed',
      requestedBy: 'test',
    });
    expect(await faultsOf(world)).toEqual([]);
  });
});

describe('12. an entry that the table would never take', () => {
  it('fails its participant by name, who is due again; the plan goes on, and the pool keeps what it did not get', async () => {
    const world = (await db.world({ shards: 1, buckets: 1, catalogue: [only('new-host')] })).at('2024-08-02');
    const facts = ['m-1', 'm-2'].flatMap((by) => [merchant(by), session('2024-08-01', { by })]);
    await world.ingest(facts, '2024-08-02');
    const services = world.around(async (call, send) => {
      if (at('put-if-absent', 'P#m-1 GRANT#treasure-host#w1/cold-1')(call))
        throw Object.assign(new Error('Item size has exceeded the maximum'), { name: 'ValidationException' });
      return send();
    });
    expect(await world.run(DAILY, { services })).toMatchObject({
      summary: { failed: 1, failures: ['m-1: w1/cold-1: Item size has exceeded the maximum'], entries: 5 },
    });
    expect(await world.pool()).toMatchObject({ left: LIMIT - 20_000, reserved: 0 });
    expect(await world.at('2024-08-03').run({ job: 'daily', to: '2024-08-03' })).toMatchObject({
      summary: { entries: 1 },
    });
    expect(await faultsOf(world)).toEqual([]);
  });
});

describe('13. a recount', () => {
  const counted = (world: World, decision?: typeof BY) =>
    recount(world.services, world.services.catalogue[0]!, 'recount-1', decision);

  it('waits until no writer of a run that was given up can be alive, and then frees what it had reserved', async () => {
    const world = await deadInApplying();
    await losePlan(world, 'manifest');
    await abandonByHand(world.services, PROGRAM, 'dead', BY);
    await world.run(DAILY, { runId: 'next' });
    await expect(counted(world, BY)).rejects.toThrow(
      /a writer of a run that was given up may still be alive; allowed: from 2024-08-03T/,
    );
    world.wait(WRITER_LIFE_MS);
    const granted = grantedFrom(await world.entries());
    expect(await counted(world)).toMatchObject([
      {},
      {},
      { pool: 'exposure', reserved: 80_000, granted: BigInt(granted) },
    ]);
    expect(await world.pool(), 'only shown').toMatchObject({ reserved: 80_000 });
    await counted(world, BY);
    expect(await world.pool()).toMatchObject({
      reserved: 0,
      left: LIMIT - granted,
      changes: [{ recount: true, to: LIMIT - granted, by: 'ops', reason: 'its plan was deleted' }],
    });
    expect(await readControl(world.table, PROGRAM)).not.toHaveProperty('givenUp');
    await world.run({ ...DAILY, to: '2024-08-03' });
    expect(await faultsOf(world)).toEqual([]);
  });

  it('mends a pool that says something else than the ledger, exactly', async () => {
    const world = await deadInApplying();
    await world.run(DAILY, { runId: 'next' });
    await updateIf(world.table, keys.budget(PROGRAM), {
      update: 'SET #left = :left',
      condition: 'attribute_exists(pk)',
      names: { '#left': 'left#exposure' },
      values: { ':left': 7 },
    });
    expect(await faultsOf(world)).toHaveLength(1);
    await counted(world, BY);
    expect(await world.pool()).toMatchObject({ left: LIMIT - grantedFrom(await world.entries()) });
    expect(await faultsOf(world)).toEqual([]);
  });

  it('is refused while a run is alive, and before one that died is finished', async () => {
    const world = await deadInApplying();
    await expect(counted(world, BY)).rejects.toThrow(
      'run dead of treasure-host died while it applied; allowed: once it is finished (hongbao runs resume dead)',
    );
    await expect(counted(world.wait(-LEASE_MS), BY)).rejects.toThrow(/is held by run dead/);
  });

  it('fences out a run that stalled before it: that run reserves nothing late', async () => {
    const world = await deadInApplying();
    await world.run(DAILY, { runId: 'next' });
    await world.ingest([merchant('m-2'), session('2024-08-01', { by: 'm-2' })], '2024-08-02');
    let updates = 0;
    const services = world.around(async (call, send) => {
      if (at('update', ' BUDGET')(call) && ++updates === 2) {
        world.wait(LEASE_MS);
        await counted(world, BY);
      }
      return send();
    });
    await expect(world.run(DAILY, { runId: 'slow', services })).rejects.toThrow(/overtaken/);
    await world.run(DAILY, { runId: 'last' });
    expect(await faultsOf(world)).toEqual([]);
  });
});
