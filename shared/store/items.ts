/**
 * One item at a time, and ranges of them. Reads are strong unless said otherwise, and a condition that does not hold
 * is an answer here, not an error.
 */
import {
  GetCommand,
  type NativeAttributeValue,
  PutCommand,
  paginateQuery,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { Key, Table } from './table.ts';

export type Item = Record<string, NativeAttributeValue>;

export async function getItem(table: Table, key: Key): Promise<Item | undefined> {
  const { Item } = await table.client.send(
    new GetCommand({ TableName: table.name, Key: key, ConsistentRead: true }),
  );
  return Item;
}

/** Puts an item where there is none. @returns false when there is one. */
export async function putIfAbsent(table: Table, item: Item): Promise<boolean> {
  return holds(() =>
    table.client.send(
      new PutCommand({ TableName: table.name, Item: item, ConditionExpression: 'attribute_not_exists(pk)' }),
    ),
  );
}

/** An update with its condition, in expressions. */
export interface Update {
  update: string;
  condition: string;
  names?: Record<string, string>;
  values?: Item;
}

/** Updates an item if a condition holds. @returns false when it does not. */
export async function updateIf(table: Table, key: Key, step: Update): Promise<boolean> {
  return holds(() =>
    table.client.send(
      new UpdateCommand({
        TableName: table.name,
        Key: key,
        UpdateExpression: step.update,
        ConditionExpression: step.condition,
        ...(step.names === undefined ? {} : { ExpressionAttributeNames: step.names }),
        ...(step.values === undefined ? {} : { ExpressionAttributeValues: step.values }),
      }),
    ),
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
export async function* itemsIn(
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
  const pages = paginateQuery(
    { client: table.client },
    {
      TableName: table.name,
      KeyConditionExpression: `pk = :pk${sortKey.text}`,
      ExpressionAttributeValues: { ':pk': pk, ...sortKey.values },
      ConsistentRead: consistent,
    },
  );
  for await (const { Items = [] } of pages) yield* Items;
}

/** The items of one partition of an index: read when it has caught up with the table. */
export async function* itemsInIndex(
  table: Table,
  index: { name: string; partitionKey: string },
  pk: string,
): AsyncGenerator<Item> {
  const pages = paginateQuery(
    { client: table.client },
    {
      TableName: table.name,
      IndexName: index.name,
      KeyConditionExpression: '#pk = :pk',
      ExpressionAttributeNames: { '#pk': index.partitionKey },
      ExpressionAttributeValues: { ':pk': pk },
    },
  );
  for await (const { Items = [] } of pages) yield* Items;
}
