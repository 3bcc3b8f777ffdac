/** Who is due: a marker by arrival date and bucket, put before the fact that makes a participant due. */
import { PutCommand, paginateQuery } from '@aws-sdk/lib-dynamodb';
import type { BusinessDate } from '../values/calendar.ts';
import { putAll } from './batch.ts';
import { bucketOf, expiry, keys, type Table } from './table.ts';

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
export async function noteArrivalDay(table: Table, date: BusinessDate, nowMs: number): Promise<void> {
  const known = listed.get(table) ?? new Set();
  listed.set(table, known);
  if (known.has(date)) return;
  await table.client.send(
    new PutCommand({ TableName: table.name, Item: { ...keys.arrivalDay(date), expiresAt: expiry(nowMs) } }),
  );
  known.add(date);
}

/** The dates between two, both included, on which anything arrived. */
export async function arrivalDays(
  table: Table,
  from: BusinessDate,
  to: BusinessDate,
): Promise<BusinessDate[]> {
  if (from > to) return [];
  const pages = paginateQuery(
    { client: table.client },
    {
      TableName: table.name,
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
      ExpressionAttributeValues: { ':pk': keys.arrivalDay(from).pk, ':from': from, ':to': to },
      ConsistentRead: true,
    },
  );
  const dates: BusinessDate[] = [];
  for await (const { Items = [] } of pages) dates.push(...Items.map(({ sk }) => String(sk)));
  return dates;
}

/** The participants of some buckets that were due on some dates, each once, in order. */
export async function readDue(
  table: Table,
  dates: readonly BusinessDate[],
  buckets: readonly number[],
): Promise<string[]> {
  const due = new Set<string>();
  for (const date of dates) {
    for (const bucket of buckets) {
      const pages = paginateQuery(
        { client: table.client },
        {
          TableName: table.name,
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': keys.due(date, bucket, '').pk },
          ProjectionExpression: 'sk',
          ConsistentRead: true,
        },
      );
      for await (const { Items = [] } of pages) for (const { sk } of Items) due.add(String(sk));
    }
  }
  return [...due].sort();
}
