/** The one table: its keys, its creation, and the mark by which it is known as ours. */
import { createHash } from 'node:crypto';
import {
  CreateTableCommand,
  DescribeTableCommand,
  ResourceNotFoundException,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import type { BusinessDate } from '../values/calendar.ts';
import { InputError } from '../values/validation.ts';
import { isConditionFailure } from './conditions.ts';
import { TABLE } from './names.ts';

/** Facts, due markers and quarantine are kept this long after they were last written. */
export const RETENTION_DAYS = 400;

/** Buckets of due markers in a deployed table, for its life: enough for 256,000 arrivals a second. */
const BUCKETS = 256;
/** A day's entries are spread over this many partitions of the ledger index. */
export const LEDGER_SHARDS = 16;

/** An open table. `buckets` is fixed when the table is adopted, and stands in the table itself. */
export interface Table {
  client: DynamoDBDocumentClient;
  name: string;
  buckets: number;
}

/** The keys of every item: readers of the table start here (docs/design.md, The table). */
export const keys = {
  meta: () => ({ pk: 'TABLE', sk: 'META' }),
  day: (participantId: string, date: BusinessDate) => ({ pk: `P#${participantId}`, sk: `DAY#${date}` }),
  profile: (participantId: string) => ({ pk: `P#${participantId}`, sk: 'PROFILE' }),
  entry: (participantId: string, program: string, occasion: string, n: number) => ({
    pk: `P#${participantId}`,
    sk: `GRANT#${program}#${occasion}#${String(n).padStart(4, '0')}`,
  }),
  held: (participantId: string, program: string, occasion: string, n: number) => ({
    pk: `P#${participantId}`,
    sk: `HELD#${program}#${occasion}#${String(n).padStart(4, '0')}`,
  }),
  member: (ownerId: string, participantId: string) => ({ pk: `P#${ownerId}`, sk: `MEMBER#${participantId}` }),
  arrivalDay: (date: BusinessDate) => ({ pk: 'ARRIVALS', sk: date }),
  due: (date: BusinessDate, bucket: number, participantId: string) => ({
    pk: `DUE#${date}#${bucket}`,
    sk: participantId,
  }),
  pool: (program: string, pool: string) => ({ pk: `POOL#${program}`, sk: pool }),
  control: (program: string) => ({ pk: `RUN#${program}`, sk: 'CONTROL' }),
  run: (program: string, runId: string) => ({ pk: `RUN#${program}`, sk: `ID#${runId}` }),
  planned: (program: string, manifest: string) => ({ pk: `RUN#${program}`, sk: `PLAN#${manifest}` }),
  decided: (program: string, decision: string) => ({
    pk: `RUN#${program}`,
    sk: `DECIDED#${decision}`,
  }),
  policy: (program: string, version: string) => ({ pk: `POLICY#${program}`, sk: version }),
  planPart: (hash: string, chunk: number) => ({ pk: `PLAN#${hash}`, sk: String(chunk).padStart(4, '0') }),
  quarantine: (date: BusinessDate, bucket: number, hash: string) => ({
    pk: `QUARANTINE#${date}#${bucket}`,
    sk: hash,
  }),
} as const;

/** The bucket of a participant: the same for its life, so that each is in exactly one shard of a run. */
export function bucketOf(participantId: string, buckets: number): number {
  return createHash('sha256').update(participantId).digest().readUInt32BE(0) % buckets;
}

/** When an item written now may be removed, in seconds since the epoch. */
export function expiry(nowMs: number): number {
  return Math.floor(nowMs / 1000) + RETENTION_DAYS * 86_400;
}

/**
 * Opens a table for use, marking an empty one as ours. The number of buckets is chosen then, for the life of
 * the table: a small one for an embedded table, where a query costs more than a hot partition.
 * @throws {@link InputError} when the table holds something else.
 */
export async function openTable(
  client: DynamoDBDocumentClient,
  name: string,
  { buckets = BUCKETS }: { buckets?: number } = {},
): Promise<Table> {
  const meta = await readMeta(client, name);
  if (meta !== undefined) return { client, name, buckets: meta };
  const { Items = [] } = await client.send(
    new ScanCommand({ TableName: name, Limit: 1, ConsistentRead: true }),
  );
  // What was found may be the mark of someone who opened it at the same time.
  if (Items.length > 0 && (await readMeta(client, name)) === undefined) {
    throw new InputError(
      `table: got ${JSON.stringify(name)}, which holds items of something else; allowed: a table of Hongbao's, or an empty one`,
    );
  }
  try {
    await client.send(
      new PutCommand({
        TableName: name,
        Item: { ...keys.meta(), schema: 'hongbao/1', buckets },
        ConditionExpression: 'attribute_not_exists(pk)',
      }),
    );
  } catch (error) {
    if (!isConditionFailure(error)) throw error;
  }
  return { client, name, buckets: (await readMeta(client, name)) ?? buckets };
}

async function readMeta(client: DynamoDBDocumentClient, name: string): Promise<number | undefined> {
  const { Item } = await client.send(
    new GetCommand({ TableName: name, Key: keys.meta(), ConsistentRead: true }),
  );
  if (Item === undefined) return undefined;
  if (Item.schema !== 'hongbao/1') {
    throw new InputError(
      `table: ${JSON.stringify(name)} has schema ${String(Item.schema)}; allowed: hongbao/1`,
    );
  }
  return Number(Item.buckets);
}

/**
 * Makes the table when it is missing, as the data stack makes it.
 * @throws {@link InputError} when a table of that name has other keys.
 */
export async function ensureTable(client: DynamoDBDocumentClient, name: string): Promise<void> {
  const { ledgerIndex, partitionKey, sortKey } = TABLE;
  const found = await describe(client, name);
  if (found !== undefined) {
    const schema = (found.KeySchema ?? []).map(({ AttributeName }) => AttributeName).join(', ');
    const indexed = (found.GlobalSecondaryIndexes ?? []).some(
      ({ IndexName }) => IndexName === ledgerIndex.name,
    );
    if (schema !== `${partitionKey}, ${sortKey}` || !indexed) {
      throw new InputError(
        `table: got ${JSON.stringify(name)} with keys ${schema}; allowed: keys ${partitionKey}, ${sortKey} and the index ${ledgerIndex.name}`,
      );
    }
    return;
  }
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [partitionKey, sortKey, ledgerIndex.partitionKey, ledgerIndex.sortKey].map(
        (AttributeName) => ({ AttributeName, AttributeType: 'S' }),
      ),
      KeySchema: [
        { AttributeName: partitionKey, KeyType: 'HASH' },
        { AttributeName: sortKey, KeyType: 'RANGE' },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: ledgerIndex.name,
          KeySchema: [
            { AttributeName: ledgerIndex.partitionKey, KeyType: 'HASH' },
            { AttributeName: ledgerIndex.sortKey, KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
    }),
  );
  await waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 1 }, { TableName: name });
}

async function describe(client: DynamoDBDocumentClient, name: string) {
  try {
    return (await client.send(new DescribeTableCommand({ TableName: name }))).Table;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}
