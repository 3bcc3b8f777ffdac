/** The control item: one writer at a time, and one who was overtaken changes nothing. */
import { describe, expect, it } from 'vitest';
import {
  abandon,
  acquire,
  type Control,
  close,
  endLease,
  type Hold,
  isHeld,
  readControl,
  startApplying,
  takeOver,
} from '../../shared/store/control.ts';
import type { Run } from '../../shared/store/runs.ts';
import type { Table } from '../../shared/store/table.ts';
import { Crash, faulty } from '../support/faults.ts';
import { database, PROGRAM } from '../support/world.ts';

const db = database();
const LEASE_MS = 1_000;

const control = (table: Table) => readControl(table, PROGRAM);

/** Acquires as of what is read now, unless something else was seen. */
async function take(
  table: Table,
  runId: string,
  nowMs = 0,
  { seen, opener = runId }: { seen?: Control; opener?: string } = {},
) {
  const known = seen ?? (await control(table));
  const hold = { program: PROGRAM, runId, epoch: known.epoch + 1 };
  const run = { ...hold, planEpoch: hold.epoch } as Run;
  return (await acquire(table, hold, known, { opener, nowMs, leaseMs: LEASE_MS }, run)) ? hold : undefined;
}

async function held(table: Table, runId: string, nowMs = 0): Promise<Hold> {
  const hold = await take(table, runId, nowMs);
  if (hold === undefined) throw new Error(`${runId} did not get the program`);
  return hold;
}

const closing = {
  watermark: '2024-08-01',
  closedAsOf: '2024-08-01',
  decidedThrough: undefined,
  policy: 'hash',
  raises: undefined,
  nowMs: 5,
};
const taking = (nowMs: number, opener = 'x') => ({ opener, nowMs, leaseMs: LEASE_MS });

describe('a writer', () => {
  it('takes a program that never ran, plans, applies and closes', async () => {
    const { table } = await db.world();
    expect(await control(table)).toMatchObject({ epoch: 0, state: 'idle' });
    const hold = await held(table, 'a');
    expect(await control(table)).toMatchObject({
      epoch: 1,
      state: 'planning',
      writer: 'a',
      leaseUntil: LEASE_MS,
    });
    expect(await startApplying(table, hold, 'plan')).toBe(true);
    expect(await control(table)).toMatchObject({ state: 'applying', manifest: 'plan' });
    expect(await close(table, hold, closing)).toBe(true);
    const closed = await control(table);
    expect(closed).toMatchObject({
      state: 'idle',
      watermark: '2024-08-01',
      closedAsOf: '2024-08-01',
      lastClosed: 'a',
    });
    expect(closed).not.toHaveProperty('writer');
    expect(closed).not.toHaveProperty('manifest');
  });

  it.each(['never ran', 'ran before'])(
    'is one of many that ask at once for a program that %s',
    async (when) => {
      const { table } = await db.world();
      if (when === 'ran before') await abandon(table, await held(table, 'z'), []);
      const seen = await control(table);
      const runs = Array.from({ length: 10 }, (_, index) => `r${index}`);
      const holds = (await Promise.all(runs.map((run) => take(table, run, 0, { seen })))).filter(Boolean);
      expect(holds).toHaveLength(1);
      expect(await control(table)).toMatchObject({ writer: holds[0]?.runId, epoch: seen.epoch + 1 });
    },
  );

  it('is one start of a schedule that fires twice: both have one run id, one gets the program', async () => {
    const { table } = await db.world();
    const seen = await control(table);
    const starts = ['x', 'y'].map((opener) => take(table, 'daily', 0, { seen, opener }));
    expect((await Promise.all(starts)).filter(Boolean)).toHaveLength(1);
  });

  it('whose answer was lost gets the program when it asks again', async () => {
    const { table } = await db.world();
    const { client } = faulty(table.client, 'unheard', 1);
    const seen = await control(table);
    await expect(take({ ...table, client }, 'a', 0, { seen })).rejects.toThrow(Crash);
    expect(await take(table, 'a', 0, { seen })).toMatchObject({ runId: 'a', epoch: 1 });
    expect(await take(table, 'b', 0, { seen })).toBeUndefined();
  });

  it('24. that took a dead run over is answered again when its answer was lost, and nobody else is', async () => {
    const { table } = await db.world();
    await startApplying(table, await held(table, 'a'), 'plan');
    const seen = await control(table);
    const { client } = faulty(table.client, 'unheard', 1);
    await expect(takeOver({ ...table, client }, PROGRAM, seen, taking(LEASE_MS))).rejects.toThrow(Crash);
    expect(await takeOver(table, PROGRAM, seen, taking(LEASE_MS))).toMatchObject({ runId: 'a', epoch: 2 });
    expect(await takeOver(table, PROGRAM, seen, taking(LEASE_MS, 'y'))).toBeUndefined();
  });

  it('20. that saw the program before another closed does not get it, and its dates do not go back', async () => {
    const { table } = await db.world();
    const seen = await control(table);
    const hold = await held(table, 'a');
    const stale = await control(table);
    await startApplying(table, hold, 'plan');
    await close(table, hold, closing);
    expect(await take(table, 'b', LEASE_MS, { seen })).toBeUndefined();
    expect(await take(table, 'b', LEASE_MS, { seen: stale })).toBeUndefined();
    expect(await take(table, 'b', LEASE_MS)).toMatchObject({ epoch: 3 });
  });

  it('that displaces a dead one names it in the same update', async () => {
    const { table } = await db.world();
    await held(table, 'a');
    await take(table, 'b', LEASE_MS);
    expect(await control(table)).toMatchObject({
      writer: 'b',
      displaced: [{ run: { runId: 'a' }, failure: 'its lease ended while it was planning' }],
    });
  });

  it('is not disturbed while it is taken to be alive, and can be replaced to the millisecond after', async () => {
    const { table } = await db.world();
    await held(table, 'a');
    expect(isHeld(await control(table), LEASE_MS - 1)).toBe(true);
    expect(await take(table, 'b', LEASE_MS - 1)).toBeUndefined();
    expect(isHeld(await control(table), LEASE_MS)).toBe(false);
    expect(await take(table, 'b', LEASE_MS)).toMatchObject({ runId: 'b', epoch: 2 });
  });

  it('that declares itself dead is replaced at once', async () => {
    const { table } = await db.world();
    await endLease(table, await held(table, 'a'));
    expect(await take(table, 'b', 1)).toMatchObject({ runId: 'b' });
  });
});

describe('a writer that was overtaken', () => {
  it('changes nothing: not by moving on, closing, giving up or ending its lease', async () => {
    const { table } = await db.world();
    const stale = await held(table, 'a');
    const hold = await held(table, 'b', LEASE_MS);
    const before = await control(table);
    expect(await startApplying(table, stale, 'plan')).toBe(false);
    expect(await close(table, stale, closing)).toBe(false);
    expect(await abandon(table, stale, [])).toBe(false);
    expect(await endLease(table, stale)).toBe(false);
    expect(await control(table)).toEqual(before);
    await startApplying(table, hold, 'plan');
    expect(await close(table, stale, closing)).toBe(false);
    expect(await control(table)).toMatchObject({ state: 'applying', writer: 'b' });
  });

  it('changes nothing either when its successor has its run id', async () => {
    const { table } = await db.world();
    const stale = await held(table, 'a');
    await take(table, 'a', LEASE_MS, { opener: 'again' });
    expect(await startApplying(table, stale, 'plan')).toBe(false);
    expect(await abandon(table, stale, [])).toBe(false);
    expect(await control(table)).toMatchObject({ state: 'planning', epoch: 2 });
  });
});

describe('a plan that is being applied', () => {
  it('is named once: the same name again is success, another is not', async () => {
    const { table } = await db.world();
    const hold = await held(table, 'a');
    await startApplying(table, hold, 'plan');
    expect(await startApplying(table, hold, 'plan')).toBe(true);
    expect(await startApplying(table, hold, 'other')).toBe(false);
    expect(await control(table)).toMatchObject({ manifest: 'plan' });
  });

  it('is not thrown away: a dead writer of one is taken over in its name, and only after its lease', async () => {
    const { table } = await db.world();
    await startApplying(table, await held(table, 'a'), 'plan');
    expect(await abandon(table, { program: PROGRAM, runId: 'a', epoch: 1 }, [])).toBe(false);
    expect(await take(table, 'b', LEASE_MS)).toBeUndefined();
    const seen = await control(table);
    expect(await takeOver(table, PROGRAM, seen, taking(LEASE_MS - 1))).toBeUndefined();
    const both = [taking(LEASE_MS), taking(LEASE_MS, 'y')].map((when) =>
      takeOver(table, PROGRAM, seen, when),
    );
    const won = (await Promise.all(both)).filter(Boolean);
    expect(won).toEqual([{ program: PROGRAM, runId: 'a', epoch: 2 }]);
    expect(await control(table)).toMatchObject({ writer: 'a', manifest: 'plan', state: 'applying' });
  });

  it('cannot be taken over while a run plans', async () => {
    const { table } = await db.world();
    await held(table, 'a');
    expect(await takeOver(table, PROGRAM, await control(table), taking(LEASE_MS))).toBeUndefined();
  });

  it('is closed once: closing again is success', async () => {
    const { table } = await db.world();
    const hold = await held(table, 'a');
    await startApplying(table, hold, 'plan');
    expect([await close(table, hold, closing), await close(table, hold, closing)]).toEqual([true, true]);
  });

  it('that looked at a few leaves the watermark where it was', async () => {
    const { table } = await db.world();
    const hold = await held(table, 'a');
    await startApplying(table, hold, 'plan');
    await close(table, hold, { ...closing, watermark: undefined });
    expect(await control(table)).not.toHaveProperty('watermark');
  });
});
