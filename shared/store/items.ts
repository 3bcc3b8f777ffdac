/**
 * One item at a time, and ranges of them: with batch.ts, the only verbs in which anything here speaks to the table.
 * Reads are strong unless said otherwise, what is past its expiry is left out of them, and a condition that does not
 * hold is an answer, not an error.
 */
import {
  DeleteCommand,
  GetCommand,
  type NativeAttributeValue,
  PutCommand,
  QueryCommand,
  type QueryCommandInput,
  ScanCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { Call, Key, Table } from './table.ts';

export type Item = Record<string, NativeAttributeValue>;

/** Every call to the table goes through here, so that one place can stand between. */
export function through<T>({ around }: Table, call: Call, send: () => Promise<T>): Promise<T> {
  return around === undefined ? send() : around(call, send);
}

/** Names an item in a {@link Call}. */
export function nameOf({ pk, sk }: Key): string {
  return `${pk} ${sk}`;
}

/** Whether an item is not past its expiry: the table removes it up to days later (law 5). */
export function isAlive(table: Table, { expiresAt }: Item): boolean {
  return expiresAt === undefined || !table.expires || Number(expiresAt) * 1000 > table.now();
}

/** One item, read strongly. `expired`: also while it is past its expiry and still there, for whoever writes over it. */
export async function getItem(
  table: Table,
  key: Key,
  { expired = false }: { expired?: boolean } = {},
): Promise<Item | undefined> {
  const { Item } = await through(table, { verb: 'get', keys: [nameOf(key)] }, () =>
    table.client.send(new GetCommand({ TableName: table.name, Key: key, ConsistentRead: true })),
  );
  return Item === undefined || !(expired || isAlive(table, Item)) ? undefined : Item;
}

/** Puts an item, whatever is there. */
export async function putItem(table: Table, item: Key & Item): Promise<void> {
  await through(table, { verb: 'put', keys: [nameOf(item)] }, () =>
    table.client.send(new PutCommand({ TableName: table.name, Item: item })),
  );
}

/** Puts an item where there is none. @returns false when there is one. */
export async function putIfAbsent(table: Table, item: Key & Item): Promise<boolean> {
  return holds(() =>
    through(table, { verb: 'put-if-absent', keys: [nameOf(item)] }, () =>
      table.client.send(
        new PutCommand({
          TableName: table.name,
          Item: item,
          ConditionExpression: 'attribute_not_exists(pk)',
        }),
      ),
    ),
  );
}

/** An update with its condition, in expressions. */
export interface Update {
  update: string;
  /** Left out where any item will do, and none. */
  condition?: string;
  names?: Record<string, string>;
  values?: Item;
}

/** Updates an item if a condition holds. @returns false when it does not. */
export async function updateIf(table: Table, key: Key, step: Update): Promise<boolean> {
  return holds(() =>
    through(table, { verb: 'update', keys: [nameOf(key)] }, () =>
      table.client.send(
        new UpdateCommand({
          TableName: table.name,
          Key: key,
          UpdateExpression: step.update,
          ...(step.condition === undefined ? {} : { ConditionExpression: step.condition }),
          ...(step.names === undefined ? {} : { ExpressionAttributeNames: step.names }),
          ...(step.values === undefined ? {} : { ExpressionAttributeValues: step.values }),
        }),
      ),
    ),
  );
}

/** Deletes an item; one that is not there is deleted already. */
export async function deleteItem(table: Table, key: Key): Promise<void> {
  await through(table, { verb: 'delete', keys: [nameOf(key)] }, () =>
    table.client.send(new DeleteCommand({ TableName: table.name, Key: key })),
  );
}

async function holds(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'ConditionalCheckFailedException') return false;
    throw error;
  }
}

/** Which items of a partition: all, those whose sort key starts with a text, or those between two, both included. */
export interface Range {
  pk: string;
  startsWith?: string;
  between?: readonly [from: string, to: string];
}

/** The items of a range in the order of their sort keys. */
export function itemsIn(
  table: Table,
  { pk, startsWith, between }: Range,
  { consistent = true }: { consistent?: boolean } = {},
): AsyncGenerator<Item> {
  const sortKey =
    between !== undefined
      ? { text: ' AND sk BETWEEN :from AND :to', values: { ':from': between[0], ':to': between[1] } }
      : startsWith !== undefined
        ? { text: ' AND begins_with(sk, :start)', values: { ':start': startsWith } }
        : { text: '', values: {} };
  return queried(
    table,
    { verb: 'range', keys: [pk] },
    {
      KeyConditionExpression: `pk = :pk${sortKey.text}`,
      ExpressionAttributeValues: { ':pk': pk, ...sortKey.values },
      ConsistentRead: consistent,
    },
  );
}

/** The items of one partition of an index: read when it has caught up with the table. */
export function itemsInIndex(
  table: Table,
  index: { name: string; partitionKey: string },
  pk: string,
): AsyncGenerator<Item> {
  return queried(
    table,
    { verb: 'index', keys: [pk] },
    {
      IndexName: index.name,
      KeyConditionExpression: '#pk = :pk',
      ExpressionAttributeNames: { '#pk': index.partitionKey },
      ExpressionAttributeValues: { ':pk': pk },
    },
  );
}

async function* queried(
  table: Table,
  call: Call,
  query: Omit<QueryCommandInput, 'TableName'>,
): AsyncGenerator<Item> {
  yield* paged(table, (ExclusiveStartKey) =>
    through(table, call, () =>
      table.client.send(new QueryCommand({ TableName: table.name, ...query, ExclusiveStartKey })),
    ),
  );
}

/** Every item of an index, in no order: it may lag behind the table. */
export function itemsOfIndex(table: Table, index: { name: string }): AsyncGenerator<Item> {
  return scanned(table, { IndexName: index.name });
}

/** Every item whose sort key starts with a text, read strongly from the table itself, in no order. */
export function scanItems(table: Table, startsWith: string): AsyncGenerator<Item> {
  return scanned(table, {
    FilterExpression: 'begins_with(sk, :start)',
    ExpressionAttributeValues: { ':start': startsWith },
    ConsistentRead: true,
  });
}

async function* scanned(table: Table, scan: Record<string, unknown>): AsyncGenerator<Item> {
  yield* paged(table, (ExclusiveStartKey) =>
    through(table, { verb: 'scan', keys: [] }, () =>
      table.client.send(new ScanCommand({ TableName: table.name, ...scan, ExclusiveStartKey })),
    ),
  );
}

interface Page {
  Items?: Item[] | undefined;
  LastEvaluatedKey?: Item | undefined;
}

async function* paged(table: Table, read: (after: Item | undefined) => Promise<Page>): AsyncGenerator<Item> {
  let after: Item | undefined;
  do {
    const { Items = [], LastEvaluatedKey } = await read(after);
    for (const item of Items) if (isAlive(table, item)) yield item;
    after = LastEvaluatedKey;
  } while (after !== undefined);
}
