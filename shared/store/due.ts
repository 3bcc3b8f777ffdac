/** Who is due: a marker by arrival date and bucket, put before the fact that makes a participant due. */
import type { BusinessDate } from '../values/calendar.ts';
import { putAll } from './batch.ts';
import { itemsIn, putItem } from './items.ts';
import { bucketOf, expiry, keys, type Table } from './table.ts';

/** A day's markers are passed only when the day ended this long before the run that passes them was opened. */
export const BUCKET_GRACE_MS = 3_600_000;

/** Arrival dates that this process has put on the list already. */
const listed = new WeakMap<Table, Set<BusinessDate>>();

/** Marks participants as due on an arrival date. Doing it again changes nothing. */
export async function markDue(
  table: Table,
  date: BusinessDate,
  participantIds: readonly string[],
  nowMs: number,
): Promise<void> {
  if (participantIds.length === 0) return;
  await noteArrivalDay(table, date, nowMs);
  const expiresAt = expiry(nowMs);
  await putAll(
    table,
    [...new Set(participantIds)].map((id) => ({
      ...keys.due(date, bucketOf(id, table.buckets), id),
      expiresAt,
    })),
  );
}

/**
 * Puts a date on the list of arrival dates. The list keeps a scan of a year from asking each bucket of each date
 * whether it is there.
 */
async function noteArrivalDay(table: Table, date: BusinessDate, nowMs: number): Promise<void> {
  const known = listed.get(table) ?? new Set();
  listed.set(table, known);
  if (known.has(date)) return;
  await putItem(table, { ...keys.arrivalDay(date), expiresAt: expiry(nowMs) });
  known.add(date);
}

/** The dates between two, both included, on which anything arrived. */
export async function arrivalDays(
  table: Table,
  from: BusinessDate,
  to: BusinessDate,
): Promise<BusinessDate[]> {
  if (from > to) return [];
  const dates: BusinessDate[] = [];
  const { pk } = keys.arrivalDay(from);
  for await (const { sk } of itemsIn(table, { pk, between: [from, to] })) dates.push(String(sk));
  return dates;
}

/** A fact that came so late that most runs do not read it any more. */
export interface LateFact {
  participantId: string;
  day: BusinessDate;
}

/** Notes facts that came very late, beside the markers of their participants: runs list those they do not reach. */
export async function noteLate(
  table: Table,
  date: BusinessDate,
  facts: readonly LateFact[],
  nowMs: number,
): Promise<void> {
  const expiresAt = expiry(nowMs);
  const items = facts.map(({ participantId, day }) => ({
    ...keys.due(date, bucketOf(participantId, table.buckets), `${participantId}#${day}`),
    expiresAt,
  }));
  await putAll(table, [...new Map(items.map((item) => [`${item.pk} ${item.sk}`, item])).values()]);
}

/** What is marked in some buckets on some dates: participants due, each once and in order, and facts very late. */
export async function readMarkers(
  table: Table,
  dates: readonly BusinessDate[],
  buckets: readonly number[],
): Promise<{ due: string[]; late: LateFact[] }> {
  const due = new Set<string>();
  const late: LateFact[] = [];
  for (const date of dates) {
    for (const bucket of buckets) {
      for await (const { sk } of itemsIn(table, { pk: keys.due(date, bucket, '').pk })) {
        const [participantId = '', day] = String(sk).split('#');
        if (day === undefined) due.add(participantId);
        else late.push({ participantId, day });
      }
    }
  }
  return { due: [...due].sort(), late };
}

/** The participants of some buckets that were due on some dates, each once, in order. */
export async function readDue(
  table: Table,
  dates: readonly BusinessDate[],
  buckets: readonly number[],
): Promise<string[]> {
  return (await readMarkers(table, dates, buckets)).due;
}
