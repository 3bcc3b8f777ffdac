/** What has expired must not look withdrawn: no run reads from before the floor, and reads leave out what is past its expiry. */
import { describe, expect, it } from 'vitest';
import { runHere } from '../../shared/pipeline/run-here.ts';
import { parseRunInput } from '../../shared/pipeline/run-input.ts';
import { RETENTION_DAYS } from '../../shared/policy/reach.ts';
import { deleteItem, itemsIn } from '../../shared/store/items.ts';
import { floorOf } from '../../shared/store/table.ts';
import { addDays } from '../../shared/values/calendar.ts';
import { InputError } from '../../shared/values/validation.ts';
import { CNY, merchant, sales, session } from '../support/facts.ts';
import { only } from '../support/programs.ts';
import { database, PROGRAM, type World } from '../support/world.ts';

const db = database();
const SIZE = { shards: 1, buckets: 1, catalogue: [only('new-host', 'first-jump')] };

/** A merchant that was paid in July 2024, of a table opened then; and now it is that date. */
async function paidLongAgo(today: string): Promise<World> {
  const world = (await db.world(SIZE)).at('2024-07-25');
  await world.ingest([merchant(), session('2024-07-25'), sales('2024-07-25', 60_000 * CNY)], '2024-07-25');
  await world.run({ job: 'backfill', from: '2024-07-01', to: '2024-07-25' });
  await world.at('2024-08-01').run({ job: 'daily', to: '2024-08-01' });
  return world.at(today);
}

/** Removes what is past its expiry, as the table does, days late. */
async function sweep({ table }: World): Promise<number> {
  const expired: { pk: string; sk: string }[] = [];
  for await (const item of itemsIn({ ...table, expires: false }, { pk: 'P#m-1' })) {
    const { pk, sk, expiresAt } = item;
    if (expiresAt !== undefined && Number(expiresAt) * 1000 <= table.now()) {
      expired.push({ pk: String(pk), sk: String(sk) });
    }
  }
  for (const key of expired) await deleteItem(table, key);
  return expired.length;
}

describe('6. facts that have expired', () => {
  it.each(['before they are removed', 'after'])('are read as withdrawn by no run, %s', async (when) => {
    const world = await paidLongAgo('2025-10-01');
    if (when === 'after') expect(await sweep(world)).toBe(1);
    const before = await world.ledger();
    expect(before.length).toBeGreaterThan(4);
    const floor = addDays('2025-10-01', -RETENTION_DAYS);
    for (const more of [{}, { participants: ['m-1'] }]) {
      const refused = world.backfill('2024-07-01', '2024-07-31', more);
      await expect(refused).rejects.toThrow(InputError);
      await expect(refused).rejects.toThrow(
        `from: got 2024-07-01, which rests on facts from 2024-05-31 on; allowed: a range that rests on facts from ${floor} on, because older ones may have expired`,
      );
    }
    await world.run({ job: 'daily', to: '2025-09-30' });
    await world.backfill('2024-11-01', '2025-09-30');
    await world.run({ job: 'month-end', from: '2025-09-01', to: '2025-09-30' });
    expect(await world.ledger()).toEqual(before);
  });

  it('are left out by every read, before the table removes them as well as after', async () => {
    const world = await paidLongAgo('2025-10-01');
    const read = async () => {
      const found: string[] = [];
      for await (const { sk } of itemsIn(world.table, { pk: 'P#m-1' })) found.push(String(sk));
      return found;
    };
    const before = await read();
    expect(before.some((sk) => sk.startsWith('DAY#'))).toBe(false);
    expect(before.some((sk) => sk.startsWith('GRANT#'))).toBe(true);
    await sweep(world);
    expect(await read()).toEqual(before);
  });

  it('are none in a table younger than what is kept, and none in an embedded one', async () => {
    const young = await paidLongAgo('2025-08-01');
    expect(floorOf(young.table)).toBeUndefined();
    await young.backfill('2024-07-01', '2024-07-31');
    const old = await paidLongAgo('2026-10-01');
    expect(floorOf(old.table)).toBe(addDays('2026-10-01', -RETENTION_DAYS));
    const table = { ...old.table, expires: false };
    expect(floorOf(table)).toBeUndefined();
    const before = await old.ledger();
    const input = { program: PROGRAM, job: 'backfill', from: '2024-07-01', to: '2024-07-31' };
    await runHere({ ...old.services, table }, parseRunInput({ ...input, requestedBy: 'test' }), 'old');
    expect(await old.ledger()).toEqual(before);
  });

  it('are not reached by a daily run of long ago either: its horizon is the floor', async () => {
    const world = (await db.world(SIZE)).at('2026-10-01');
    const aged = { ...world.table, openedAtMs: Date.parse('2024-07-24T00:00:00Z') };
    const input = parseRunInput({ program: PROGRAM, job: 'daily', to: '2025-06-01', requestedBy: 'test' });
    const done = await runHere({ ...world.services, table: aged }, input, 'late');
    expect(done).toMatchObject({ run: { horizon: addDays('2026-10-01', -RETENTION_DAYS) } });
  });

  it('37. are not reached by a backfill as of long ago: its horizon is the floor too', async () => {
    const world = (await db.world(SIZE)).at('2024-08-10');
    await world.ingest([merchant(), session('2024-08-10')], '2024-08-10');
    await world.daily('2024-08-10');
    const before = await world.ledger();
    expect(before.length).toBeGreaterThan(2);
    // The facts are gone; a run as of then would read 120 days back.
    world.at('2025-10-01');
    await sweep(world);
    const done = await world.backfill('2024-11-01', '2024-11-30');
    expect(done).toMatchObject({ run: { horizon: addDays('2025-10-01', -RETENTION_DAYS) } });
    expect(await world.ledger()).toEqual(before);
  });
});
