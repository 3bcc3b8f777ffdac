/** Pools that bind, through the whole pipeline. */
import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../shared/policy/catalogue.ts';
import { setLimit } from '../../shared/store/budget.ts';
import { CNY, merchant, sales, session } from '../support/facts.ts';
import { database, grantedFrom, PROGRAM, type World } from '../support/world.ts';

const db = database();

/** Two merchants earn growth of 40,000 and more: the earlier one first, whatever their ids. */
async function worldWith(limit: number): Promise<World> {
  const catalogue = CATALOGUE.map((program) => ({
    ...program,
    pools: { ...program.pools, exposure: { unit: 'exposure' as const, limit } },
  }));
  return (await db.world({ shards: 2, catalogue })).at('2024-08-31');
}

/** An operator raises the limit, as the command line does it. */
async function raise(world: World, by: number) {
  const pool = await world.pool();
  const change = {
    from: pool.limit,
    to: pool.limit + by,
    by: 'ops',
    reason: 'more',
    at: '2024-08-31T04:00:00Z',
  };
  expect(await setLimit(world.table, PROGRAM, pool, change)).toBe(true);
}

/** Each asks for 40,000: the rungs of 10,000 and 50,000 CNY of its month. */
const twoAsks = [
  merchant('m-2'),
  sales('2024-07-30', 60_000 * CNY, { by: 'm-2' }),
  merchant('m-1'),
  sales('2024-08-10', 60_000 * CNY, { by: 'm-1' }),
];

const run = { job: 'backfill', from: '2024-07-01', to: '2024-08-31' };

describe('a pool that binds', () => {
  it('14: with 50,000 left, the earlier ask of 40,000 is paid, the later in part; a raise pays the rest', async () => {
    const world = await worldWith(50_000);
    await world.ingest(twoAsks, '2024-08-31');
    await world.run(run);
    expect(await world.ledger()).toEqual([
      'm-1 treasure-host first-jump/10000 exposure 10000',
      'm-2 treasure-host first-jump/10000 exposure 10000',
      'm-2 treasure-host first-jump/50000 exposure 30000',
    ]);
    expect(
      (await world.entries()).find(
        ({ occasion, participantId }) => `${participantId} ${occasion}` === 'm-1 first-jump/50000',
      ),
    ).toMatchObject({ kind: 'refusal', amount: 0, shortfall: 30_000, reason: 'pool-exhausted' });
    expect(await world.pool()).toMatchObject({ limit: 50_000, left: 0, reserved: 0 });

    const before = await world.entries();
    await world.run(run);
    expect(await world.entries(), 'nothing new while the pool is empty').toEqual(before);

    await raise(world, 40_000);
    await world.run(run);
    expect(await world.ledger()).toContain('m-1 treasure-host first-jump/50000 exposure 30000');
    expect(await world.pool()).toMatchObject({ limit: 90_000, left: 10_000, reserved: 0 });
    await world.run(run);
    expect(await world.entries()).toHaveLength(5);
  });

  it('14: an ask that is cut in two gets what is left, and the shortfall is on record', async () => {
    const world = await worldWith(50_000);
    const sold = (by: string, date: string) => [
      merchant(by, { bestMonthFen: 0 }),
      session(date, { by }),
      sales(date, 5_000 * CNY, { by }),
    ];
    // Earned in this order: cold-1 and growth-1 and growth-2 of m-2, then those of m-1.
    await world.ingest([...sold('m-1', '2024-08-02'), ...sold('m-2', '2024-08-01')], '2024-08-31');
    await world.run(run);
    const rows = (await world.entries()).filter(({ pool }) => pool !== undefined);
    expect(
      rows.map(({ participantId, occasion, amount, shortfall = 0 }) => [
        participantId,
        occasion,
        amount,
        shortfall,
      ]),
    ).toEqual([
      ['m-1', 'w1/cold-1', 0, 20_000],
      ['m-1', 'w1/growth-1', 0, 20_000],
      ['m-1', 'w1/growth-2', 0, 40_000],
      ['m-2', 'w1/cold-1', 20_000, 0],
      ['m-2', 'w1/growth-1', 20_000, 0],
      ['m-2', 'w1/growth-2', 10_000, 30_000],
    ]);
    await raise(world, 30_000);
    await world.run(run);
    expect(await world.ledger()).toContain('m-2 treasure-host w1/growth-2 exposure 40000');
    expect(grantedFrom(await world.entries())).toBe(80_000);
  });

  it('pays the unfunded by the next daily run after a raise, though nothing made them due', async () => {
    const world = await worldWith(50_000);
    await world.ingest(twoAsks, '2024-08-31');
    await world.daily('2024-08-31');
    await world.daily('2024-09-05');
    await raise(world, 30_000);
    expect(await world.daily('2024-09-06')).toMatchObject({
      summary: { entries: 1, raised: { exposure: 30_000 } },
    });
    expect(await world.ledger()).toContain('m-1 treasure-host first-jump/50000 exposure 30000');
    expect(await world.daily('2024-09-07')).toMatchObject({ summary: { evaluated: 0 } });
  });

  it('what is taken back is free for those who went short, from the next run on', async () => {
    const world = await worldWith(40_000);
    await world.ingest(twoAsks, '2024-08-31');
    await world.run(run);
    expect(await world.ledger()).toHaveLength(2);
    const refund = { by: 'm-2', refundedFen: 60_000 * CNY, revision: 2 };
    await world.ingest([sales('2024-07-30', 60_000 * CNY, refund)], '2024-08-31');
    await world.run(run);
    expect(await world.pool()).toMatchObject({ left: 40_000 });
    await world.run(run);
    expect(await world.ledger()).toEqual([
      'm-1 treasure-host first-jump/10000 exposure 10000',
      'm-1 treasure-host first-jump/50000 exposure 30000',
    ]);
  });

  it('takes nothing back from those who were paid, for someone of a better rank', async () => {
    const world = await worldWith(40_000);
    await world.ingest(twoAsks.slice(2), '2024-08-31');
    await world.run(run);
    await world.ingest(twoAsks.slice(0, 2), '2024-08-31');
    await world.run(run);
    expect((await world.ledger()).every((row) => row.startsWith('m-1 '))).toBe(true);
  });
});
