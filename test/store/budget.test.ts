/** The budget: what is granted and reserved never passes a limit, whoever asks at once, wakes late, and however often. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findProgram } from '../../shared/policy/catalogue.ts';
import { ensureBudget, openBudget, release, reserve, setLimit, settle } from '../../shared/store/budget.ts';
import { type Pool, readBudget } from '../../shared/store/budget-item.ts';
import type { Table } from '../../shared/store/table.ts';
import { database, PROGRAM } from '../support/world.ts';

const db = database();

/** `treasure-host`, with exposures at a limit. */
function programWith(limit: number) {
  const program = findProgram(PROGRAM);
  return { ...program, pools: { ...program.pools, exposure: { unit: 'exposure' as const, limit } } };
}

/** A table with a budget of exposures at a limit, opened by the run of epoch 1. */
async function budgetOf(limit: number): Promise<Table> {
  const { table } = await db.world();
  await openBudget(table, programWith(limit), { epoch: 1, keep: [] });
  return table;
}

const open = (table: Table, epoch: number, keep: number[] = []) =>
  openBudget(table, findProgram(PROGRAM), { epoch, keep });

async function read(table: Table): Promise<Pool> {
  const pool = (await readBudget(table, PROGRAM)).pools.get('exposure');
  if (pool === undefined) throw new Error('no pool');
  return pool;
}

const of = (exposure: number) => new Map([['exposure', exposure]]);
const take = (table: Table, epoch: number, amount: number) => reserve(table, PROGRAM, epoch, of(amount));
const end = (table: Table, epoch: number, used: number, lowered = 0, cut: string[] = []) =>
  settle(table, PROGRAM, epoch, { used: of(used), lowered: of(lowered), cut, all: true });

describe('a budget', () => {
  it('is made once: making it again does not fill it', async () => {
    const table = await budgetOf(100);
    await take(table, 1, 60);
    await ensureBudget(table, findProgram(PROGRAM));
    expect(await read(table)).toMatchObject({ limit: 100, left: 40, reserved: 60 });
  });

  it('gets what a new policy version adds, and keeps the unit that a pool was made with', async () => {
    const table = await budgetOf(100);
    const program = programWith(5);
    const more = { ...program, pools: { ...program.pools, coupons: { unit: 'count' as const, limit: 7 } } };
    await ensureBudget(table, more);
    const { pools } = await readBudget(table, PROGRAM);
    expect([pools.get('coupons')?.left, pools.get('exposure')?.limit]).toEqual([7, 100]);
    const other = { ...program, pools: { ...program.pools, exposure: { unit: 'fen' as const, limit: 5 } } };
    await expect(ensureBudget(table, other)).rejects.toThrow(
      'policy treasure-host: pool exposure: got unit fen; allowed: exposure, with which it was first used',
    );
  });

  it('reserves what is left to the unit, and not one more', async () => {
    const table = await budgetOf(100);
    expect(await take(table, 1, 101)).toBe('short');
    expect(await take(table, 1, 100)).toBe('reserved');
    expect(await read(table)).toMatchObject({ left: 0, reserved: 100 });
  });

  it('reserves all of a run or nothing', async () => {
    const table = await budgetOf(100);
    const amounts = new Map([
      ['exposure', 60],
      ['cash', 3_000_000_001],
    ]);
    expect(await reserve(table, PROGRAM, 1, amounts)).toBe('short');
    expect(await read(table)).toMatchObject({ left: 100, reserved: 0 });
  });

  it('reserves once for a run: the same again is success, another amount is not its own', async () => {
    const table = await budgetOf(100);
    expect([await take(table, 1, 60), await take(table, 1, 60), await take(table, 1, 10)]).toEqual([
      'reserved',
      'reserved',
      'overtaken',
    ]);
    expect(await read(table)).toMatchObject({ left: 40 });
  });

  it('settles once: what was not used and what was taken back returns', async () => {
    const table = await budgetOf(100);
    await take(table, 1, 60);
    for (let time = 0; time < 3; time++) await end(table, 1, 50, 5);
    expect(await read(table)).toMatchObject({ left: 100 - 50 + 5, reserved: 0 });
  });

  it('knows by a reservation of nothing whether a lowering was settled', async () => {
    const table = await budgetOf(100);
    await take(table, 1, 60);
    await end(table, 1, 60);
    await open(table, 2);
    await take(table, 2, 0);
    for (let time = 0; time < 2; time++) await end(table, 2, 0, 10);
    expect(await read(table)).toMatchObject({ left: 50 });
  });

  it('settles a plan that draws on no pool at all', async () => {
    const table = await budgetOf(100);
    await reserve(table, PROGRAM, 1, new Map());
    const nothing = { used: new Map(), lowered: new Map(), cut: [], all: true };
    for (let time = 0; time < 2; time++) await settle(table, PROGRAM, 1, nothing);
    expect(await readBudget(table, PROGRAM)).toMatchObject({ settledEpoch: 1, reservations: new Map() });
  });

  it('refuses a run that used more than it reserved', async () => {
    const table = await budgetOf(100);
    await take(table, 1, 10);
    await expect(end(table, 1, 11)).rejects.toThrow(
      'treasure-host: the run of epoch 1 used 11 of pool exposure, more than its 10',
    );
  });

  it('18. says aloud that a reservation is gone which was never settled', async () => {
    const table = await budgetOf(100);
    await take(table, 1, 60);
    await release(table, PROGRAM, 1);
    await expect(end(table, 1, 60)).rejects.toThrow(
      /the reservation of epoch 1 is gone, and was never settled.*hongbao budget recount/,
    );
    expect(await read(table)).toMatchObject({ left: 100 });
  });

  it('opened for a run releases what the dead reserved, once, and nothing of those given up', async () => {
    const table = await budgetOf(100);
    await take(table, 1, 60);
    await open(table, 2);
    await take(table, 2, 30);
    for (let time = 0; time < 2; time++) await open(table, 3, [2]);
    expect(await read(table)).toMatchObject({ left: 70, reserved: 30 });
  });

  it('16. 17. of a run that was overtaken neither reserves nor opens any more', async () => {
    const table = await budgetOf(100);
    await open(table, 2);
    expect(await take(table, 1, 60)).toBe('overtaken');
    expect(await open(table, 1)).toBeUndefined();
    await take(table, 2, 30);
    expect(await open(table, 1)).toBeUndefined();
    expect(await read(table)).toMatchObject({ left: 70, reserved: 30 });
  });

  it('asked by one run many times at once never has less than nothing left', async () => {
    const table = await budgetOf(100);
    const won = await Promise.all(Array.from({ length: 12 }, () => take(table, 1, 15)));
    expect(new Set(won)).toEqual(new Set(['reserved']));
    expect(await read(table)).toMatchObject({ left: 85, reserved: 15 });
  });

  it('keeps limit = left + reserved + granted, whatever runs do, late and twice', async () => {
    const steps = fc.array(
      fc.record({
        does: fc.constantFrom('open', 'reserve', 'settle', 'release', 'limit'),
        late: fc.nat(2),
        amount: fc.integer({ min: 0, max: 60 }),
        used: fc.nat(60),
      }),
      { minLength: 8, maxLength: 25 },
    );
    for (const [all] of fc.sample(fc.tuple(steps), { seed: 5, numRuns: 12 })) {
      const table = await budgetOf(100);
      let granted = 0;
      let epoch = 1;
      for (const { does, late, amount, used } of all) {
        const own = Math.max(1, epoch - late);
        const before = await readBudget(table, PROGRAM);
        const held = before.reservations.get(own)?.get('exposure');
        if (does === 'open') await open(table, ++epoch);
        if (does === 'reserve') await take(table, own, amount);
        if (does === 'release' && held !== undefined) await release(table, PROGRAM, own);
        if (does === 'settle' && held !== undefined) {
          await end(table, own, Math.min(used, held));
          granted += Math.min(used, held);
        }
        const { limit: from } = await read(table);
        const change = { from, to: amount * 3, by: 'ops', reason: 'why', at: 'now' };
        if (does === 'limit') await setLimit(table, PROGRAM, await read(table), change);
        const { limit, left, reserved } = await read(table);
        expect(left).toBeGreaterThanOrEqual(0);
        expect(left + reserved + granted).toBe(limit);
      }
    }
  });
});

describe('4. what makes the next run look at everyone', () => {
  const raises = async (table: Table) => (await readBudget(table, PROGRAM)).raises;

  it('is a limit that was raised, once, and none that was lowered', async () => {
    const table = await budgetOf(100);
    const change = { from: 100, to: 150, by: 'ops', reason: 'why', at: 'now' };
    await setLimit(table, PROGRAM, await read(table), change);
    await setLimit(table, PROGRAM, await read(table), { ...change, from: 150, to: 120 });
    expect(await raises(table)).toBe(1);
  });

  it('is money that comes back to a pool which could not pay all, and to no other', async () => {
    const table = await budgetOf(100);
    await take(table, 1, 50);
    await end(table, 1, 50, 10);
    expect(await raises(table), 'it owes nobody').toBe(0);
    await open(table, 2);
    await take(table, 2, 60);
    await end(table, 2, 60, 0, ['exposure']);
    expect(await raises(table), 'nothing came back').toBe(0);
    await open(table, 3);
    await take(table, 3, 0);
    await end(table, 3, 0, 5, ['exposure']);
    expect(await raises(table)).toBe(1);
    await open(table, 4);
    await take(table, 4, 5);
    await end(table, 4, 5, 0);
    await open(table, 5);
    await take(table, 5, 0);
    await end(table, 5, 0, 5);
    expect(await raises(table), 'all were paid in between').toBe(1);
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
    const table = await budgetOf(100);
    await take(table, 1, 60);
    expect(await setLimit(table, PROGRAM, await read(table), change(100, 150))).toBe(true);
    expect(await read(table)).toMatchObject({ limit: 150, left: 90, changes: [change(100, 150)] });
    expect(await setLimit(table, PROGRAM, await read(table), change(150, 60))).toBe(true);
    expect(await read(table)).toMatchObject({ limit: 60, left: 0, changes: [{ to: 150 }, { to: 60 }] });
  });

  it('is never lowered below what is granted and reserved', async () => {
    const table = await budgetOf(100);
    await take(table, 1, 60);
    expect(await setLimit(table, PROGRAM, await read(table), change(100, 59))).toBe(false);
    expect(await read(table)).toMatchObject({ limit: 100, left: 40, changes: [] });
  });

  it('is not changed by someone who read another', async () => {
    const table = await budgetOf(100);
    const seen = await read(table);
    await setLimit(table, PROGRAM, seen, change(100, 200));
    expect(await setLimit(table, PROGRAM, seen, change(100, 300))).toBe(false);
    expect(await read(table)).toMatchObject({ limit: 200 });
  });
});
