/** The ledger: entries are put once, on a key that late data cannot move, and never updated or deleted. */
import {
  GetCommand,
  type NativeAttributeValue,
  PutCommand,
  paginateQuery,
  paginateScan,
} from '@aws-sdk/lib-dynamodb';
import type { Entry } from '../engine/history.ts';
import { FACTS_ZONE } from '../facts/schema.ts';
import { type BusinessDate, businessDate, datesBetween, parseInstant } from '../values/calendar.ts';
import { canonicalJson, compareCodeUnits } from '../values/canonical.ts';
import { isConditionFailure } from './conditions.ts';
import { TABLE } from './names.ts';
import { bucketOf, keys, LEDGER_SHARDS, type Table } from './table.ts';

/** `displaced`: another run wrote this entry's place first, so the plan that holds it is out of date. */
export type PutOutcome = 'written' | 'already-written' | 'displaced';

/**
 * Writes an entry if its place is free. A failed condition is read back: the same entry of the same run is
 * success, for the write may have been retried, or have succeeded without our hearing of it (law 9).
 */
export async function putEntry(table: Table, entry: Entry): Promise<PutOutcome> {
  try {
    await table.client.send(
      new PutCommand({
        TableName: table.name,
        Item: encodeEntry(entry),
        ConditionExpression: 'attribute_not_exists(pk)',
      }),
    );
    return 'written';
  } catch (error) {
    if (!isConditionFailure(error)) throw error;
  }
  const { Item } = await table.client.send(
    new GetCommand({
      TableName: table.name,
      Key: keys.entry(entry.participantId, entry.program, entry.occasion, entry.n),
      ConsistentRead: true,
    }),
  );
  const same = Item !== undefined && canonicalJson(decodeEntry(Item)) === canonicalJson(entry);
  return same ? 'already-written' : 'displaced';
}

/** The entries of one participant, of every program, by program, occasion and number. */
export async function readEntriesOf(table: Table, participantId: string): Promise<Entry[]> {
  const pages = paginateQuery(
    { client: table.client },
    {
      TableName: table.name,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': keys.profile(participantId).pk, ':prefix': 'GRANT#' },
      ConsistentRead: true,
    },
  );
  return collect(pages);
}

/** All entries, by participant, occasion and number; with dates, those recorded on them, in the facts' zone. */
export async function readEntries(
  table: Table,
  recorded?: { from: BusinessDate; to: BusinessDate },
): Promise<Entry[]> {
  const { name: IndexName, partitionKey } = TABLE.ledgerIndex;
  if (recorded === undefined) {
    return collect(paginateScan({ client: table.client }, { TableName: table.name, IndexName }));
  }
  const entries: Entry[] = [];
  for (const date of datesBetween(recorded.from, recorded.to)) {
    for (let shard = 0; shard < LEDGER_SHARDS; shard++) {
      const pages = paginateQuery(
        { client: table.client },
        {
          TableName: table.name,
          IndexName,
          KeyConditionExpression: `${partitionKey} = :pk`,
          ExpressionAttributeValues: { ':pk': `${date}#${shard}` },
        },
      );
      entries.push(...(await collect(pages)));
    }
  }
  return entries.sort(compareEntries);
}

async function collect(
  pages: AsyncIterable<{ Items?: Record<string, NativeAttributeValue>[] | undefined }>,
): Promise<Entry[]> {
  const entries: Entry[] = [];
  // The index also lists what is held.
  for await (const { Items = [] } of pages) {
    entries.push(...Items.filter(({ sk }) => String(sk).startsWith('GRANT#')).map(decodeEntry));
  }
  return entries.sort(compareEntries);
}

/** The order of rows in every listing: participant, occasion, entry number. */
export function compareEntries(a: Entry, b: Entry): number {
  return (
    compareCodeUnits(a.participantId, b.participantId) ||
    compareCodeUnits(a.program, b.program) ||
    compareCodeUnits(a.occasion, b.occasion) ||
    a.n - b.n
  );
}

function encodeEntry(entry: Entry): Record<string, unknown> {
  const recordedOn = businessDate(parseInstant(entry.recordedAt) ?? Number.NaN, FACTS_ZONE);
  const { pk, sk } = keys.entry(entry.participantId, entry.program, entry.occasion, entry.n);
  return {
    pk,
    sk,
    [TABLE.ledgerIndex.partitionKey]: `${recordedOn}#${bucketOf(entry.participantId, LEDGER_SHARDS)}`,
    [TABLE.ledgerIndex.sortKey]: `${entry.participantId}#${entry.program}#${entry.occasion}#${sk.slice(-4)}`,
    ...entry,
  };
}

/** An entry as it is stored, without the keys. */
export function decodeEntry(item: Record<string, NativeAttributeValue>): Entry {
  const { pk: _pk, sk: _sk, ledgerPk: _ledgerPk, ledgerSk: _ledgerSk, ...entry } = item;
  return entry as Entry;
}
