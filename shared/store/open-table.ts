/** Opening and making the table, and the mark by which it is known as ours. */
import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  ResourceNotFoundException,
  waitUntilTableExists,
  waitUntilTableNotExists,
} from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { InputError } from '../values/validation.ts';
import { getItem, putIfAbsent } from './items.ts';
import { TABLE } from './names.ts';
import { keys, type Table } from './table.ts';

/** Says that a table is ours, and of which layout. */
const SCHEMA = 'hongbao/2';
/** Buckets of due markers in a deployed table, for its life: enough for 256,000 arrivals a second. */
const BUCKETS = 256;

/**
 * Opens a table for use, marking an empty one as ours. The number of buckets is chosen then, for the life of
 * the table: a small one for an embedded table, where a query costs more than a hot partition.
 * @throws {@link InputError} when the table holds something else.
 */
export async function openTable(
  client: DynamoDBDocumentClient,
  name: string,
  {
    buckets = BUCKETS,
    expires = true,
    now = Date.now,
  }: Partial<Pick<Table, 'buckets' | 'expires' | 'now'>> = {},
): Promise<Table> {
  const meta = await readMark(client, name);
  if (meta !== undefined) return { client, name, now, ...meta };
  const { Items = [] } = await client.send(
    new ScanCommand({ TableName: name, Limit: 1, ConsistentRead: true }),
  );
  // What was found may be the mark of someone who opened it at the same time.
  if (Items.length > 0 && (await readMark(client, name)) === undefined) {
    throw new InputError(
      `table: got ${JSON.stringify(name)}, which holds items of something else; allowed: a table of Hongbao's, or an empty one`,
    );
  }
  const mark: Mark = { buckets, expires, openedAtMs: now() };
  await putIfAbsent({ client, name, now, ...mark }, { ...keys.meta(), schema: SCHEMA, ...mark });
  return { client, name, now, ...((await readMark(client, name)) ?? mark) };
}

/** What is fixed for a table's life. */
type Mark = Pick<Table, 'buckets' | 'expires' | 'openedAtMs'>;

async function readMark(client: DynamoDBDocumentClient, name: string): Promise<Mark | undefined> {
  const unmarked = { client, name, now: Date.now, buckets: 0, expires: false, openedAtMs: 0 };
  const item = await getItem(unmarked, keys.meta());
  if (item === undefined) return undefined;
  if (item.schema !== SCHEMA) {
    throw new InputError(
      `table: ${JSON.stringify(name)} has schema ${String(item.schema)}; allowed: ${SCHEMA} (an older table is not carried over: import your fact files into a new one)`,
    );
  }
  return {
    buckets: Number(item.buckets),
    expires: item.expires === true,
    openedAtMs: Number(item.openedAtMs),
  };
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
  await waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 0.05, maxDelay: 2 }, { TableName: name });
}

/** Deletes the table with all that it holds; one that is not there is none. */
export async function dropTable(client: DynamoDBDocumentClient, name: string): Promise<void> {
  if ((await describe(client, name)) === undefined) return;
  await client.send(new DeleteTableCommand({ TableName: name }));
  await waitUntilTableNotExists(
    { client, maxWaitTime: 60, minDelay: 0.05, maxDelay: 2 },
    { TableName: name },
  );
}

async function describe(client: DynamoDBDocumentClient, name: string) {
  try {
    return (await client.send(new DescribeTableCommand({ TableName: name }))).Table;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}
