/**
 * Facts that were refused, whole and with the reason: a row a line, whenever and from wherever it comes, until somebody
 * deals with it. What a person dropped, no machine opens again (law 17).
 */
import pMap from 'p-map';
import type { BusinessDate } from '../values/calendar.ts';
import { textHash } from '../values/canonical.ts';
import { itemsIn, updateIf } from './items.ts';
import { expiry, keys, QUARANTINE_SHARDS, type Table } from './table.ts';

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
  /** How often it came. */
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

/** Keeps refused facts. A line that was retried is open again when it is refused again; a dropped one only counts. */
export async function quarantine(
  table: Table,
  refused: readonly Quarantined[],
  nowMs: number,
): Promise<void> {
  const rows = new Map<string, { fact: Quarantined; times: number }>();
  for (const fact of refused.map(storable)) {
    const id = textHash(fact.raw);
    const { fact: first, times } = rows.get(id) ?? { fact, times: 0 };
    const merged = fact.conflict === true ? { ...first, reason: fact.reason, conflict: true } : first;
    rows.set(id, { fact: merged, times: times + 1 });
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
  const opened = await updateIf(table, keys.quarantine(id), {
    // Whoever lost a conflict stays its loser, for that reason, whatever else is said of the line.
    update: `SET arrivedOn = if_not_exists(arrivedOn, :day), #raw = :raw, #at = if_not_exists(#at, :at), #state = :open, expiresAt = :expiresAt, ${
      conflict
        ? '#reason = :reason, #conflict = :conflict'
        : '#reason = if_not_exists(#reason, :reason), #conflict = if_not_exists(#conflict, :conflict)'
    } ADD #times :times`,
    condition: 'attribute_not_exists(#state) OR #state <> :dropped',
    names: {
      '#raw': 'raw',
      '#reason': 'reason',
      '#at': 'at',
      '#conflict': 'conflict',
      '#state': 'state',
      '#times': 'times',
    },
    values: {
      ':day': arrivedOn,
      ':raw': raw,
      ':reason': reason,
      ':at': at.slice(0, MAX_SOURCE),
      ':conflict': conflict,
      ':open': 'open',
      ':dropped': 'dropped',
      ':expiresAt': expiry(nowMs),
      ':times': times,
    },
  });
  if (opened) return;
  await updateIf(table, keys.quarantine(id), {
    update: 'SET expiresAt = :expiresAt ADD #times :times',
    names: { '#times': 'times' },
    values: { ':expiresAt': expiry(nowMs), ':times': times },
  });
}

/**
 * Records that a row was dealt with.
 * @returns false when it is not open any more.
 */
export async function closeRow(
  table: Table,
  { id }: QuarantineRow,
  { state, by, why, at }: { state: 'retried' | 'dropped'; by: string; why?: string; at: string },
): Promise<boolean> {
  return updateIf(table, keys.quarantine(id), {
    update: 'SET #state = :state, #by = :by, decidedAt = :at, why = :why',
    condition: '#state = :open',
    names: { '#state': 'state', '#by': 'by' },
    values: { ':state': state, ':open': 'open', ':by': by, ':at': at, ':why': why ?? '' },
  });
}

/** Every row there is, by day, and then by place. */
export async function readQuarantine(table: Table): Promise<QuarantineRow[]> {
  const rows: QuarantineRow[] = [];
  for (const shard of QUARANTINE_SHARDS) {
    for await (const item of itemsIn(table, { pk: keys.quarantine(shard).pk })) {
      const { pk: _pk, sk, expiresAt: _expiresAt, ...row } = item;
      rows.push({ ...(row as Omit<QuarantineRow, 'id'>), id: String(sk) });
    }
  }
  return rows.sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
}

function sortKey({ arrivedOn, at = '', raw }: QuarantineRow): string {
  return `${arrivedOn} ${at} ${raw}`;
}

/** Halves of surrogate pairs become the escapes that mean them: no UTF-8 holds them, and the line still says the same. */
function storable(fact: Quarantined): Quarantined {
  const raw = fact.raw.replace(/\p{Surrogate}/gu, (half) => `\\u${half.charCodeAt(0).toString(16)}`);
  const bytes = Buffer.from(raw);
  if (bytes.length <= MAX_RAW_BYTES) return { ...fact, raw };
  let end = MAX_RAW_BYTES;
  // Not within a character: a byte that goes on with one begins with the bits 10.
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return {
    ...fact,
    raw: bytes.subarray(0, end).toString(),
    reason: `${fact.reason} · kept: the first ${end} of ${bytes.length} bytes`,
  };
}
