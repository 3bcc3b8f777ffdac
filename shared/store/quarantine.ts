/** Facts that were refused, whole and with the reason, by the day they arrived. */
import type { BusinessDate } from '../values/calendar.ts';
import { textHash } from '../values/canonical.ts';
import { putAll } from './batch.ts';
import { deleteItem, itemsIn } from './items.ts';
import { bucketOf, expiry, keys, LEDGER_SHARDS, type Table } from './table.ts';

export interface Quarantined {
  /** The day it arrived. */
  arrivedOn: BusinessDate;
  /** The line as it came. One too long for an item is cut, and says so in the reason. */
  raw: string;
  reason: string;
}

/** An item of DynamoDB holds 400 KB; this leaves room for the reason and the keys. */
const MAX_RAW_BYTES = 380_000;

/** Keeps refused facts. The same line on the same day is kept once. */
export async function quarantine(
  table: Table,
  refused: readonly Quarantined[],
  nowMs: number,
): Promise<void> {
  const expiresAt = expiry(nowMs);
  const items = new Map(
    refused.map(cutToFit).map((fact) => {
      const hash = textHash(fact.raw);
      const key = keys.quarantine(fact.arrivedOn, bucketOf(hash, LEDGER_SHARDS), hash);
      return [`${key.pk} ${key.sk}`, { ...key, raw: fact.raw, reason: fact.reason, expiresAt }] as const;
    }),
  );
  await putAll(table, [...items.values()]);
}

/** Takes a fact out of quarantine. */
export async function removeQuarantined(table: Table, { arrivedOn, raw }: Quarantined): Promise<void> {
  const hash = textHash(raw);
  await deleteItem(table, keys.quarantine(arrivedOn, bucketOf(hash, LEDGER_SHARDS), hash));
}

function cutToFit(fact: Quarantined): Quarantined {
  const bytes = Buffer.from(fact.raw);
  if (bytes.length <= MAX_RAW_BYTES) return fact;
  const raw = bytes.subarray(0, MAX_RAW_BYTES).toString();
  return {
    ...fact,
    raw,
    reason: `${fact.reason} · kept: the first ${MAX_RAW_BYTES} of ${bytes.length} bytes`,
  };
}

/** What was refused on the given days, by day and then by line. */
export async function readQuarantine(table: Table, dates: readonly BusinessDate[]): Promise<Quarantined[]> {
  const found: Quarantined[] = [];
  for (const arrivedOn of dates) {
    for (let shard = 0; shard < LEDGER_SHARDS; shard++) {
      const { pk } = keys.quarantine(arrivedOn, shard, '');
      for await (const { raw, reason } of itemsIn(table, { pk })) {
        found.push({ arrivedOn, raw: String(raw), reason: String(reason) });
      }
    }
  }
  return found.sort((a, b) => (a.arrivedOn + a.raw < b.arrivedOn + b.raw ? -1 : 1));
}
