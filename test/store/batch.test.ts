/** Batches: what the service leaves unprocessed is sent again until nothing is left, and never forgotten. */
import { BatchGetCommand, BatchWriteCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from 'vitest';
import { getAll, putAll } from '../../shared/store/batch.ts';
import type { Table } from '../../shared/store/table.ts';
import { database } from '../support/world.ts';

const db = database();
const items = Array.from({ length: 60 }, (_, index) => ({
  pk: 'BATCH',
  sk: String(index).padStart(3, '0'),
  index,
}));
const keysOf = items.map(({ pk, sk }) => ({ pk, sk }));

/** A table that does only so many of each request, and leaves the rest unprocessed. */
async function table(atOnce: number): Promise<Table> {
  const { table } = await db.world();
  const send = table.client.send.bind(table.client) as (command: unknown) => Promise<unknown>;
  const client = Object.assign(Object.create(table.client), {
    send: async (command: unknown) => {
      if (command instanceof BatchWriteCommand) {
        const requests = command.input.RequestItems?.[table.name] ?? [];
        const [now, later] = [requests.slice(0, atOnce), requests.slice(atOnce)];
        await send(new BatchWriteCommand({ RequestItems: { [table.name]: now } }));
        return { UnprocessedItems: later.length === 0 ? {} : { [table.name]: later } };
      }
      if (command instanceof BatchGetCommand) {
        const { Keys = [], ...how } = command.input.RequestItems?.[table.name] ?? {};
        const [now, later] = [Keys.slice(0, atOnce * 4), Keys.slice(atOnce * 4)];
        const answer = await send(
          new BatchGetCommand({ RequestItems: { [table.name]: { ...how, Keys: now } } }),
        );
        const UnprocessedKeys = later.length === 0 ? {} : { [table.name]: { ...how, Keys: later } };
        return { ...(answer as object), UnprocessedKeys };
      }
      return send(command);
    },
  });
  return { ...table, client };
}

describe('a batch of which the service leaves some', () => {
  it('is written whole', async () => {
    const some = await table(9);
    await putAll(some, items);
    const found = await getAll(await Promise.resolve(some), keysOf);
    expect(found.map(({ index }) => index).sort((a, b) => Number(a) - Number(b))).toEqual(
      items.map(({ index }) => index),
    );
  });

  it('that never goes on is an error, and no silence', async () => {
    const { table } = await db.world();
    const client = Object.assign(Object.create(table.client), {
      send: async (command: BatchWriteCommand) => ({ UnprocessedItems: command.input.RequestItems }),
    });
    await expect(putAll({ ...table, client }, items.slice(0, 1))).rejects.toThrow(
      'the table left items unprocessed 8 times: is it throttled?',
    );
  });
});
