/** Policies change by new versions from later dates: a used one never does. */
import { describe, expect, it } from 'vitest';
import { checkProgram } from '../../shared/policy/checks.ts';
import type { Incentive, Program } from '../../shared/policy/schema.ts';
import { readControl } from '../../shared/store/control.ts';
import { InputError } from '../../shared/values/validation.ts';
import { merchant, session } from '../support/facts.ts';
import { arrive, programOf } from '../support/programs.ts';
import { asText, database, type World } from '../support/world.ts';
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

/** The same program, whose rules change from 6 August on: the version before is as it was. */
function superseded(from = '2024-08-06'): Program {
  const [v1] = first.versions;
  if (v1 === undefined) throw new Error('no version');
  return checkProgram({
    ...first,
    versions: [v1, { ...v1, version: 'v2', from, incentives: [daily(NEW)] }],
  });
}

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

describe('a version that supersedes another', () => {
  it('makes the next daily run look at everyone, and changes only what its dates decide', async () => {
    const world = under(await paid(), superseded()).at('2024-08-07');
    expect(await world.run({ program: ID, job: 'daily', to: '2024-08-07' })).toMatchObject({
      run: { full: true, policy: { v1: expect.any(String), v2: expect.any(String) } },
      summary: { evaluated: 2, raised: { exposure: 2 * (NEW - OLD) } },
    });
    expect(await world.ledger()).toEqual([
      'm-1 days day/2024-08-05 exposure 1000',
      'm-1 days day/2024-08-06 exposure 3000',
      'm-2 days day/2024-08-05 exposure 1000',
      'm-2 days day/2024-08-06 exposure 3000',
    ]);
    const versions = (await world.entries()).map(({ occasion, n, policy }) => [
      occasion,
      n,
      policy.slice(0, 2),
    ]);
    expect(versions.slice(0, 3)).toEqual([
      ['day/2024-08-05', 1, 'v1'],
      ['day/2024-08-06', 1, 'v1'],
      ['day/2024-08-06', 2, 'v2'],
    ]);
    expect(await verified(world, ID)).toMatchObject(CLEAN);
    const next = await world.at('2024-08-08').run({ program: ID, job: 'daily', to: '2024-08-08' });
    expect(next).toMatchObject({ run: { full: false }, summary: { entries: 0 } });
  });

  it('from a date to come changes nothing yet', async () => {
    const world = under(await paid(), superseded('2024-08-20')).at('2024-08-07');
    expect(await world.run({ program: ID, job: 'daily', to: '2024-08-07' })).toMatchObject({
      run: { full: true },
      summary: { evaluated: 2, entries: 0 },
    });
  });

  it('is applied by a plan that was shown, and planning again is empty', async () => {
    const world = under(await paid(), superseded()).at('2024-08-06', '23:00');
    const range = { program: ID, job: 'backfill', from: '2024-08-01', to: '2024-08-06' };
    const { difference } = await plan(world, range);
    expect(difference.rows).toMatchObject([{ raised: { entries: 2, amount: 2 * (NEW - OLD) } }]);
    expect(await apply(world, difference.plan, ID)).toMatchObject({ manifest: difference.plan });
    expect((await plan(world, range)).difference.participants).toBe(0);
    expect(await verified(world, ID)).toMatchObject(CLEAN);
    expect(await readControl(world.table, ID)).toMatchObject({ state: 'idle' });
  });

  it('is pinned with the first run: from then on it cannot change either', async () => {
    const world = under(await paid(), superseded()).at('2024-08-07');
    await world.run({ program: ID, job: 'daily', to: '2024-08-07' });
    const back = under(world, superseded('2024-08-09')).at('2024-08-08');
    await expect(back.run({ program: ID, job: 'daily', to: '2024-08-08' })).rejects.toThrow(
      /version v2: got content/,
    );
  });
});
