/** Facts that were refused, whole and with the reason, by the day they arrived: until somebody deals with them. */
import pMap from 'p-map';
import type { BusinessDate } from '../values/calendar.ts';
import { textHash } from '../values/canonical.ts';
import { arrivalDays, noteArrivalDay } from './due.ts';
import { itemsIn, updateIf } from './items.ts';
import { bucketOf, expiry, keys, LEDGER_SHARDS, type Table } from './table.ts';

export interface Quarantined {
  /** The day it arrived. */
  arrivedOn: BusinessDate;
  /** The line as it came. One too long for an item is cut, and says so in the reason. */
  raw: string;
  reason: string;
  /** Where it came from: file and line, or message and line. Of several, the first. */
  at?: string;
  /** It lost against another version of an equal revision. */
  conflict?: boolean;
}

/** A refused fact as it is kept. */
export interface QuarantineRow extends Quarantined {
  id: string;
  /** How often it came that day. */
  times: number;
  state: 'open' | 'retried' | 'dropped';
  /** Who dealt with it, why and when. */
  by?: string;
  why?: string;
  decidedAt?: string;
}

/** An item of DynamoDB holds 400 KB; this leaves room for the reason and the keys. */
const MAX_RAW_BYTES = 380_000;
const MAX_SOURCE = 200;
const WRITERS = 16;

/** Keeps refused facts. The same line on the same day is one row, which says how often it came; one dealt with stays so. */
export async function quarantine(
  table: Table,
  refused: readonly Quarantined[],
  nowMs: number,
): Promise<void> {
  for (const date of new Set(refused.map(({ arrivedOn }) => arrivedOn)))
    await noteArrivalDay(table, date, nowMs);
  const rows = new Map<string, { fact: Quarantined; times: number }>();
  for (const fact of refused.map(cutToFit)) {
    const id = idOf(fact);
    const { times } = rows.get(id) ?? { times: 0 };
    rows.set(id, { fact: rows.get(id)?.fact ?? fact, times: times + 1 });
  }
  await pMap(rows, ([id, { fact, times }]) => keep(table, id, fact, times, nowMs), { concurrency: WRITERS });
}

async function keep(
  table: Table,
  id: string,
  fact: Quarantined,
  times: number,
  nowMs: number,
): Promise<void> {
  const { arrivedOn, raw, reason, at = '', conflict = false } = fact;
  await updateIf(table, keyOf(arrivedOn, id), {
    update:
      'SET #raw = :raw, #reason = :reason, #at = if_not_exists(#at, :at), #conflict = :conflict, #state = if_not_exists(#state, :open), expiresAt = :expiresAt ADD #times :times',
    names: {
      '#raw': 'raw',
      '#reason': 'reason',
      '#at': 'at',
      '#conflict': 'conflict',
      '#state': 'state',
      '#times': 'times',
    },
    values: {
      ':raw': raw,
      ':reason': reason,
      ':at': at.slice(0, MAX_SOURCE),
      ':conflict': conflict,
      ':open': 'open',
      ':expiresAt': expiry(nowMs),
      ':times': times,
    },
  });
}

/**
 * Records that a row was dealt with.
 * @returns false when it is not open any more.
 */
export async function closeRow(
  table: Table,
  { arrivedOn, id }: QuarantineRow,
  { state, by, why, at }: { state: 'retried' | 'dropped'; by: string; why?: string; at: string },
): Promise<boolean> {
  return updateIf(table, keyOf(arrivedOn, id), {
    update: 'SET #state = :state, #by = :by, decidedAt = :at, why = :why',
    condition: '#state = :open',
    names: { '#state': 'state', '#by': 'by' },
    values: { ':state': state, ':open': 'open', ':by': by, ':at': at, ':why': why ?? '' },
  });
}

/** Every row there is, by day, and then by place. */
export async function readQuarantine(table: Table): Promise<QuarantineRow[]> {
  const rows: QuarantineRow[] = [];
  for (const arrivedOn of await arrivalDays(table, '0000-01-01', '9999-12-31')) {
    for (let shard = 0; shard < LEDGER_SHARDS; shard++) {
      const { pk } = keys.quarantine(arrivedOn, shard, '');
      for await (const item of itemsIn(table, { pk })) {
        const { pk: _pk, sk, expiresAt: _expiresAt, ...row } = item;
        rows.push({ ...(row as Omit<QuarantineRow, 'id' | 'arrivedOn'>), id: String(sk), arrivedOn });
      }
    }
  }
  return rows.sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
}

function sortKey({ arrivedOn, at = '', raw }: QuarantineRow): string {
  return `${arrivedOn} ${at} ${raw}`;
}

/** By day and line: the same line on another day is another row. */
function idOf({ arrivedOn, raw }: Quarantined): string {
  return textHash(`${arrivedOn} ${raw}`);
}

function keyOf(arrivedOn: BusinessDate, id: string) {
  return keys.quarantine(arrivedOn, bucketOf(id, LEDGER_SHARDS), id);
}

function cutToFit(fact: Quarantined): Quarantined {
  const bytes = Buffer.from(fact.raw);
  if (bytes.length <= MAX_RAW_BYTES) return fact;
  const raw = bytes
    .subarray(0, MAX_RAW_BYTES)
    .toString()
    .replace(/\uFFFD+$/, '');
  return {
    ...fact,
    raw,
    reason: `${fact.reason} · kept: the first ${MAX_RAW_BYTES} of ${bytes.length} bytes`,
  };
}
