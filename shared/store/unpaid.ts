/**
 * Whom a pool could not pay in full, listed so that a raise finds them however old their facts are (law 8). The list
 * is written before the entry with its shortfall and never struck: what is still owed, the ledger says.
 */
import { putAll } from './batch.ts';
import { itemsIn } from './items.ts';
import { bucketOf, keys, type Table } from './table.ts';

/** Lists participants as owed something by a program. Doing it again changes nothing. */
export async function listUnpaid(
  table: Table,
  program: string,
  participantIds: Iterable<string>,
): Promise<void> {
  await putAll(
    table,
    [...new Set(participantIds)].map((id) => keys.unpaid(program, bucketOf(id, table.buckets), id)),
  );
}

/** The participants of some buckets that are, or once were, owed something. */
export async function readUnpaid(
  table: Table,
  program: string,
  buckets: readonly number[],
): Promise<string[]> {
  const ids: string[] = [];
  for (const bucket of buckets) {
    for await (const { sk } of itemsIn(table, { pk: keys.unpaid(program, bucket, '').pk }))
      ids.push(String(sk));
  }
  return ids;
}
