/** The functions of a run, called as the state machine calls them: on an embedded table, with plans in memory. */
import { gunzipSync } from 'node:zlib';
import { GetObjectCommand, NoSuchKey, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Entry } from '../../shared/engine/history.ts';
import type { Allocation } from '../../shared/pipeline/allocate.ts';
import type { PartResult } from '../../shared/pipeline/apply-part.ts';
import type { ShardResult, StageOutcomes } from '../../shared/pipeline/evaluation.ts';
import { ingest } from '../../shared/pipeline/ingest.ts';
import type { Opening, Shard } from '../../shared/pipeline/open-run.ts';
import { planToShow } from '../../shared/pipeline/run-here.ts';
import { parseRunInput } from '../../shared/pipeline/run-input.ts';
import { CATALOGUE, findProgram } from '../../shared/policy/catalogue.ts';
import { reachDays } from '../../shared/policy/reach.ts';
import { versionLabel } from '../../shared/policy/versions.ts';
import { type Embedded, startEmbedded } from '../../shared/runtime/embedded.ts';
import type { FunctionName } from '../../shared/runtime/env.ts';
import { readPools } from '../../shared/store/budget-item.ts';
import { readControl } from '../../shared/store/control.ts';
import { readDue } from '../../shared/store/due.ts';
import { decideHeld, readHeld } from '../../shared/store/held.ts';
import { putEntry, readEntries, readEntriesOf } from '../../shared/store/ledger.ts';
import { ensureTable, openTable } from '../../shared/store/open-table.ts';
import { bucketPlans } from '../../shared/store/plans.ts';
import { type Run, type RunSummary, readRun } from '../../shared/store/runs.ts';
import { keys, type Table } from '../../shared/store/table.ts';
import { addDays } from '../../shared/values/calendar.ts';
import { actionOf, allowedActions, CONTEXT, setEnvironment } from './lambda.ts';

const PROGRAM = 'treasure-host';
const BUCKETS = 4;
const plans = new Map<string, Uint8Array>();
const s3 = mockClient(S3Client);
let embedded: Embedded;
let endpoint: string;
let table: Table;
let tables = 0;

beforeAll(async () => {
  embedded = await startEmbedded();
  const { protocol, hostname, port } = (await embedded.client.config.endpoint?.()) ?? {};
  endpoint = `${protocol}//${hostname}:${port}`;
});
afterAll(() => embedded.stop());

/** Each test has a table and processes of its own; one merchant went live on 1 August. */
let executions = 0;
beforeEach(() => {
  executions = 0;
});
beforeEach(async () => {
  const name = `functions-${++tables}`;
  await ensureTable(embedded.client, name);
  table = await openTable(embedded.client, name, { buckets: BUCKETS });
  await ingest(
    { table, now: Date.now },
    FACTS.map((fact) => JSON.stringify(fact)),
    '2024-08-01',
  );
  setEnvironment({ TABLE_NAME: name, AWS_ENDPOINT_URL_DYNAMODB: endpoint });
  vi.resetModules();
  plans.clear();
  s3.reset();
  s3.on(PutObjectCommand).callsFake(({ Key, Body }) => {
    asked?.add('s3:PutObject');
    plans.set(Key, Body);
  });
  s3.on(GetObjectCommand).callsFake(({ Key }) => {
    asked?.add('s3:GetObject');
    return { Body: { transformToByteArray: async () => plans.get(Key) } };
  });
});
afterEach(() => vi.restoreAllMocks());

const FACTS = [
  { type: 'participant', id: 'm-1', platform: 'xiaohongshu', kind: 'merchant', revision: 1 },
  {
    type: 'broadcast',
    id: 'b-1',
    participantId: 'm-1',
    startedAt: '2024-08-01T10:00:00+08:00',
    endedAt: '2024-08-01T11:00:00+08:00',
    hasCart: true,
    recorded: false,
    views: 10,
    revision: 1,
  },
];
const DAILY = { program: PROGRAM, job: 'daily', to: '2024-08-01', requestedBy: 'test' };
const SCHEDULED = {
  program: PROGRAM,
  job: 'daily',
  scheduledAt: '<aws.scheduler.scheduled-time>',
  requestedBy: 'test',
};
/** The window's opening: one cold start and two perks. */
const ENTRIES = 3;

/** What a function asks of the table and the bucket while it works, by the names of the actions. */
let asked: Set<string> | undefined;
const { send } = DynamoDBDocumentClient.prototype;
DynamoDBDocumentClient.prototype.send = function (this: unknown, ...args: unknown[]) {
  asked?.add(actionOf(args[0] as Parameters<typeof actionOf>[0]));
  return Reflect.apply(send, this, args);
} as typeof send;

/** Calls a function as the state machine does, one at a time. It may ask only for what the stack allows it. */
async function call<T>(name: FunctionName, event: unknown): Promise<T> {
  const { handler } = await import(`../../functions/${name}.ts`);
  const asks = new Set<string>();
  asked = asks;
  try {
    return await handler(event, CONTEXT);
  } finally {
    asked = undefined;
    expect(allowedActions(name), `what ${name} may do`).toEqual(expect.arrayContaining([...asks]));
  }
}

function open(
  input: unknown,
  name = `execution-${++executions}`,
  startedAt = '2024-08-01T20:30:02.123Z',
): Promise<Opening> {
  return call('open-run', { input, execution: { name, startedAt } });
}

async function opened(input: unknown, name?: string): Promise<{ run: Run; shards: Shard[] }> {
  const opening = await open(input, name);
  if (opening.next !== 'evaluate') throw new Error(`expected to evaluate: ${JSON.stringify(opening)}`);
  return opening;
}

async function evaluateAll({ run, shards }: { run: Run; shards: Shard[] }): Promise<StageOutcomes> {
  const each = (name: FunctionName, more = {}) =>
    inTurn(shards, (shard) => call<ShardResult>(name, { run, shard, ...more }));
  const first = await each('evaluate-shard');
  const entities = await each('evaluate-entities', { outcomes: first });
  if (!run.full) return { first, entities };
  const context = await call<string>('decide', { run, first, entities });
  return { first, entities, last: await each('evaluate-last', { context }) };
}

async function inTurn<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}

/** A run that has been allocated: what the state machine carries on. */
async function allocated(input: unknown = DAILY) {
  const { run, shards } = await opened(input);
  const outcomes = await evaluateAll({ run, shards });
  return { run, shards, ...outcomes, plan: await call<Allocation>('allocate', { run, ...outcomes }) };
}

const applyAll = ({ run, plan }: { run: Run; plan: Allocation }) =>
  inTurn(plan.parts, (part) => call<PartResult>('apply-part', { run, manifest: plan.manifest, part }));

const exposurePool = async () => (await readPools(table, PROGRAM)).find(({ pool }) => pool === 'exposure');

function throttle(command: typeof GetCommand | typeof PutCommand | typeof UpdateCommand): void {
  const { send } = DynamoDBDocumentClient.prototype;
  vi.spyOn(DynamoDBDocumentClient.prototype, 'send').mockImplementation(function (
    this: unknown,
    sent: unknown,
  ) {
    if (sent instanceof command) {
      return Promise.reject(
        Object.assign(new Error('slow down'), { name: 'ProvisionedThroughputExceededException' }),
      );
    }
    return Reflect.apply(send, this, [sent]);
  } as never);
}

describe('the functions of a run', () => {
  it('bring a run from its opening to its close', async () => {
    const state = await allocated();
    const applied = await applyAll(state);
    const summary = await call<RunSummary>('close-run', { ...state, applied });
    expect(summary).toMatchObject({ evaluated: 1, changed: 1, failed: 0, entries: ENTRIES, displaced: 0 });
    expect(await readEntries(table)).toHaveLength(ENTRIES);
    expect(await readControl(table, PROGRAM)).toMatchObject({ state: 'idle', closedAsOf: '2024-08-01' });
    expect(await exposurePool()).toMatchObject({ left: 100_000_000_000 - 20_000, reserved: 0 });
  });

  it('can each be called again, as after an answer that was lost', async () => {
    const state = await allocated();
    expect(await call('allocate', state)).toEqual(state.plan);
    const applied = await applyAll(state);
    expect(await applyAll(state)).toEqual(applied);
    const summary = await call('close-run', { ...state, applied });
    expect(await call('close-run', { ...state, applied })).toEqual(summary);
    expect(await readEntries(table)).toHaveLength(ENTRIES);
    expect(await exposurePool()).toMatchObject({ left: 100_000_000_000 - 20_000, reserved: 0 });
  });
});

describe('a run that looks at everyone', () => {
  const shop = {
    type: 'participant',
    platform: 'xiaohongshu',
    kind: 'merchant',
    entityId: 'owner',
    revision: 2,
  };
  const agency = { agencyKind: 'service-provider', industryCluster: 'yiwu', revision: 1 };
  const MEMBERS = [
    { ...shop, id: 'm-1', memberships: [{ agencyId: 'a-1', from: '2024-07-01' }] },
    { ...shop, id: 'm-2' },
    { type: 'participant', id: 'a-1', platform: 'xiaohongshu', kind: 'agency', ...agency },
  ];
  const BACKFILL = { ...DAILY, job: 'backfill', from: '2024-08-01', to: '2024-08-31', reason: 'test' };

  beforeEach(async () => {
    await ingest(
      { table, now: Date.now },
      MEMBERS.map((fact) => JSON.stringify(fact)),
      '2024-08-01',
    );
  });

  it('evaluates owners, decides, and pays agencies last', async () => {
    const state = await allocated(BACKFILL);
    expect(state.last).toHaveLength(2);
    const summary = await call<RunSummary>('close-run', { ...state, applied: await applyAll(state) });
    expect(summary).toMatchObject({ failed: 0, displaced: 0 });
    const paid = (await readEntries(table)).map(
      ({ participantId, occasion }) => `${participantId} ${occasion}`,
    );
    expect(paid).toEqual(expect.arrayContaining(['m-1 w1/cold-1', 'a-1 agency-growth/2024-08']));
  });

  it('decides nothing when a shard failed', async () => {
    const { run, shards } = await opened(BACKFILL);
    const { first, entities } = await evaluateAll({ run, shards });
    const failed = [...first, { shard: 7, error: 'Lambda.Unknown: gone' }];
    const context = await call<string>('decide', { run, first: failed, entities });
    const stored = plans.get(`plans/${context}.json.gz`) ?? new Uint8Array();
    expect(JSON.parse(gunzipSync(stored).toString())).toEqual({ ids: ['a-1'], frozen: [] });
  });
});

/** Something paid from a pool whose lowerings wait for an operator, and that no fact asks for. */
const TREASURE_HOST = findProgram(PROGRAM);
const STRAY = {
  participantId: 'm-1',
  program: PROGRAM,
  part: 'stray',
  occasion: 'w9/cold-1',
  n: 1,
  incentive: 'new-host',
  kind: 'grant',
  unit: 'fen',
  amount: 500,
  earnedOn: '2024-08-01',
  runId: 'another',
  recordedAt: '2024-08-02T00:00:00.000Z',
  policy: versionLabel(TREASURE_HOST, TREASURE_HOST.versions[0]!),
  reason: 'earned',
  evidence: {},
  readsFrom: '2024-08-01',
  pool: 'cash',
} as const satisfies Entry;

describe('a lowering that waits for an operator', () => {
  beforeEach(() => putEntry(table, STRAY));
  const run = async (input: unknown = DAILY) => {
    const state = await allocated(input);
    return call<RunSummary>('close-run', { ...state, applied: await applyAll(state) });
  };
  const again = { ...DAILY, job: 'backfill', from: '2024-08-01', participants: ['m-1'] };

  it('is put up, and written once it is approved', async () => {
    expect(await run()).toMatchObject({ held: 1, entries: ENTRIES });
    const [held] = await readHeld(table, PROGRAM);
    expect(held).toMatchObject({ state: 'waiting', change: { occasion: 'w9/cold-1', amount: -500 } });
    const decision = { decision: 'approved', by: 'a', reason: 'b', at: '2024-08-02T01:00:00Z' } as const;
    expect(await decideHeld(table, held!, decision)).toBe(true);
    expect(await run(again)).toMatchObject({ held: 0, entries: 1 });
    expect(sumOf(await readEntries(table))).toBe(0);
  });

  it('is withdrawn when nothing asks for it any more', async () => {
    await run();
    await putEntry(table, { ...STRAY, n: 2, kind: 'adjustment', amount: -500 });
    await run(again);
    expect(await readHeld(table, PROGRAM)).toMatchObject([{ state: 'withdrawn' }]);
  });

  const sumOf = (entries: readonly Entry[]) =>
    entries.filter(({ occasion }) => occasion === 'w9/cold-1').reduce((sum, { amount }) => sum + amount, 0);
});

describe('a plan that an operator has seen', () => {
  const OTHERS = Array.from({ length: 100 }, (_, index) => `other-${index}`);
  const learn = (facts: readonly object[]) =>
    ingest(
      { table, now: Date.now },
      facts.map((fact) => JSON.stringify(fact)),
      '2024-08-01',
    );

  /** One hundred more went live on the same day, and it was planned what they are owed. */
  async function planned(): Promise<string> {
    const [host, session] = FACTS;
    await learn(
      OTHERS.flatMap((id) => [
        { ...host, id },
        { ...session, participantId: id },
      ]),
    );
    const services = {
      table,
      plans: bucketPlans(new S3Client(), 'plans'),
      catalogue: CATALOGUE,
      now: Date.now,
      leaseMs: 0,
      writerLifeMs: 0,
      codeVersion: 'test',
      shards: 1,
    };
    const input = parseRunInput(DAILY);
    return (await planToShow(services, input, 'planned')).difference.plan;
  }

  it('is written to everyone who has not moved, and the others are due again', async () => {
    const plan = await planned();
    await learn([{ ...FACTS[0], kind: 'creator', revision: 2 }]);
    const state = await allocated({ ...DAILY, plan });
    await call('close-run', { ...state, applied: await applyAll(state) });
    expect(await readEntries(table)).toHaveLength(ENTRIES * OTHERS.length);
    expect(await readRun(table, PROGRAM, state.run.runId)).toMatchObject({ plan, moved: ['m-1'] });
    expect(await readDue(table, ['2024-08-02'], [0, 1, 2, 3])).toEqual(['m-1']);
  });

  it('is refused when too much has moved', async () => {
    const plan = await planned();
    await learn(['m-1', 'other-0'].map((id) => ({ ...FACTS[0], id, kind: 'creator', revision: 2 })));
    await expect(allocated({ ...DAILY, plan })).rejects.toMatchObject({
      name: 'InputError',
      message: expect.stringContaining('2 of 101 participants have moved'),
    });
  });

  it('is refused by a run that would decide otherwise for all', async () => {
    const plan = '0'.repeat(32);
    const backfill = { ...DAILY, job: 'backfill', from: '2024-08-01', plan };
    await expect(allocated(backfill)).rejects.toThrow(`plan: got ${plan}; allowed: the hash of a plan`);
  });
});

describe('verify', () => {
  it('finds nothing after a run, and writes nothing', async () => {
    const state = await allocated();
    await call('close-run', { ...state, applied: await applyAll(state) });
    expect(await call('verify', { program: PROGRAM })).toMatchObject({
      next: 'done',
      entries: ENTRIES,
      differences: 0,
      pending: 0,
    });
    expect(plans.size).toBeGreaterThan(0);
    const before = plans.size;
    await call('verify', { program: PROGRAM });
    expect(plans.size).toBe(before);
  });

  it('counts and names each difference', async () => {
    const state = await allocated();
    await call('close-run', { ...state, applied: await applyAll(state) });
    await putEntry(table, STRAY);
    const { written } = await overheard(async () => {
      expect(await call('verify', { program: PROGRAM })).toMatchObject({ next: 'done', differences: 3 });
    });
    const logged = written.filter(({ message }) => message === 'difference');
    expect(logged.map(({ level, program, difference }) => `${level} ${program} ${difference}`)).toEqual([
      `ERROR ${PROGRAM} 1 entries, from m-1 w9/cold-1 entry 1 on, are of run another, which is not on record`,
      expect.stringContaining('pool cash says 0 granted, and its entries add up to 500'),
      expect.stringContaining('m-1 w9/cold-1: the ledger is off by -500 fen'),
    ]);
    const [figures] = written.filter(({ _aws }) => _aws !== undefined);
    expect(figures).toMatchObject({
      service: 'hongbao-test',
      differences: 3,
      pending: 0,
      corrections: 0,
      unfunded: 0,
      sealed: 0,
      tooLate: 0,
      unproven: 0,
    });
    expect(figures?._aws).toMatchObject({ CloudWatchMetrics: [{ Namespace: 'Hongbao' }] });
  });

  it('37. sees an entry that was changed since its plan wrote it', async () => {
    const state = await allocated();
    await call('close-run', { ...state, applied: await applyAll(state) });
    const [entry] = await readEntriesOf(table, 'm-1');
    await table.client.send(
      new UpdateCommand({
        TableName: table.name,
        Key: keys.entry('m-1', PROGRAM, entry!.occasion, 1),
        UpdateExpression: 'SET earnedOn = :day',
        ExpressionAttributeValues: { ':day': '2024-07-31' },
      }),
    );
    expect(await call('verify', { program: PROGRAM })).toMatchObject({ differences: 1, unproven: 0 });
  });

  it('37. counts the entries whose plans are not kept any more, and calls none of them wrong', async () => {
    const state = await allocated();
    await call('close-run', { ...state, applied: await applyAll(state) });
    s3.on(GetObjectCommand).rejects(new NoSuchKey({ message: 'gone', $metadata: {} }));
    expect(await call('verify', { program: PROGRAM })).toMatchObject({ differences: 0, unproven: ENTRIES });
  });

  it('37. fails when it may not read the plans, for then nothing would be compared', async () => {
    const state = await allocated();
    await call('close-run', { ...state, applied: await applyAll(state) });
    s3.on(GetObjectCommand).rejects(Object.assign(new Error('denied'), { name: 'AccessDenied' }));
    await expect(call('verify', { program: PROGRAM })).rejects.toThrow('denied');
  });

  it('looks at nothing while a run writes, and counts nothing', async () => {
    await opened(DAILY, 'writer');
    const { written } = await overheard(async () => {
      expect(await call('verify', { program: PROGRAM })).toEqual({ next: 'held', holder: 'writer' });
    });
    expect(written).toMatchObject([{ heldVerifications: 1 }]);
    expect(written[0]).not.toHaveProperty('differences');
  });

  it('fails when the table does, for the machine to try again', async () => {
    throttle(GetCommand);
    await expect(call('verify', { program: PROGRAM })).rejects.toMatchObject({
      name: 'ProvisionedThroughputExceededException',
    });
  });

  it('refuses what is no program', async () => {
    await expect(call('verify', { program: 'nothing' })).rejects.toThrow('program: got "nothing"');
    await expect(call('verify', { Program: PROGRAM })).rejects.toThrow('Program: unknown key');
  });
});

/** What is logged and counted while something works. */
async function overheard(work: () => Promise<void>): Promise<{ written: Record<string, unknown>[] }> {
  const lines: string[] = [];
  setEnvironment({
    TABLE_NAME: table.name,
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    POWERTOOLS_LOG_LEVEL: 'WARN',
    POWERTOOLS_METRICS_DISABLED: 'false',
    // Then all that is written goes to the console.
    POWERTOOLS_DEV: 'true',
  });
  vi.resetModules();
  for (const method of ['log', 'info', 'warn', 'error'] as const) {
    vi.spyOn(console, method).mockImplementation((line) => void lines.push(String(line)));
  }
  await work();
  return { written: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

describe('open-run', () => {
  it('takes the start of the execution for the time of a schedule that did not say its own', async () => {
    const { run } = await opened(SCHEDULED);
    expect(run).toMatchObject({ runId: `${PROGRAM}.daily.2024-08-01`, asOf: '2024-08-01' });
  });

  it('keeps to the time that a schedule says, however late it starts', async () => {
    const { run } = await opened({ ...SCHEDULED, scheduledAt: '2024-07-31T20:30:00Z' });
    expect(run.asOf).toBe('2024-07-31');
    // As far back as the schedules of a program that ended go on.
    expect(run.horizon).toBe(addDays('2024-07-31', -reachDays(findProgram('treasure-host'))));
  });

  it('names a run by hand after its execution', async () => {
    expect((await opened(DAILY, 'by-hand')).run.runId).toBe('by-hand');
  });

  it.each([
    [{ ...DAILY, dryrun: true }, 'dryrun: unknown key'],
    [{ ...DAILY, to: '2024-02-30' }, 'to: got "2024-02-30"'],
    [{ ...DAILY, program: 'nothing' }, 'program: got "nothing"'],
    ['text', 'run input: value'],
  ])('refuses %j, and holds nothing', async (input, message) => {
    await expect(open(input)).rejects.toThrow(message);
    await expect(open(input)).rejects.toMatchObject({ name: 'InputError' });
    expect(await readControl(table, PROGRAM)).toMatchObject({ epoch: 0, state: 'idle' });
  });

  it('opens again for the execution that did not hear its answer, and for no other', async () => {
    const first = await opened(SCHEDULED, 'execution-1');
    expect(await open(SCHEDULED, 'execution-2')).toEqual({ next: 'duplicate', runId: first.run.runId });
    const again = await opened(SCHEDULED, 'execution-1');
    expect(again).toEqual(first);
  });

  it('says who holds the program', async () => {
    await opened(DAILY, 'first');
    expect(await open(DAILY, 'second')).toMatchObject({ next: 'held', holder: 'first' });
  });
});

describe('evaluate-shard', () => {
  it('fails when its plan cannot be stored, for the machine to try again', async () => {
    const { run, shards } = await opened(DAILY);
    s3.on(PutObjectCommand).rejects(Object.assign(new Error('slow down'), { name: 'SlowDown' }));
    const outcomes = await inTurn(shards, (shard) =>
      call('evaluate-shard', { run, shard }).then(
        () => 'evaluated',
        ({ name }) => name,
      ),
    );
    expect(outcomes.sort()).toEqual(['SlowDown', 'evaluated']);
  });

  it('cuts failures short, because all of them travel together', async () => {
    const long = 'x'.repeat(5000);
    const { run, shards } = await opened(DAILY);
    const { send } = DynamoDBDocumentClient.prototype;
    vi.spyOn(DynamoDBDocumentClient.prototype, 'send').mockImplementation(function (
      this: unknown,
      sent: never,
    ) {
      const { input } = sent as { input: { KeyConditionExpression?: string } };
      return input.KeyConditionExpression?.includes('sk BETWEEN')
        ? Promise.reject(new Error(long))
        : Reflect.apply(send, this, [sent]);
    } as never);
    const results = await inTurn(shards, (shard) => call<ShardResult>('evaluate-shard', { run, shard }));
    expect(results.map(({ failed }) => failed).sort()).toEqual([0, 1]);
    const failure = results.flatMap(({ failures }) => failures)[0] ?? '';
    expect(failure).toMatch(/^m-1: x+$/);
    expect(failure.length).toBe(120);
  });
});

describe('allocate', () => {
  it('goes on without a shard that failed, and then the watermark stays', async () => {
    const { run, shards } = await opened(DAILY);
    const { first, entities } = await evaluateAll({ run, shards });
    const outcomes = { first: [...first, { shard: 7, error: 'Lambda.Unknown: gone' }], entities };
    const plan = await call<Allocation>('allocate', { run, ...outcomes });
    const state = { run, ...outcomes, plan };
    await call('close-run', { ...state, applied: await applyAll(state) });
    expect(await readRun(table, PROGRAM, 'execution-1')).toMatchObject({
      state: 'closed',
      failedShards: ['7: Lambda.Unknown: gone'],
    });
    expect(await readControl(table, PROGRAM)).not.toHaveProperty('watermark');
  });
});

describe('apply-part', () => {
  it('fails when the table throttles, for the machine to try again', async () => {
    const state = await allocated();
    throttle(PutCommand);
    await expect(applyAll(state)).rejects.toMatchObject({ name: 'ProvisionedThroughputExceededException' });
    vi.restoreAllMocks();
    expect(await applyAll(state)).toMatchObject([{ entries: ENTRIES, displaced: 0 }]);
  });

  it('names an entry whose place is taken, and makes its participant due again', async () => {
    const state = await allocated();
    await putEntry(table, {
      participantId: 'm-1',
      program: PROGRAM,
      occasion: 'w1/cold-1',
      n: 1,
      incentive: 'new-host',
      kind: 'grant',
      unit: 'exposure',
      amount: 1,
      earnedOn: '2024-08-01',
      runId: 'another',
      recordedAt: '2024-08-02T00:00:00.000Z',
      policy: 'another',
      reason: 'earned',
      evidence: {},
    } as never);
    expect(await applyAll(state)).toMatchObject([{ planned: ENTRIES, entries: ENTRIES - 1, displaced: 1 }]);
    expect(await readDue(table, ['2024-08-02'], [0, 1, 2, 3])).toEqual(['m-1']);
  });
});

describe('abandon-run', () => {
  const failure = { Error: 'Lambda.Unknown', Cause: 'gone' };

  it('frees the program from a run that was planning', async () => {
    const { run } = await opened(DAILY);
    await call('abandon-run', { run, failure });
    expect(await readControl(table, PROGRAM)).toMatchObject({ state: 'idle' });
    expect(await readRun(table, PROGRAM, run.runId)).toMatchObject({ state: 'abandoned', failure: 'gone' });
    expect((await open(DAILY, 'next')).next).toBe('evaluate');
  });

  it('leaves a run that was applying to its successor, at once', async () => {
    const state = await allocated();
    expect((await open(DAILY, 'next')).next).toBe('held');
    await call('abandon-run', { run: state.run, failure });
    const opening = await open(DAILY, 'next');
    expect(opening).toMatchObject({ next: 'finish', run: { runId: 'execution-1' }, ...state.plan });
    if (opening.next !== 'finish') return;
    const finishing = { run: opening.run, plan: state.plan };
    await call('close-run', { ...finishing, applied: await applyAll(finishing) });
    expect(await readEntries(table)).toHaveLength(ENTRIES);
    expect((await open(DAILY, 'next')).next).toBe('evaluate');
  });

  it('touches nothing for a dry run, which held nothing', async () => {
    const { run } = await opened({ ...DAILY, dryRun: true });
    const other = await opened(DAILY, 'other');
    await call('abandon-run', { run, failure });
    expect(await readControl(table, PROGRAM)).toMatchObject({ state: 'planning', writer: other.run.runId });
  });

  it('fails when the table throttles, for the machine to try again', async () => {
    const { run } = await opened(DAILY);
    throttle(UpdateCommand);
    await expect(call('abandon-run', { run, failure })).rejects.toMatchObject({
      name: 'ProvisionedThroughputExceededException',
    });
  });
});
