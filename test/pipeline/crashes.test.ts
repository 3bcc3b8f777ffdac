/** A run that dies anywhere, and is taken over, ends with the ledger and the pools of a run that did not. */
import pMap from 'p-map';
import { describe, expect, it } from 'vitest';
import { CNY, merchant, sales, session } from '../support/facts.ts';
import { Crash, type Fault, faulty } from '../support/faults.ts';
import { asText, database, grantedFrom, LEASE_MS, type World } from '../support/world.ts';

const db = database();
const SIZE = { shards: 1, buckets: 1 };
const RUN = { job: 'daily', to: '2024-08-01' };

/** One merchant was paid before; the run to come lowers that and raises for another. */
async function prepare(): Promise<Record<string, unknown>[]> {
  const world = (await db.world(SIZE)).at('2024-07-31');
  const july30 = { by: 'm-1' };
  await world.ingest(
    [merchant('m-1'), session('2024-07-30', july30), sales('2024-07-30', 12_000 * CNY, july30)],
    '2024-07-31',
  );
  await world.run({ job: 'daily', to: '2024-07-31' }, { runId: 'the-day-before' });
  const refunded = { ...july30, refundedFen: 11_500 * CNY, revision: 2 };
  const facts = [sales('2024-07-30', 12_000 * CNY, refunded), merchant('m-2')];
  await world.at('2024-08-01').ingest([...facts, session('2024-08-01', { by: 'm-2' })], '2024-08-01');
  return world.scan();
}

let prepared: ReturnType<typeof prepare> | undefined;

/** A world in which the run is yet to come. */
async function beforeTheRun(): Promise<World> {
  prepared ??= prepare();
  return (await db.copy(await prepared, SIZE)).at('2024-08-01');
}

async function outcomeOf(world: World) {
  const entries = await world.entries();
  return { ledger: await world.ledger(), rows: entries.length, pool: await world.pool() };
}

/** What a run that did not crash comes to, and the calls it made. */
async function clean() {
  const world = await beforeTheRun();
  const { client, calls } = faulty(world.table.client, 'dies');
  const run = await world.run(RUN, { services: world.through(client) });
  return { run, calls, wanted: await outcomeOf(world) };
}

/** Runs in a process whose call number `at` fails. */
function runWith(fault: Fault, at: number, world: World): Promise<unknown> {
  const { client } = faulty(world.table.client, fault, at);
  return world.run(RUN, { services: world.through(client) });
}

/** What was granted and what is left never exceed the limit, whatever crashed. */
async function expectWithinLimit(world: World, when: string): Promise<void> {
  const { left, limit } = await world.pool();
  expect(left + grantedFrom(await world.entries()), when).toBeLessThanOrEqual(limit);
}

const everyCall = (calls: readonly string[]) => calls.map((_, index) => index + 1);
const everyWrite = (calls: readonly string[]) =>
  everyCall(calls).filter((call) => /^(Put|Update|BatchWrite)/.test(calls[call - 1] ?? ''));

describe('a crash', () => {
  it('is compared with a run that raises and lowers', async () => {
    const { run, calls, wanted } = await clean();
    expect(run).toMatchObject({ summary: { raised: { exposure: 20_000 }, lowered: { exposure: 70_000 } } });
    expect(wanted.pool.reserved).toBe(0);
    expect(wanted.ledger).toHaveLength(6);
    expect(everyWrite(calls).length).toBeGreaterThan(15);
  });

  it.each<[string, Fault, (calls: readonly string[]) => number[]]>([
    ['of the process at any call', 'dies', everyCall],
    ['of any write on its way', 'lost', everyWrite],
    ['of the answer to any write', 'unheard', everyWrite],
  ])('%s is healed by the next run', async (_, fault, choose) => {
    const { calls, wanted } = await clean();
    await pMap(
      choose(calls),
      async (call) => {
        const when = `call ${call}: ${calls[call - 1]}`;
        const world = await beforeTheRun();
        await expect(runWith(fault, call, world), when).rejects.toThrow(Crash);
        await expectWithinLimit(world, when);
        await world.wait(LEASE_MS).run(RUN);
        expect(await outcomeOf(world), when).toEqual(wanted);
      },
      { concurrency: 4 },
    );
  });

  it('of the successor, while it finishes the plan of the dead, is healed by the next', async () => {
    const { calls, wanted } = await clean();
    const inApply = calls.findIndex((call) => call.startsWith('PutCommand GRANT#')) + 3;
    const half = async () => {
      const world = await beforeTheRun();
      await expect(runWith('dies', inApply, world)).rejects.toThrow(Crash);
      return world.wait(LEASE_MS);
    };
    expect(asText(await (await half()).scan())).toContain('"state":"applying"');
    const when = [1, 4, 8, 12, 16, 20, 24];
    await pMap(
      when,
      async (call) => {
        const world = await half();
        await expect(runWith('dies', call, world)).rejects.toThrow(Crash);
        await expectWithinLimit(world, `call ${call}`);
        await world.wait(LEASE_MS).run(RUN);
        expect(await outcomeOf(world), `call ${call}`).toEqual(wanted);
      },
      { concurrency: 4 },
    );
  });

  it('leaves a run that can be read: abandoned before its plan was named, finished after', async () => {
    const { calls } = await clean();
    const named = calls.indexOf('UpdateCommand CONTROL', calls.indexOf('UpdateCommand CONTROL') + 1) + 1;
    const states = async (call: number) => {
      const world = await beforeTheRun();
      await expect(runWith('dies', call, world)).rejects.toThrow(Crash);
      const next = await world.wait(LEASE_MS).run(RUN);
      const runs = (await world.scan()).filter(({ sk }) => String(sk).startsWith('ID#by-hand'));
      return { next, states: runs.map(({ runId, state }) => `${runId} ${state}`).sort() };
    };
    const before = await states(named);
    expect(before.next).toMatchObject({ finished: [], summary: { entries: 6 } });
    expect(before.states).toEqual(['by-hand-1 abandoned', 'by-hand-2 closed']);
    const after = await states(named + 1);
    expect(after.next).toMatchObject({ finished: ['by-hand-1'], summary: { entries: 0 } });
    expect(after.states).toEqual(['by-hand-1 closed', 'by-hand-2 closed']);
  });
});
