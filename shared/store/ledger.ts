/** The ledger: entries are put once, on a key that late data cannot move, and never updated or deleted. */
import type { NativeAttributeValue } from '@aws-sdk/lib-dynamodb';
import type { Entry } from '../engine/history.ts';
import { FACTS_ZONE } from '../facts/schema.ts';
import { type BusinessDate, businessDate, datesBetween, epochMs } from '../values/calendar.ts';
import { canonicalJson, compareCodeUnits } from '../values/canonical.ts';
import { getItem, type Item, itemsIn, itemsInIndex, itemsOfIndex, putIfAbsent, scanItems } from './items.ts';
import { TABLE } from './names.ts';
import { bucketOf, type Key, keys, LEDGER_SHARDS, type Table } from './table.ts';

/** `displaced`: another run wrote this entry's place first, so the plan that holds it is out of date. */
export type PutOutcome = 'written' | 'already-written' | 'displaced';

/**
 * Writes an entry if its place is free. A failed condition is read back: the same entry of the same run is
 * success, for the write may have been retried, or have succeeded without our hearing of it (law 9).
 */
export async function putEntry(table: Table, entry: Entry): Promise<PutOutcome> {
  if (await putIfAbsent(table, encodeEntry(entry))) return 'written';
  const there = await readEntryAt(table, entry);
  const same = there !== undefined && canonicalJson(there) === canonicalJson(entry);
  return same ? 'already-written' : 'displaced';
}

/** The entries of one participant, of every program, by program, occasion and number. */
export async function readEntriesOf(table: Table, participantId: string): Promise<Entry[]> {
  const { pk } = keys.profile(participantId);
  return entriesIn(itemsIn(table, { pk, startsWith: 'GRANT#' }));
}

/** All entries, by participant, occasion and number; with dates, those recorded on them, in the facts' zone. */
export async function readEntries(
  table: Table,
  recorded?: { from: BusinessDate; to: BusinessDate },
): Promise<Entry[]> {
  const { ledgerIndex } = TABLE;
  if (recorded === undefined) return entriesIn(itemsOfIndex(table, ledgerIndex));
  const entries: Entry[] = [];
  for (const date of datesBetween(recorded.from, recorded.to)) {
    for (let shard = 0; shard < LEDGER_SHARDS; shard++) {
      entries.push(...(await entriesIn(itemsInIndex(table, ledgerIndex, `${date}#${shard}`))));
    }
  }
  return entries.sort(compareEntries);
}

/** An entry as it stands in the table. */
export interface StoredEntry {
  entry: Entry;
  /** Whether its keys, in the table and in the index, say what it says itself. */
  agrees: boolean;
}

/**
 * Every entry of a program, read strongly from the table itself and in no order: it sees what was just written, and costs
 * a scan. Whose entries they are is told by their keys.
 */
export async function* scanEntries(table: Table, program: string): AsyncGenerator<StoredEntry> {
  for await (const item of scanItems(table, `GRANT#${program}#`)) {
    const entry = decodeEntry(item);
    yield { entry, agrees: agreesWith(entry, item) };
  }
}

/** What is damaged enough has no keys. */
function agreesWith(entry: Entry, item: Item): boolean {
  try {
    return canonicalJson(encodeEntry(entry)) === canonicalJson(item);
  } catch {
    return false;
  }
}

/** The entry that stands at the place of another, read strongly. */
export async function readEntryAt(
  table: Table,
  { participantId, program, occasion, n }: Pick<Entry, 'participantId' | 'program' | 'occasion' | 'n'>,
): Promise<Entry | undefined> {
  const item = await getItem(table, keys.entry(participantId, program, occasion, n));
  return item && decodeEntry(item);
}

/** The entries among items, in order: the index also lists what is held. */
async function entriesIn(items: AsyncIterable<Item>): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const item of items) if (String(item.sk).startsWith('GRANT#')) entries.push(decodeEntry(item));
  return entries.sort(compareEntries);
}

/** The order of rows in every listing: participant, occasion, entry number. */
function compareEntries(a: Entry, b: Entry): number {
  return (
    compareCodeUnits(a.participantId, b.participantId) ||
    compareCodeUnits(a.program, b.program) ||
    compareCodeUnits(a.occasion, b.occasion) ||
    a.n - b.n
  );
}

function encodeEntry(entry: Entry): Key & Item {
  const recordedOn = businessDate(epochMs(entry.recordedAt), FACTS_ZONE);
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
