/** The one table: the keys of all that is in it. */
import { createHash } from 'node:crypto';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { FACTS_ZONE } from '../facts/schema.ts';
import { RETENTION_DAYS } from '../policy/reach.ts';
import { addDays, type BusinessDate, businessDate } from '../values/calendar.ts';

/** A day's entries are spread over this many partitions of the ledger index. */
export const LEDGER_SHARDS = 16;

/** Refused facts are spread over partitions by the first digit of their ids. */
export const QUARANTINE_SHARDS = [...'0123456789abcdef'];

/** What is done to the table, and to which items: what a test that stalls or fails a call is told. */
export interface Call {
  verb:
    | 'get'
    | 'put'
    | 'put-if-absent'
    | 'update'
    | 'delete'
    | 'range'
    | 'index'
    | 'scan'
    | 'put-all'
    | 'get-all';
  /** The keys of the items, as `pk sk`; of a range its partition, of a scan nothing. */
  keys: readonly string[];
}

/** An open table. `buckets`, `expires` and `openedAtMs` are fixed when it is adopted, and stand in the table itself. */
export interface Table {
  client: DynamoDBDocumentClient;
  name: string;
  buckets: number;
  /** Whether what is past its expiry is gone: an embedded table keeps everything. */
  expires: boolean;
  /** When it was adopted, in milliseconds since the epoch: what is older than the table cannot have expired in it. */
  openedAtMs: number;
  /** The instant, in milliseconds since the epoch: what is past its expiry now is left out of every read. */
  now(): number;
  /** Stands between every call and the table: tests stall calls, fail them and repeat them here. */
  around?<T>(call: Call, send: () => Promise<T>): Promise<T>;
}

/** The primary key of an item. */
export interface Key {
  pk: string;
  sk: string;
}

/** The keys of every item: readers of the table start here (docs/design.md, The table). */
export const keys = {
  meta: () => ({ pk: 'TABLE', sk: 'META' }),
  day: (participantId: string, date: BusinessDate) => ({ pk: `P#${participantId}`, sk: `DAY#${date}` }),
  profile: (participantId: string) => ({ pk: `P#${participantId}`, sk: 'PROFILE' }),
  entry: (participantId: string, program: string, occasion: string, n: number) => ({
    pk: `P#${participantId}`,
    sk: `GRANT#${program}#${occasion}#${String(n).padStart(4, '0')}`,
  }),
  held: (participantId: string, program: string, occasion: string) => ({
    pk: `P#${participantId}`,
    sk: `HELD#${program}#${occasion}`,
  }),
  unpaid: (program: string, bucket: number, participantId: string) => ({
    pk: `UNPAID#${program}#${bucket}`,
    sk: participantId,
  }),
  member: (agencyId: string, participantId: string) => ({
    pk: `P#${agencyId}`,
    sk: `MEMBER#${participantId}`,
  }),
  shop: (entityId: string, participantId: string) => ({ pk: `P#${entityId}`, sk: `OWNS#${participantId}` }),
  arrivalDay: (date: BusinessDate) => ({ pk: 'ARRIVALS', sk: date }),
  due: (date: BusinessDate, bucket: number, participantId: string) => ({
    pk: `DUE#${date}#${bucket}`,
    sk: participantId,
  }),
  budget: (program: string) => ({ pk: `RUN#${program}`, sk: 'BUDGET' }),
  control: (program: string) => ({ pk: `RUN#${program}`, sk: 'CONTROL' }),
  run: (program: string, runId: string) => ({ pk: `RUN#${program}`, sk: `ID#${runId}` }),
  planned: (program: string, manifest: string) => ({ pk: `RUN#${program}`, sk: `PLAN#${manifest}` }),
  decided: (program: string, decision: string) => ({
    pk: `RUN#${program}`,
    sk: `DECIDED#${decision}`,
  }),
  policy: (program: string, version: string) => ({ pk: `POLICY#${program}`, sk: version }),
  planPart: (hash: string, chunk: number) => ({ pk: `PLAN#${hash}`, sk: String(chunk).padStart(4, '0') }),
  quarantine: (id: string) => ({ pk: `QUARANTINE#${id.slice(0, 1)}`, sk: id }),
} as const;

/** The bucket of a participant: the same for its life, so that each is in exactly one shard of a run. */
export function bucketOf(participantId: string, buckets: number): number {
  return createHash('sha256').update(participantId).digest().readUInt32BE(0) % buckets;
}

/**
 * The first date whose facts are surely all still there: before it, what has expired looks like what was withdrawn
 * (law 5). Undefined while nothing can have expired.
 */
export function floorOf({ expires, openedAtMs, now }: Table): BusinessDate | undefined {
  const nowMs = now();
  if (!expires || nowMs - openedAtMs < RETENTION_DAYS * 86_400_000) return undefined;
  return addDays(businessDate(nowMs, FACTS_ZONE), -RETENTION_DAYS);
}

/** When an item written now may be removed, in seconds since the epoch. */
export function expiry(nowMs: number): number {
  return Math.floor(nowMs / 1000) + RETENTION_DAYS * 86_400;
}
