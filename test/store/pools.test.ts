/** Pools: what is granted and reserved never passes the limit, whoever asks at once and however often. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findProgram } from '../../shared/policy/catalogue.ts';
import {
  ensurePools,
  type Pool,
  readPools,
  releaseAll,
  reserve,
  setLimit,
  settle,
} from '../../shared/store/pools.ts';
import type { Table } from '../../shared/store/table.ts';
import { database, PROGRAM } from '../support/world.ts';

const db = database();

/** A table with a pool of exposures at a limit. */
async function poolOf(limit: number): Promise<Table> {
  const { table } = await db.world();
  const program = findProgram(PROGRAM);
  await ensurePools(table, {
    ...program,
    pools: { ...program.pools, exposure: { unit: 'exposure', limit } },
  });
  return table;
}

async function read(table: Table): Promise<Pool> {
  const pool = (await readPools(table, PROGRAM)).find((one) => one.pool === 'exposure');
  if (pool === undefined) throw new Error('no pool');
  return pool;
}

const take = (table: Table, run: string, amount: number) => reserve(table, PROGRAM, 'exposure', run, amount);
const end = (table: Table, run: string, reserved: number, used: number, lowered = 0) =>
  settle(table, PROGRAM, 'exposure', run, { reserved, used, lowered });

describe('a pool', () => {
  it('is made once: making it again does not fill it', async () => {
    const table = await poolOf(100);
    await take(table, 'a', 60);
    await ensurePools(table, findProgram(PROGRAM));
    expect(await read(table)).toMatchObject({ limit: 100, left: 40 });
  });

  it('reserves what is left to the unit, and not one more', async () => {
    const table = await poolOf(100);
    expect(await take(table, 'a', 101)).toBe(false);
    expect(await take(table, 'a', 100)).toBe(true);
    expect(await take(table, 'b', 1)).toBe(false);
    expect(await take(table, 'c', 0)).toBe(true);
    expect(await read(table)).toMatchObject({ left: 0, reservations: { a: 100, c: 0 } });
  });

  it('reserves once for a run: the same again is success, another amount is not', async () => {
    const table = await poolOf(100);
    expect([await take(table, 'a', 60), await take(table, 'a', 60), await take(table, 'a', 10)]).toEqual([
      true,
      true,
      false,
    ]);
    expect(await read(table)).toMatchObject({ left: 40 });
  });

  it('settles once: what was not used and what was taken back returns', async () => {
    const table = await poolOf(100);
    await take(table, 'a', 60);
    for (let time = 0; time < 3; time++) await end(table, 'a', 60, 50, 5);
    expect(await read(table)).toMatchObject({ left: 100 - 50 + 5, reservations: {} });
  });

  it('knows by a reservation of nothing whether a lowering was settled', async () => {
    const table = await poolOf(100);
    await take(table, 'a', 60);
    await end(table, 'a', 60, 60);
    await take(table, 'b', 0);
    for (let time = 0; time < 2; time++) await end(table, 'b', 0, 0, 10);
    expect(await read(table)).toMatchObject({ left: 50 });
  });

  it('refuses a run that used more than it reserved', async () => {
    const table = await poolOf(100);
    await take(table, 'a', 10);
    await expect(end(table, 'a', 10, 11)).rejects.toThrow('run a used 11 of pool exposure, more than its 10');
  });

  it('gives back the reservations of the dead', async () => {
    const table = await poolOf(100);
    await take(table, 'a', 60);
    await take(table, 'b', 30);
    await releaseAll(table, PROGRAM);
    expect(await read(table)).toMatchObject({ left: 100, reservations: {} });
  });

  it('asked by many at once never has less than nothing left', async () => {
    const table = await poolOf(100);
    const won = await Promise.all(Array.from({ length: 20 }, (_, run) => take(table, `r${run}`, 15)));
    expect(won.filter(Boolean)).toHaveLength(6);
    expect(await read(table)).toMatchObject({ left: 10 });
  });

  it('keeps limit = left + reserved + granted, whatever runs do', async () => {
    const steps = fc.array(
      fc.record({
        run: fc.constantFrom('a', 'b', 'c'),
        amount: fc.integer({ min: 0, max: 60 }),
        used: fc.nat(60),
      }),
      { minLength: 5, maxLength: 15 },
    );
    for (const [all] of fc.sample(fc.tuple(steps), { seed: 5, numRuns: 5 })) {
      const table = await poolOf(100);
      let granted = 0;
      for (const { run, amount, used } of all) {
        const held = (await read(table)).reservations[run];
        if (held === undefined) await take(table, run, amount);
        else {
          await end(table, run, held, Math.min(used, held));
          granted += Math.min(used, held);
        }
        const { limit, left, reservations } = await read(table);
        const reserved = Object.values(reservations).reduce((sum, one) => sum + one, 0);
        expect(left).toBeGreaterThanOrEqual(0);
        expect(left + reserved + granted).toBe(limit);
      }
    }
  });
});

describe('a limit', () => {
  const change = (from: number, to: number) => ({
    from,
    to,
    by: 'ops',
    reason: 'why',
    at: '2024-08-01T00:00:00Z',
  });

  it('is raised and lowered on the record, with what is left', async () => {
    const table = await poolOf(100);
    await take(table, 'a', 60);
    expect(await setLimit(table, PROGRAM, await read(table), change(100, 150))).toBe(true);
    expect(await read(table)).toMatchObject({ limit: 150, left: 90, changes: [change(100, 150)] });
    expect(await setLimit(table, PROGRAM, await read(table), change(150, 60))).toBe(true);
    expect(await read(table)).toMatchObject({ limit: 60, left: 0, changes: [{ to: 150 }, { to: 60 }] });
  });

  it('is never lowered below what is granted and reserved', async () => {
    const table = await poolOf(100);
    await take(table, 'a', 60);
    expect(await setLimit(table, PROGRAM, await read(table), change(100, 59))).toBe(false);
    expect(await read(table)).toMatchObject({ limit: 100, left: 40, changes: [] });
  });

  it('is not changed by someone who read another', async () => {
    const table = await poolOf(100);
    const seen = await read(table);
    await setLimit(table, PROGRAM, seen, change(100, 200));
    expect(await setLimit(table, PROGRAM, seen, change(100, 300))).toBe(false);
    expect(await read(table)).toMatchObject({ limit: 200 });
  });
});
