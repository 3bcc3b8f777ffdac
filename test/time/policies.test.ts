/** Policies change by new versions from later dates: a used one never does. */
import { describe, expect, it } from 'vitest';
import { explainRows } from '../../functions/cli/explain.ts';
import { abandonByHand } from '../../shared/pipeline/abandon.ts';
import { checkProgram } from '../../shared/policy/checks.ts';
import type { Incentive, Program } from '../../shared/policy/schema.ts';
import { readPlanned } from '../../shared/store/approvals.ts';
import { putAll } from '../../shared/store/batch.ts';
import { readControl } from '../../shared/store/control.ts';
import { PlanLostError, tablePlans } from '../../shared/store/plans.ts';
import type { Table } from '../../shared/store/table.ts';
import { InputError } from '../../shared/values/validation.ts';
import { merchant, session } from '../support/facts.ts';
import { arrive, programOf } from '../support/programs.ts';
import { asText, database, LEASE_MS, type World } from '../support/world.ts';
import { apply, CLEAN, plan, verified } from './operator.ts';

const db = database();
const ID = 'days';
const [OLD, NEW] = [1_000, 3_000];

function daily(amount: number): Incentive {
  return {
    id: 'day',
    kind: 'campaign-day',
    who: { kinds: ['merchant'] },
    from: '2024-08-01',
    to: '2024-08-31',
    minMinutes: 30,
    reward: { unit: 'exposure', pool: 'exposure' },
    amount,
  };
}

const pools = { exposure: { unit: 'exposure' as const, limit: 1_000_000 } };
const first = programOf({ program: ID, pools, incentives: [daily(OLD)] });

type Version = Program['versions'][number];

/** The same program with a second version: what it says otherwise, from a date on. */
function followed(from: string, more: Partial<Version> = {}): Program {
  const [v1] = first.versions;
  if (v1 === undefined) throw new Error('no version');
  return checkProgram({
    ...first,
    versions: [v1, { ...v1, version: 'v2', from, incentives: [daily(NEW)], ...more }],
  });
}

/** The same program with a version that changes its past from 6 August on. */
const superseded = (from = '2024-08-06') => followed(from, { supersedes: 'v1' });

/** A world as it was, under another policy. */
function under(world: World, program: Program): World {
  return world.under({ shards: 1, catalogue: [program] });
}

/** Two merchants, live on the 5th and the 6th, and paid by the first version. */
async function paid(): Promise<World> {
  const world = await db.world({ shards: 1, buckets: 1, catalogue: [first] });
  const facts = ['m-1', 'm-2'].flatMap((by) => [
    merchant(by),
    session('2024-08-05', { by }),
    session('2024-08-06', { by }),
  ]);
  await arrive(world, '2024-08-06', ...facts);
  await world.run({ program: ID, job: 'daily', to: '2024-08-06' }, { runId: 'first' });
  return world;
}

describe('a version that has been used', () => {
  it('with other content is refused by any run that writes, and nothing is written', async () => {
    const world = await paid();
    const before = asText(await world.scan());
    const changed = programOf({ program: ID, pools, incentives: [daily(NEW)] });
    const run = under(world, changed).at('2024-08-07').run({ program: ID, job: 'daily', to: '2024-08-07' });
    await expect(run).rejects.toThrow(InputError);
    await expect(run).rejects.toThrow(/policy days version v1: got content \w+; allowed: \w+, with which/);
    expect(asText(await world.scan())).toBe(before);
  });

  it('is refused even when only its end is changed', async () => {
    const world = await paid();
    const ended = programOf({ program: ID, pools, incentives: [daily(OLD)], to: '2024-08-05' });
    const run = under(world, ended).at('2024-08-07').run({ program: ID, job: 'daily', to: '2024-08-07' });
    await expect(run).rejects.toThrow(/change the rules by a version of another name/);
  });
});

describe('1. a version that no run has used', () => {
  const daily7 = { program: ID, job: 'daily', to: '2024-08-07' };

  it.each(['2024-08-06', '2024-08-05'])(
    'and that starts on %s, when the 6th is decided, is refused by every run, and nothing is written',
    async (from) => {
      const world = under(await paid(), followed(from)).at('2024-08-07', '23:00');
      const before = asText(await world.scan());
      const message = new RegExp(
        `policy days version v2: from: got ${from}; allowed: after 2024-08-06, the last closed as-of`,
      );
      for (const more of [{}, { dryRun: true }, { job: 'backfill', from: '2024-08-01' }]) {
        const run = world.run({ ...daily7, ...more });
        await expect(run).rejects.toThrow(InputError);
        await expect(run).rejects.toThrow(message);
      }
      await expect(plan(world, { ...daily7, job: 'backfill', from: '2024-08-01' })).rejects.toThrow(message);
      expect(asText(await world.scan())).toBe(before);
    },
  );

  it('starts on the day after the last one decided: the past stays, and its own days are paid by it', async () => {
    const world = under(await paid(), followed('2024-08-07')).at('2024-08-07');
    await arrive(world, '2024-08-07', session('2024-08-07', { by: 'm-1' }));
    expect(await world.run(daily7)).toMatchObject({
      run: { full: true },
      summary: { evaluated: 2, entries: 1 },
    });
    expect((await world.ledger()).filter((row) => row.startsWith('m-1'))).toEqual([
      'm-1 days day/2024-08-05 exposure 1000',
      'm-1 days day/2024-08-06 exposure 1000',
      'm-1 days day/2024-08-07 exposure 3000',
    ]);
    expect(await verified(world, ID)).toMatchObject(CLEAN);
  });

  it('may start on any day of a table in which no run has closed', async () => {
    const world = await db.world({ shards: 1, buckets: 1, catalogue: [followed('2024-08-06')] });
    await arrive(world, '2024-08-06', merchant(), session('2024-08-05'), session('2024-08-06'));
    await world.run({ program: ID, job: 'daily', to: '2024-08-06' });
    expect(await world.ledger()).toEqual([
      'm-1 days day/2024-08-05 exposure 1000',
      'm-1 days day/2024-08-06 exposure 3000',
    ]);
  });

  it('and that is yet to come changes nothing, and may still be changed or withdrawn', async () => {
    const soon = under(await paid(), followed('2024-08-20')).at('2024-08-07');
    expect(await soon.run(daily7)).toMatchObject({ run: { full: true }, summary: { entries: 0 } });
    const later = under(soon, followed('2024-08-25', { validSession: { minMinutes: 60 } })).at('2024-08-08');
    await later.run({ ...daily7, to: '2024-08-08' });
    const gone = under(later, first).at('2024-08-09');
    expect(await gone.run({ ...daily7, to: '2024-08-09' })).toMatchObject({ summary: { entries: 0 } });
    expect(await verified(gone, ID)).toMatchObject(CLEAN);
  });

  it('is pinned by the first run as of its dates: from then on it cannot change either', async () => {
    const world = under(await paid(), followed('2024-08-07')).at('2024-08-07');
    await world.run(daily7);
    const other = followed('2024-08-07', { validSession: { minMinutes: 60 } });
    const back = under(world, other).at('2024-08-08');
    await expect(back.run({ ...daily7, to: '2024-08-08' })).rejects.toThrow(/version v2: got content/);
  });
});

describe('1. a version that supersedes another', () => {
  const range = { program: ID, job: 'backfill', from: '2024-08-01', to: '2024-08-06' };
  const AS_IT_WAS = ['05', '06'].map((day) => `m-1 days day/2024-08-${day} exposure 1000`);
  const ofOne = async (world: World) => (await world.ledger()).filter((row) => row.startsWith('m-1'));

  /** A world in which a superseding version is deployed, and no plan made yet. */
  const deployed = async () => under(await paid(), superseded()).at('2024-08-06', '23:00');

  it('counts for nothing until a plan made under it has been applied: no run, verification or explanation sees it', async () => {
    const world = await deployed();
    expect(await world.run(range)).toMatchObject({
      run: { policy: { v1: expect.any(String) } },
      summary: { entries: 0 },
    });
    const named = await plan(world, { ...range, participants: ['m-1', 'm-2'] });
    expect(named.difference.participants).toBe(0);
    await plan(world, range);
    expect(
      await world.at('2024-08-07').run({ ...range, job: 'daily', from: '2024-08-07', to: '2024-08-07' }),
    ).toMatchObject({
      run: { full: false },
      summary: { entries: 0 },
    });
    expect(await ofOne(world)).toEqual(AS_IT_WAS);
    expect(await verified(world, ID)).toMatchObject(CLEAN);
    const [program] = world.services.catalogue;
    const rows = await explainRows({ services: world.services }, program!, 'm-1', '2024-08-07');
    expect(rows.map(({ occasion, due }) => `${occasion} ${due}`)).toEqual([
      'day/2024-08-05 1000',
      'day/2024-08-06 1000',
    ]);
    expect((await readControl(world.table, ID)).superseding).toBeUndefined();
  });

  it('is applied by a plan that was shown, and counts for every run from then on', async () => {
    const world = await deployed();
    const { difference } = await plan(world, range);
    expect(difference.rows).toMatchObject([{ raised: { entries: 2, amount: 2 * (NEW - OLD) } }]);
    expect(await apply(world, difference.plan, ID)).toMatchObject({ manifest: difference.plan });
    expect(await readControl(world.table, ID)).toMatchObject({ state: 'idle', superseding: ['v2'] });
    expect(await ofOne(world)).toEqual([AS_IT_WAS[0], 'm-1 days day/2024-08-06 exposure 3000']);
    const versions = (await world.entries()).map(
      ({ occasion, n, policy }) => `${occasion} ${n} ${policy.slice(0, 2)}`,
    );
    expect(versions.slice(0, 3)).toEqual([
      'day/2024-08-05 1 v1',
      'day/2024-08-06 1 v1',
      'day/2024-08-06 2 v2',
    ]);
    expect((await plan(world, range)).difference.participants).toBe(0);
    await arrive(world, '2024-08-07', session('2024-08-07'));
    const next = await world
      .at('2024-08-07')
      .run({ ...range, job: 'daily', from: '2024-08-07', to: '2024-08-07' });
    expect(next).toMatchObject({
      run: { full: false, superseding: ['v2'] },
      summary: { raised: { exposure: NEW } },
    });
    expect(await verified(world, ID)).toMatchObject(CLEAN);
  });

  it('cannot be taken out of the catalogue once it counts: the run is refused by name', async () => {
    const world = await deployed();
    await apply(world, (await plan(world, range)).difference.plan, ID);
    const back = under(world, first).at('2024-08-07');
    const run = back.run({ program: ID, job: 'daily', to: '2024-08-07' });
    await expect(run).rejects.toThrow(/policy days: version v2 was applied and is gone/);
  });

  it('counts when the run that applied it died, and another finished its plan', async () => {
    const world = await deployed();
    const { plan: hash } = (await plan(world, range)).difference;
    const { services } = world;
    const dying = {
      ...services,
      // It dies as soon as its plan is funded and named.
      plans: {
        ...services.plans,
        get: async (name: string) => {
          if ((await readControl(world.table, ID)).state === 'applying') throw new Error('died');
          return services.plans.get(name);
        },
      },
    };
    const planned = await readPlanned(world.table, ID, hash);
    const input = { program: ID, ...planned?.input, plan: hash };
    await expect(world.run(input, { services: dying, runId: 'dying' })).rejects.toThrow('died');
    expect((await readControl(world.table, ID)).superseding).toBeUndefined();
    const next = await world.wait(LEASE_MS + 1).run({ program: ID, job: 'daily', to: '2024-08-06' });
    expect(next).toMatchObject({ finished: ['dying'], run: { superseding: ['v2'] } });
    expect(await ofOne(world)).toEqual([AS_IT_WAS[0], 'm-1 days day/2024-08-06 exposure 3000']);
    expect(await verified(world, ID)).toMatchObject(CLEAN);
  });

  it('counts when the run that applied it was given up half way: what it wrote is judged by what wrote it', async () => {
    const world = await deployed();
    const { plan: hash } = (await plan(world, range)).difference;
    const { services } = world;
    let written = 0;
    const table: Table = {
      ...services.table,
      around: (call, send) => {
        if (call.verb === 'put-if-absent' && call.keys[0]?.includes(' GRANT#') && written++ > 0)
          throw new Error('died');
        return send();
      },
    };
    const planned = await readPlanned(world.table, ID, hash);
    const dying = {
      services: { ...services, table, plans: tablePlans(table) },
      runId: 'dying',
    };
    await expect(world.run({ program: ID, ...planned?.input, plan: hash }, dying)).rejects.toThrow('died');
    world.wait(LEASE_MS + 1);
    const gone = {
      ...services,
      plans: { ...services.plans, get: () => Promise.reject(new PlanLostError('gone')) },
    };
    await abandonByHand(gone, ID, 'dying', { by: 'tester', reason: 'its plan is gone' });
    expect((await readControl(world.table, ID)).superseding).toEqual(['v2']);
    const next = await world.at('2024-08-07').run({ ...range, from: '2024-08-01', to: '2024-08-07' });
    expect(next).toMatchObject({ summary: { failed: 0, displaced: 0 } });
    expect((await world.ledger()).filter((row) => row.includes('08-06'))).toEqual([
      'm-1 days day/2024-08-06 exposure 3000',
      'm-2 days day/2024-08-06 exposure 3000',
    ]);
  });

  it('changes no sealed occasion', async () => {
    const world = under(await paid(), superseded()).at('2024-12-10', '23:00');
    const late = { ...range, to: '2024-12-10', from: '2024-12-10' };
    const { difference } = await plan(world, late);
    expect(difference.participants).toBe(0);
    await apply(world, difference.plan, ID);
    expect(await ofOne(world)).toEqual(AS_IT_WAS);
  });
});

describe('4. an entry whose policy no version has', () => {
  it('fails its participant by name, and nobody else; it is never judged by the latest rule', async () => {
    const world = await paid();
    // The label of a version that was never in this catalogue.
    await putAll(
      world.table,
      (await world.scan())
        .filter(({ pk, sk }) => pk === 'P#m-1' && String(sk).startsWith('GRANT#'))
        .map(({ pk, sk, ...item }) => ({
          ...item,
          pk: String(pk),
          sk: String(sk),
          policy: 'v0@000000000000',
        })),
    );
    await arrive(
      world,
      '2024-08-07',
      session('2024-08-07', { by: 'm-1' }),
      session('2024-08-07', { by: 'm-2' }),
    );
    const run = await world.at('2024-08-07').run({ program: ID, job: 'daily', to: '2024-08-07' });
    expect(run).toMatchObject({
      summary: {
        failed: 1,
        failures: [
          expect.stringMatching(/^m-1: .*policy v0@000000000000, and no version of days in force is that/),
        ],
        entries: 1,
      },
    });
  });
});
