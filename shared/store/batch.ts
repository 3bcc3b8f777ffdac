/** Many items in few calls: what the service leaves unprocessed is sent again, a little later each time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { BatchGetCommand, BatchWriteCommand } from '@aws-sdk/lib-dynamodb';
import pMap from 'p-map';
import { isAlive, nameOf, through } from './items.ts';
import type { Table } from './table.ts';

type Key = { pk: string; sk: string };
type Item = Key & Record<string, unknown>;

const WRITE_SIZE = 25;
const READ_SIZE = 100;
const CONCURRENCY = 8;
const ATTEMPTS = 8;

/** Puts items unconditionally; give each key once. */
export async function putAll(table: Table, items: readonly Item[]): Promise<void> {
  await pMap(chunks(items, WRITE_SIZE), (chunk) => putChunk(table, chunk), { concurrency: CONCURRENCY });
}

async function putChunk(table: Table, chunk: readonly Item[]): Promise<void> {
  let requests = chunk.map((Item) => ({ PutRequest: { Item } }));
  for (let attempt = 0; requests.length > 0; attempt++) {
    await pause(attempt);
    const { UnprocessedItems } = await through(
      table,
      { verb: 'put-all', keys: requests.map(({ PutRequest }) => nameOf(PutRequest.Item)) },
      () => table.client.send(new BatchWriteCommand({ RequestItems: { [table.name]: requests } })),
    );
    requests = (UnprocessedItems?.[table.name] ?? []) as typeof requests;
  }
}

/** Reads items strongly, `expired` ones only when asked; those that do not exist are absent from the answer. Give each key once. */
export async function getAll(
  table: Table,
  keys: readonly Key[],
  { expired = false }: { expired?: boolean } = {},
): Promise<Item[]> {
  const found = await pMap(chunks(keys, READ_SIZE), (chunk) => getChunk(table, chunk), {
    concurrency: CONCURRENCY,
  });
  return found.flat().filter((item) => expired || isAlive(table, item));
}

async function getChunk(table: Table, chunk: readonly Key[]): Promise<Item[]> {
  const found: Item[] = [];
  let wanted = chunk;
  for (let attempt = 0; wanted.length > 0; attempt++) {
    await pause(attempt);
    const Keys = [...wanted];
    const { Responses, UnprocessedKeys } = await through(
      table,
      { verb: 'get-all', keys: Keys.map(nameOf) },
      () =>
        table.client.send(
          new BatchGetCommand({ RequestItems: { [table.name]: { Keys, ConsistentRead: true } } }),
        ),
    );
    found.push(...((Responses?.[table.name] ?? []) as Item[]));
    wanted = (UnprocessedKeys?.[table.name]?.Keys ?? []) as Key[];
  }
  return found;
}

async function pause(attempt: number): Promise<void> {
  if (attempt >= ATTEMPTS)
    throw new Error(`the table left items unprocessed ${ATTEMPTS} times: is it throttled?`);
  if (attempt > 0) await sleep(25 * 2 ** attempt);
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
