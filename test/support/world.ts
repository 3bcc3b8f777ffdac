/** A whole Hongbao in memory: an embedded DynamoDB, a clock that tests turn, runs by schedule and by hand. */
import { type DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll } from 'vitest';
import type { Entry } from '../../shared/engine/history.ts';
import type { Fact } from '../../shared/facts/schema.ts';
import { ingest } from '../../shared/pipeline/ingest.ts';
import { type RunOutcome, runHere } from '../../shared/pipeline/run-here.ts';
import { parseRunInput } from '../../shared/pipeline/run-input.ts';
import type { Services } from '../../shared/pipeline/services.ts';
import { CATALOGUE } from '../../shared/policy/catalogue.ts';
import type { Program } from '../../shared/policy/schema.ts';
import { type Embedded, startEmbedded } from '../../shared/runtime/embedded.ts';
import { WRITER_LIFE_MS } from '../../shared/runtime/services.ts';
import { putAll } from '../../shared/store/batch.ts';
import { type Pool, readPools } from '../../shared/store/budget-item.ts';
import { readEntries } from '../../shared/store/ledger.ts';
import { ensureTable, openTable } from '../../shared/store/open-table.ts';
import { tablePlans } from '../../shared/store/plans.ts';
import type { Table } from '../../shared/store/table.ts';
import { addDays, addMonths, firstDay } from '../../shared/values/calendar.ts';
import { canonicalJson, compareCodeUnits } from '../../shared/values/canonical.ts';
import { lines } from './facts.ts';

export const PROGRAM = 'treasure-host';
/** Short, because tests wait for it by turning the clock. */
export const LEASE_MS = 60_000;

const SPARE_TABLES = 6;

type Item = Record<string, unknown>;

interface WorldOptions {
  shards?: number;
  buckets?: number;
  catalogue?: readonly Program[];
}

interface Database {
  client(): DynamoDBDocumentClient;
  /** A world with a table of its own. */
  world(options?: WorldOptions): Promise<World>;
  /** A world that begins where another was when it was scanned. */
  copy(items: readonly Item[], options?: WorldOptions): Promise<World>;
}

/** One database for a test file, started before its tests and stopped after them. */
export function database(): Database {
  let embedded: Embedded | undefined;
  let tables = 0;
  beforeAll(async () => {
    embedded = await startEmbedded();
  });
  afterAll(async () => {
    await Promise.all(spare);
    await embedded?.stop();
  });
  const client = () => {
    if (embedded === undefined)
      throw new Error('the database starts before the tests, not before their file');
    return embedded.client;
  };
  const make = async () => {
    const name = `world-${++tables}`;
    await ensureTable(client(), name);
    return name;
  };
  /** Tables in the making, because waiting for one takes a second when it is not there at once. */
  const spare: Promise<string>[] = [];
  const newTable = () => {
    while (spare.length < SPARE_TABLES) spare.push(make());
    return spare.shift() as Promise<string>;
  };
  return {
    client,
    async world(options = {}) {
      const { buckets = 4 } = options;
      const clock = clockAt(START);
      return new World(
        await openTable(client(), await newTable(), { buckets, now: clock.now }),
        clock,
        options,
      );
    },
    async copy(items, options = {}) {
      const { buckets = 4 } = options;
      const clock = clockAt(START);
      const table: Table = {
        client: client(),
        name: await newTable(),
        buckets,
        expires: true,
        openedAtMs: clock.now(),
        now: clock.now,
      };
      await putAll(table, items as never);
      return new World(table, clock, options);
    },
  };
}

const START = Date.parse('2024-07-24T12:00:00+08:00');

/** The clock that the tests of one table turn. */
interface Clock {
  ms: number;
  /** How many runs by hand there were: each has an id of its own. */
  runs: number;
  now(): number;
}

function clockAt(ms: number): Clock {
  const clock: Clock = { ms, runs: 0, now: () => clock.ms };
  return clock;
}

/** One table and all that happens in it. */
export class World {
  readonly table: Table;
  readonly services: Services;
  readonly #clock: Clock;

  constructor(table: Table, clock: Clock, { shards = 2, catalogue = CATALOGUE }: WorldOptions) {
    this.table = table;
    this.#clock = clock;
    const { now } = clock;
    this.services = {
      table,
      plans: tablePlans(table),
      catalogue,
      now,
      codeVersion: 'test',
      leaseMs: LEASE_MS,
      writerLifeMs: WRITER_LIFE_MS,
      shards,
    };
  }

  /** The same table at the same time, under other programs. */
  under(options: WorldOptions): World {
    return new World(this.table, this.#clock, options);
  }

  /** Turns the clock to a time in Shanghai. */
  at(date: string, time = '12:00'): this {
    this.#clock.ms = Date.parse(`${date}T${time}:00+08:00`);
    return this;
  }

  /** Lets time pass. */
  wait(milliseconds: number): this {
    this.#clock.ms += milliseconds;
    return this;
  }

  /** These services in a process whose every call to the table goes through a function: it may stall, fail or repeat. */
  around(around: NonNullable<Table['around']>): Services {
    const table: Table = { ...this.table, around };
    return { ...this.services, table, plans: tablePlans(table) };
  }

  /** These services with another client, as a process has that crashes. */
  through(client: DynamoDBDocumentClient): Services {
    const table = { ...this.table, client };
    return { ...this.services, table, plans: tablePlans(table) };
  }

  ingest(facts: readonly Fact[], arrivedOn: string) {
    return ingest(this.services, lines(facts), arrivedOn);
  }

  /** A run by hand, under an id of its own unless one is given. */
  run(
    input: Item,
    { runId = `by-hand-${++this.#clock.runs}`, services = this.services } = {},
  ): Promise<RunOutcome> {
    return runHere(services, parseRunInput({ program: PROGRAM, requestedBy: 'test', ...input }), runId);
  }

  /** The schedule of 04:30 that follows a date fires. */
  daily(date: string, services = this.services): Promise<RunOutcome> {
    const scheduledAt = `${addDays(date, 1)}T04:30:00+08:00`;
    this.at(addDays(date, 1), '04:30');
    return this.run({ job: 'daily', scheduledAt }, { services });
  }

  /** The schedule of 05:00 on the first of the next month fires. */
  monthEnd(month: string, services = this.services): Promise<RunOutcome> {
    const first = firstDay(addMonths(month, 1));
    this.at(first, '05:00');
    return this.run({ job: 'month-end', scheduledAt: `${first}T05:00:00+08:00` }, { services });
  }

  /** A backfill by hand, as of its last day. */
  backfill(from: string, to: string, more: Item = {}, services = this.services): Promise<RunOutcome> {
    return this.run({ job: 'backfill', from, to, ...more }, { services });
  }

  entries(): Promise<Entry[]> {
    return readEntries(this.table);
  }

  /** What the ledger comes to. */
  async ledger(): Promise<string[]> {
    return ledgerOf(await this.entries());
  }

  async pool(name = 'exposure'): Promise<Pool> {
    const pool = (await readPools(this.table, PROGRAM)).find((candidate) => candidate.pool === name);
    if (pool === undefined) throw new Error(`no pool ${name}`);
    return pool;
  }

  /** Every item of the table, by key. */
  async scan(): Promise<Item[]> {
    const items: Item[] = [];
    let ExclusiveStartKey: Item | undefined;
    do {
      const page = await this.table.client.send(
        new ScanCommand({ TableName: this.table.name, ConsistentRead: true, ExclusiveStartKey }),
      );
      items.push(...(page.Items ?? []));
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey !== undefined);
    return items.sort((a, b) => compareCodeUnits(`${a.pk} ${a.sk}`, `${b.pk} ${b.sk}`));
  }
}

/** Rows of participant, program, occasion, unit and amount; occasions that came to nothing are left out. */
function ledgerOf(entries: readonly Entry[]): string[] {
  const sums = new Map<string, number>();
  for (const { participantId, program, occasion, unit, amount } of entries) {
    const row = `${participantId} ${program} ${occasion} ${unit}`;
    sums.set(row, (sums.get(row) ?? 0) + amount);
  }
  return [...sums]
    .filter(([, amount]) => amount !== 0)
    .map(([row, amount]) => `${row} ${amount}`)
    .sort(compareCodeUnits);
}

/** What is granted from a pool. */
export function grantedFrom(entries: readonly Entry[], pool = 'exposure'): number {
  return entries.reduce((sum, entry) => sum + (entry.pool === pool ? entry.amount : 0), 0);
}

/** Items as text, to compare tables by. */
export function asText(items: readonly Item[]): string {
  return items.map((item) => canonicalJson(item)).join('\n');
}
