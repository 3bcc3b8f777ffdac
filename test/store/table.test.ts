/** The table: ours or refused; plans, policies and bad lines as they were put. */
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from 'vitest';
import { findProgram } from '../../shared/policy/catalogue.ts';
import { ensureTable, openTable } from '../../shared/store/open-table.ts';
import { memoryPlans, tablePlans } from '../../shared/store/plans.ts';
import { pinPolicy } from '../../shared/store/policies.ts';
import { quarantine, readQuarantine } from '../../shared/store/quarantine.ts';
import { bucketOf, keys } from '../../shared/store/table.ts';
import { InputError } from '../../shared/values/validation.ts';
import { database } from '../support/world.ts';

const db = database();

describe('a table', () => {
  it('that is empty becomes ours, with its number of buckets for life', async () => {
    await ensureTable(db.client(), 'fresh');
    expect(await openTable(db.client(), 'fresh', { buckets: 8 })).toMatchObject({ buckets: 8 });
    expect(await openTable(db.client(), 'fresh', { buckets: 4 })).toMatchObject({ buckets: 8 });
    await ensureTable(db.client(), 'fresh');
  });

  it('that two open at once has one number of buckets', async () => {
    await ensureTable(db.client(), 'raced');
    const both = await Promise.all([4, 8].map((buckets) => openTable(db.client(), 'raced', { buckets })));
    expect(both[0]?.buckets).toBe(both[1]?.buckets);
  });

  it('that holds something else is refused, and not written to', async () => {
    await ensureTable(db.client(), 'theirs');
    await db.client().send(new PutCommand({ TableName: 'theirs', Item: { pk: 'user', sk: 'ada' } }));
    const refused = openTable(db.client(), 'theirs');
    await expect(refused).rejects.toThrow(InputError);
    await expect(refused).rejects.toThrow(
      'table: got "theirs", which holds items of something else; allowed: a table of Hongbao\'s, or an empty one',
    );
    const { Item } = await db.client().send(new GetCommand({ TableName: 'theirs', Key: keys.meta() }));
    expect(Item).toBeUndefined();
  });

  it('of another schema is refused', async () => {
    await ensureTable(db.client(), 'future');
    await db
      .client()
      .send(new PutCommand({ TableName: 'future', Item: { ...keys.meta(), schema: 'hongbao/9' } }));
    await expect(openTable(db.client(), 'future')).rejects.toThrow(
      '"future" has schema hongbao/9; allowed: hongbao/2',
    );
  });

  it('with other keys is refused', async () => {
    await db.client().send(
      new CreateTableCommand({
        TableName: 'other-keys',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      }),
    );
    await expect(ensureTable(db.client(), 'other-keys')).rejects.toThrow(
      'table: got "other-keys" with keys id; allowed: keys pk, sk and the index ledger',
    );
  });

  it('puts a participant into one bucket for life, and all of them are used', () => {
    const buckets = Array.from({ length: 200 }, (_, index) => bucketOf(`m-${index}`, 4));
    expect(new Set(buckets)).toEqual(new Set([0, 1, 2, 3]));
    expect(bucketOf('m-1', 256)).toBe(bucketOf('m-1', 256));
  });

  it('sorts days before entries before the profile, so that one Query reads them', () => {
    const order = [
      keys.day('m-1', '2024-08-01').sk,
      keys.entry('m-1', 'treasure-host', 'w1/cold-1', 1).sk,
      keys.entry('m-1', 'treasure-host', 'w1/cold-1', 10).sk,
      keys.profile('m-1').sk,
    ];
    expect(order.toSorted()).toEqual(order);
  });
});

describe('plans', () => {
  /** Text that does not compress: more than one item of it. */
  const large = Array.from({ length: 90_000 }, (_, index) => Math.sin(index).toString(36).slice(2)).join('');

  it.each([
    ['of a few bytes', '{}'],
    ['of more than an item holds', large],
    ['in Chinese', '宝藏主理人'.repeat(10_000)],
  ])('%s come back from the table as they were', async (_, text) => {
    const { table } = await db.world();
    const plans = tablePlans(table);
    const hash = await plans.put(text);
    expect(await plans.put(text)).toBe(hash);
    expect((await plans.get(hash)) === text).toBe(true);
  });

  it('that are not there are an error', async () => {
    const { table } = await db.world();
    await expect(tablePlans(table).get('0123')).rejects.toThrow('plan 0123 is not in the table');
    await expect(memoryPlans().get('0123')).rejects.toThrow('plan 0123 is not here');
  });

  it('have one name in memory and in the table', async () => {
    const { table } = await db.world();
    expect(await memoryPlans().put('plan')).toBe(await tablePlans(table).put('plan'));
  });
});

describe('a policy version', () => {
  const program = findProgram('treasure-host');

  it('is pinned once, and stays with its content', async () => {
    const { table } = await db.world();
    await pinPolicy(table, program, '2024-08-01', Date.parse('2024-08-01T00:00:00Z'));
    await pinPolicy(table, program, '2024-08-01', Date.parse('2024-09-01T00:00:00Z'));
    const other = structuredClone(program);
    other.versions[0]!.validSession.minMinutes = 31;
    const changed = pinPolicy(table, other, '2024-08-01', 0);
    await expect(changed).rejects.toThrow(InputError);
    await expect(changed).rejects.toThrow(
      /policy treasure-host version 2024-07-24: got content \w{32}; allowed: \w{32}, with which it was first used on 2024-08-01T00:00:00.000Z/,
    );
    await pinPolicy(table, program, '2024-08-01', 0);
  });
});

describe('the quarantine', () => {
  const put = async (raw: string) => {
    const { table } = await db.world();
    await quarantine(table, [{ arrivedOn: '2024-08-01', raw, reason: 'bad' }], table.now());
    await quarantine(table, [{ arrivedOn: '2024-08-01', raw, reason: 'bad' }], table.now());
    return readQuarantine(table);
  };

  it('keeps a line of 300 KB whole, and once', async () => {
    const raw = `{"name":"${'x'.repeat(300_000)}"}`;
    expect(await put(raw)).toMatchObject([{ arrivedOn: '2024-08-01', raw, reason: 'bad', times: 2 }]);
  });

  it('cuts a line that no item can hold, and says so', async () => {
    const [kept] = await put('红'.repeat(200_000));
    expect(kept?.reason).toBe('bad · kept: the first 379998 of 600000 bytes');
    expect(kept?.raw).toBe('红'.repeat(379_998 / 3));
  });
});
