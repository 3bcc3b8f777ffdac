/** Verification: nothing to say after runs, every kind of damage by name, and what only waits told apart. */
import { DeleteCommand, type DynamoDBDocumentClient, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ingest } from '../../shared/pipeline/ingest.ts';
import { HeldError, resumeRun } from '../../shared/pipeline/run-here.ts';
import { parseRunInput } from '../../shared/pipeline/run-input.ts';
import { verify } from '../../shared/pipeline/verify/verify.ts';
import { findProgram } from '../../shared/policy/catalogue.ts';
import { setLimit } from '../../shared/store/budget.ts';
import { readRun } from '../../shared/store/runs.ts';
import { keys } from '../../shared/store/table.ts';
import { Workplace } from '../cli/workplace.ts';
import { CNY, lines, merchant, sales, sanction, session } from '../support/facts.ts';
import { Crash, withSend } from '../support/faults.ts';
import { agencyWith, amounts, arrive, monthEnd } from '../support/programs.ts';
import { database, LEASE_MS, PROGRAM, type World } from '../support/world.ts';
import { CLEAN, NOBODY, verified } from './operator.ts';

const db = database();
const SIZE = { shards: 1, buckets: 1 };
const FIRST = 'treasure-host.daily.2024-08-01';
const SECOND = 'treasure-host.daily.2024-08-02';

/** Two runs: one pays two merchants, the next lowers what one of them has. */
async function prepare(): Promise<World> {
  const world = (await db.world(SIZE)).at('2024-08-01');
  const facts = ['m-1', 'm-2'].flatMap((by) => [
    merchant(by),
    session('2024-08-01', { by }),
    sales('2024-08-01', 2_000 * CNY, { by }),
  ]);
  await world.ingest(facts, '2024-08-01');
  await world.daily('2024-08-01');
  const refund = sales('2024-08-01', 2_000 * CNY, { refundedFen: 1_500 * CNY, revision: 2 });
  await world.ingest([refund], '2024-08-02');
  await world.daily('2024-08-02');
  return world;
}

let prepared: Record<string, unknown>[] = [];
beforeAll(async () => {
  prepared = await (await prepare()).scan();
});

async function afterTwoRuns(): Promise<World> {
  return (await db.copy(prepared, SIZE)).at('2024-08-03');
}

type Key = { pk: string; sk: string };

function remove({ table }: World, Key: Key): Promise<unknown> {
  return table.client.send(new DeleteCommand({ TableName: table.name, Key }));
}

function set({ table }: World, Key: Key, name: string, value: unknown): Promise<unknown> {
  return table.client.send(
    new UpdateCommand({
      TableName: table.name,
      Key,
      UpdateExpression: 'SET #name = :value',
      ExpressionAttributeNames: { '#name': name },
      ExpressionAttributeValues: { ':value': value },
    }),
  );
}

const entry = (participantId: string, occasion: string, n: number) =>
  keys.entry(participantId, PROGRAM, occasion, n);

describe('after runs', () => {
  it('there is nothing to say', async () => {
    expect(await verified(await afterTwoRuns())).toEqual({
      program: PROGRAM,
      entries: 9,
      participants: 2,
      ...CLEAN,
      mends: [],
      undecided: [],
      names: NOBODY,
    });
  });

  it('and before the first there is nothing to verify', async () => {
    const world = await db.world(SIZE);
    expect(await verified(world)).toEqual({
      program: PROGRAM,
      entries: 0,
      participants: 0,
      ...CLEAN,
      mends: [],
      undecided: [],
      names: NOBODY,
    });
  });
});

describe('damage is named:', () => {
  it.each<[string, (world: World) => Promise<unknown>, string[]]>([
    [
      'an entry that is gone',
      (world) => remove(world, entry('m-2', 'w1/growth-1', 1)),
      [
        `run ${FIRST} says it wrote 8 entries, and the ledger has 7`,
        `m-2 w1/growth-1 entry 1: is gone, and run ${FIRST} wrote it`,
        'pool exposure says 60000 granted, and its entries add up to 40000',
        'm-2 w1/growth-1: the ledger is off by 20000 exposure, because earned',
      ],
    ],
    [
      'a gap in the numbers of an occasion',
      (world) => remove(world, entry('m-1', 'w1/growth-1', 1)),
      [
        'm-1 w1/growth-1: has 1 entries, and the last is number 2',
        `run ${FIRST} says it wrote 8 entries, and the ledger has 7`,
        `m-1 w1/growth-1 entry 1: is gone, and run ${FIRST} wrote it`,
        'pool exposure says 60000 granted, and its entries add up to 40000',
        'm-1 w1/growth-1: the ledger is off by 20000 exposure, because below-rung',
      ],
    ],
    [
      'an amount that was changed',
      (world) => set(world, entry('m-2', 'w1/cold-1', 1), 'amount', 25_000),
      [
        `m-2 w1/cold-1 entry 1: amount is 25000, and the plan of run ${FIRST} says 20000`,
        'pool exposure says 60000 granted, and its entries add up to 65000',
        'm-2 w1/cold-1: the ledger is off by -5000 exposure, because earned-less',
      ],
    ],
    [
      'what a pool has left',
      (world) => set(world, keys.budget(PROGRAM), 'left#exposure', 100_000_000_000),
      ['pool exposure says 0 granted, and its entries add up to 60000'],
    ],
    [
      'a reservation that nobody settled',
      (world) => set(world, keys.budget(PROGRAM), 'reserved#7', '[["cash",500]]'),
      [
        'pool cash says -500 granted, and its entries add up to 0',
        'pool cash holds 500 for a run that is not open',
      ],
    ],
    [
      'a run that is not on record',
      (world) => remove(world, keys.run(PROGRAM, FIRST)),
      [`8 entries, from m-1 w1/cold-1 entry 1 on, are of run ${FIRST}, which is not on record`],
    ],
    [
      'the last run, gone from the record',
      (world) => remove(world, keys.run(PROGRAM, SECOND)),
      [
        `run ${SECOND} was the last to close, and is not on record as closed`,
        'the watermark is 2024-08-02, and the runs on record come to 2024-08-01',
        'the closed as-of is 2024-08-02, and the runs on record come to 2024-08-01',
        `1 entries, from m-1 w1/growth-1 entry 2 on, are of run ${SECOND}, which is not on record`,
      ],
    ],
    [
      'a watermark that was moved',
      (world) => set(world, keys.control(PROGRAM), 'watermark', '2024-08-09'),
      ['the watermark is 2024-08-09, and the runs on record come to 2024-08-02'],
    ],
    [
      'a month that no run decided',
      (world) => set(world, keys.control(PROGRAM), 'decidedThrough', '2024-08'),
      ['the last month decided is 2024-08, and the runs on record come to none'],
    ],
    [
      'a run recorded as open that holds nothing',
      (world) =>
        set(world, keys.run(PROGRAM, 'lost'), 'runId', 'lost').then(() =>
          set(world, keys.run(PROGRAM, 'lost'), 'state', 'applying'),
        ),
      ['run lost is recorded as applying, and does not hold the program'],
    ],
  ])('%s', async (_, damage, differences) => {
    const world = await afterTwoRuns();
    await damage(world);
    expect((await verified(world)).differences).toEqual(differences);
  });

  it('an entry of another amount that no fact asks for', async () => {
    const world = await afterTwoRuns();
    const { table } = world;
    const known = (await world.scan()).find(({ sk }) => sk === entry('m-2', 'w1/cold-1', 1).sk);
    const more = { ...known, ...entry('m-2', 'w1/cold-2', 1), occasion: 'w1/cold-2' };
    await table.client.send(new PutCommand({ TableName: table.name, Item: more }));
    const { differences } = await verified(world);
    expect(differences).toContain(
      'm-2 w1/cold-2: the ledger is off by -20000 exposure, because too-few-sessions',
    );
  });

  it('a run that died is named, with what to do; resumed, all is well', async () => {
    const world = await afterTwoRuns();
    await world.ingest([session('2024-08-03')], '2024-08-03');
    const input = { job: 'daily', to: '2024-08-03' };
    const services = world.through(diesAt(world, 'PutCommand GRANT#'));
    await expect(world.run(input, { runId: 'dying', services })).rejects.toThrow(Crash);
    await expect(verified(world)).rejects.toThrow(HeldError);
    world.wait(LEASE_MS);
    expect((await verified(world)).differences).toContain('run dying died while applying');
    expect(await resumeRun(world.services, PROGRAM, 'dying', 'by-hand')).toBe('finished');
    expect(await verified(world)).toMatchObject(CLEAN);
  });

  it('is not asked of a ledger that a run changed meanwhile', async () => {
    const world = await afterTwoRuns();
    await world.ingest([session('2024-08-03')], '2024-08-03');
    let ran = false;
    const client = withSend(world.table.client, async (send, command) => {
      const answer = await send();
      if (!ran && command.startsWith('ScanCommand')) {
        ran = true;
        await world.daily('2024-08-03');
      }
      return answer;
    });
    await expect(verify(world.through(client), findProgram(PROGRAM))).rejects.toThrow(HeldError);
    expect(ran).toBe(true);
    expect(await verified(world)).toMatchObject(CLEAN);
  });

  it('a run that died before it was recorded is recorded by the next as abandoned', async () => {
    const world = await afterTwoRuns();
    const input = { job: 'daily', to: '2024-08-03' };
    const services = world.through(diesAt(world, 'PutCommand ID#'));
    await expect(world.run(input, { runId: 'dying', services })).rejects.toThrow(Crash);
    await world.wait(LEASE_MS).run(input);
    expect(await readRun(world.table, PROGRAM, 'dying')).toMatchObject({
      state: 'abandoned',
      failure: 'its lease ended while it was planning',
    });
    expect(await verified(world)).toMatchObject(CLEAN);
  });

  it('a run that died before it moved the control item is named, though its record has its summary', async () => {
    const world = await afterTwoRuns();
    const input = { job: 'daily', to: '2024-08-03' };
    const services = world.through(diesAt(world, 'UpdateCommand CONTROL', 2));
    await expect(world.run(input, { runId: 'dying', services })).rejects.toThrow(Crash);
    expect(await readRun(world.table, PROGRAM, 'dying')).toMatchObject({ state: 'applying', summary: {} });
    world.wait(LEASE_MS);
    expect((await verified(world)).differences).toEqual(['run dying died while applying']);
    await world.run(input);
    expect(await verified(world)).toMatchObject(CLEAN);
  });
});

/** The client of a process that dies at its call of a name, after some others of that name. */
function diesAt({ table }: World, name: string, after = 0): DynamoDBDocumentClient {
  let left = after;
  let dead = false;
  return withSend(table.client, async (send, command) => {
    if (command.startsWith(name) && left-- === 0) dead = true;
    if (dead) throw new Crash(command);
    return send();
  });
}

describe('what is no difference', () => {
  it('is pending: facts that came since the last run', async () => {
    const world = await afterTwoRuns();
    await world.ingest(
      [session('2024-08-02'), merchant('m-3'), session('2024-08-02', { by: 'm-3' })],
      '2024-08-03',
    );
    expect(await verified(world)).toMatchObject({ ...CLEAN, pending: 4 });
    await world.daily('2024-08-03');
    expect(await verified(world)).toMatchObject(CLEAN);
  });

  it('is held: a lowering that waits for an operator', async () => {
    const world = (await db.world(SIZE)).at('2024-08-31');
    await arrive(world, '2024-08-31', ...agencyWith('a-1', { fen: 900_000 * CNY }));
    await monthEnd(world, '2024-08', 15);
    await arrive(world, '2024-09-16', sanction('2024-08-05', '2024-08-06', { by: 'a-1' }));
    await world.daily('2024-09-16');
    await monthEnd(world, '2024-08', 17);
    expect(await amounts(world, 'agency-pool/2024-08')).toEqual({ 'a-1 agency-pool/2024-08': 100_000_000 });
    expect(await verified(world)).toMatchObject({ ...CLEAN, corrections: 1 });
  });

  it('is unfunded: what a pool could not pay, until its limit is raised', async () => {
    const world = await afterTwoRuns();
    await changeLimit(world, 60_000 + 5_000);
    await world.at('2024-08-03').ingest([session('2024-08-03')], '2024-08-03');
    expect(await world.daily('2024-08-03')).toMatchObject({ summary: { short: { exposure: 15_000 } } });
    expect(await verified(world)).toMatchObject({ ...CLEAN, unfunded: 1 });
    await changeLimit(world, 60_000 + 20_000);
    expect(await verified(world)).toMatchObject({ differences: [] });
    await world.daily('2024-08-04');
    expect(await verified(world)).toMatchObject(CLEAN);
  });

  it('is sealed: what rests on facts from before the horizon, even when they are gone', async () => {
    const world = await afterTwoRuns();
    await world.at('2025-03-01').run({ job: 'daily', to: '2025-03-01' });
    expect(await verified(world)).toMatchObject({ ...CLEAN, sealed: 8 });
    await remove(world, keys.day('m-1', '2024-08-01'));
    await remove(world, keys.day('m-2', '2024-08-01'));
    expect(await verified(world)).toMatchObject({ ...CLEAN, sealed: 8 });
  });
});

async function changeLimit(world: World, to: number): Promise<void> {
  const pool = await world.pool();
  const change = { from: pool.limit, to, by: 'test', reason: 'test', at: '2024-08-03T00:00:00Z' };
  expect(await setLimit(world.table, PROGRAM, pool, change)).toBe(true);
}

describe('by the command line', () => {
  const place = new Workplace();
  afterAll(() => place[Symbol.dispose]());

  it('a difference is named and exits 1; without one it exits 0', async () => {
    await place.inside(async ({ services, run }) => {
      await ingest(services, lines([merchant(), session('2024-08-01')]), '2024-08-01');
      const input = { program: PROGRAM, job: 'backfill', from: '2024-08-01', to: '2024-08-01' };
      return run(parseRunInput({ ...input, requestedBy: services.codeVersion }), 'first', () => {});
    });
    const command = ['verify', '--program', PROGRAM, '--format', 'ndjson'];
    expect(await place.hongbao(command)).toMatchObject({ code: 0, stderr: '' });
    await place.inside(({ services: { table } }) =>
      table.client.send(new DeleteCommand({ TableName: table.name, Key: entry('m-1', 'w1/cold-1', 1) })),
    );
    const { code, stdout, stderr } = await place.hongbao(command);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ program: PROGRAM, differences: 4 });
    expect(stderr).toContain(
      `${PROGRAM}: m-1 w1/cold-1: the ledger is off by 20000 exposure, because earned`,
    );
  });
});
