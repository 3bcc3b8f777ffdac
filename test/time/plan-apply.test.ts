/** Plans that are shown before they happen, and what of them is written when the world has moved on. */
import { beforeAll, describe, expect, it } from 'vitest';
import { runHere } from '../../shared/pipeline/run-here.ts';
import { parseRunInput } from '../../shared/pipeline/run-input.ts';
import { findProgram } from '../../shared/policy/catalogue.ts';
import { ensureBudget, setLimit } from '../../shared/store/budget.ts';
import { readPools } from '../../shared/store/budget-item.ts';
import { readControl } from '../../shared/store/control.ts';
import { readFrozen } from '../../shared/store/decisions.ts';
import { readDue } from '../../shared/store/due.ts';
import { InputError } from '../../shared/values/validation.ts';
import { CNY, merchant, sales, session } from '../support/facts.ts';
import { agencyWith } from '../support/programs.ts';
import { database, PROGRAM, type World } from '../support/world.ts';
import { apply, CLEAN, plan, recordOf, verified } from './operator.ts';

const db = database();
const SIZE = { shards: 1, buckets: 1 };
const DAILY = { job: 'daily', to: '2024-08-02' };
const AUGUST = { job: 'backfill', from: '2024-08-01', to: '2024-08-02' };
const MANY = 150;
const PAID_EACH = 2 + 1 + 1;

const idOf = (index: number) => `m-${index + 1}`;

/** Many merchants that each went live once. */
let many: Record<string, unknown>[] = [];
beforeAll(async () => {
  const world = (await db.world(SIZE)).at('2024-08-02');
  const facts = Array.from({ length: MANY }, (_, index) => [
    merchant(idOf(index)),
    session('2024-08-01', { by: idOf(index), minutes: 120 }),
  ]);
  await world.ingest(facts.flat(), '2024-08-02');
  many = await world.scan();
});

async function crowd(): Promise<World> {
  return (await db.copy(many, SIZE)).at('2024-08-02', '20:00');
}

async function few(): Promise<World> {
  const world = (await db.world(SIZE)).at('2024-08-02');
  const facts = ['m-1', 'm-2'].flatMap((by) => [
    merchant(by),
    session('2024-08-01', { by }),
    sales('2024-08-01', 2_000 * CNY, { by }),
  ]);
  await world.ingest(facts, '2024-08-02');
  return world;
}

async function changeLimit(world: World, node: string, by: number): Promise<void> {
  const pool = (await readPools(world.table, PROGRAM)).find((one) => one.pool === node);
  if (pool === undefined) throw new Error(`no pool ${node}`);
  const to = pool.limit + by;
  const change = { from: pool.limit, to, by: 'test', reason: 'test', at: '2024-08-02T12:00:00Z' };
  expect(await setLimit(world.table, PROGRAM, pool, change)).toBe(true);
}

describe('on a quiet table', () => {
  it('a plan writes no entry, takes nothing from a pool, and does not hold the program', async () => {
    const world = await few();
    const shown = await plan(world, DAILY);
    expect(shown.difference.participants).toBe(2);
    expect(await world.entries()).toEqual([]);
    expect(await readPools(world.table, PROGRAM)).toEqual([]);
    expect(await readControl(world.table, PROGRAM)).toMatchObject({ epoch: 0, state: 'idle' });
  });

  it('shows what a person can judge: by incentive, unit and pool, the largest and the totals', async () => {
    const world = await few();
    const { difference } = await plan(world, DAILY);
    const none = { entries: 0, amount: 0 };
    const rest = { raised: none, lowered: none, refused: none, held: none, unfunded: none };
    expect(difference.rows).toEqual([
      { incentive: 'new-host', unit: 'count', pool: '', new: { entries: 4, amount: 4 }, ...rest },
      {
        incentive: 'new-host',
        unit: 'exposure',
        pool: 'exposure',
        new: { entries: 4, amount: 80_000 },
        ...rest,
      },
    ]);
    expect(difference.totals).toEqual({ count: 4, exposure: 80_000 });
    expect(difference.largest).toHaveLength(4);
    expect(difference.largest[0]).toEqual({
      participantId: 'm-1',
      occasion: 'w1/cold-1',
      unit: 'exposure',
      amount: 20_000,
      reason: 'earned',
    });
  });

  it.each([
    ['a daily run', DAILY],
    ['a backfill', AUGUST],
    ['a backfill of one participant', { ...AUGUST, participants: ['m-2'] }],
  ])('%s writes exactly its plan, and planning it again is empty', async (_, input) => {
    const world = await few();
    const { difference, summary } = await plan(world, input);
    const done = await apply(world, difference.plan);
    expect(done).toMatchObject({ outcome: 'done', manifest: difference.plan });
    const { planned, raised, entries } = summary;
    expect(done).toMatchObject({ summary: { planned, raised, entries, displaced: 0 } });
    const written = await world.entries();
    expect(written).toHaveLength(entries);
    const amount = written.reduce((sum, one) => sum + (one.pool === 'exposure' ? one.amount : 0), 0);
    expect(amount).toBe(difference.totals.exposure);
    const again = await plan(world, input);
    expect(again.difference).toMatchObject({ participants: 0, rows: [], largest: [], totals: {} });
    expect(await verified(world)).toMatchObject({ differences: [] });
  });

  it('shows a lowering after a refund, and applies just that', async () => {
    const world = await few();
    await world.run(DAILY);
    world.at('2024-08-03');
    const refund = sales('2024-08-01', 2_000 * CNY, { refundedFen: 1_500 * CNY, revision: 2 });
    await world.ingest([refund], '2024-08-03');
    const { difference } = await plan(world, { job: 'daily', to: '2024-08-03' });
    expect(difference.largest).toEqual([
      {
        participantId: 'm-1',
        occasion: 'w1/growth-1',
        unit: 'exposure',
        amount: -20_000,
        reason: 'refunded',
      },
    ]);
    expect(difference.rows).toMatchObject([{ lowered: { entries: 1, amount: -20_000 } }]);
    expect(await apply(world, difference.plan)).toMatchObject({ summary: { lowered: { exposure: 20_000 } } });
    expect(await world.ledger()).not.toContain('m-1 treasure-host w1/growth-1 exposure 20000');
    expect(await verified(world)).toMatchObject(CLEAN);
  });

  it('a month end that freezes decisions writes exactly its plan', async () => {
    const world = (await db.world(SIZE)).at('2024-09-16');
    await world.ingest(agencyWith('a-1', { fen: 900_000 * CNY, feesFen: 10_000 * CNY }), '2024-09-16');
    const input = { job: 'month-end', from: '2024-08-01', to: '2024-08-31', asOf: '2024-09-16' };
    const { difference } = await plan(world, input);
    expect(await readFrozen(world.table, PROGRAM)).toEqual(new Map());
    expect(difference.totals.fen).toBeGreaterThan(0);
    expect(await apply(world, difference.plan)).toMatchObject({ manifest: difference.plan });
    expect([...(await readFrozen(world.table, PROGRAM)).keys()].sort()).toEqual([
      'agency-pool/2024-08',
      'top-creator/2024-08',
    ]);
    expect((await plan(world, input)).difference).toMatchObject({ participants: 0 });
    expect(await verified(world)).toMatchObject(CLEAN);
  });
});

describe('what has moved since the plan was shown', () => {
  it('one of many is named, left as it is, and due again; the others are written', async () => {
    const world = await crowd();
    const { difference } = await plan(world, AUGUST);
    expect(difference.participants).toBe(MANY);
    await world.ingest([session('2024-08-02', { by: 'm-7' })], '2024-08-02');
    const done = await apply(world, difference.plan);
    expect(done).toMatchObject({
      summary: { planned: (MANY - 1) * PAID_EACH, entries: (MANY - 1) * PAID_EACH },
    });
    expect(await recordOf(world, done)).toMatchObject({ state: 'closed', moved: ['m-7'] });
    const entries = await world.entries();
    expect(entries).toHaveLength((MANY - 1) * PAID_EACH);
    expect(entries.filter(({ participantId }) => participantId === 'm-7')).toEqual([]);
    expect(await readDue(world.table, ['2024-08-03'], [0])).toEqual(['m-7']);
    expect(await verified(world)).toMatchObject({ differences: [] });
    expect(await world.daily('2024-08-03')).toMatchObject({ summary: { entries: PAID_EACH + 1 } });
    expect(await verified(world)).toMatchObject(CLEAN);
  });

  it('one that is new since then counts as moved: it was not shown', async () => {
    const world = await crowd();
    const { difference } = await plan(world, AUGUST);
    await world.ingest([merchant('m-new'), session('2024-08-01', { by: 'm-new' })], '2024-08-02');
    const done = await apply(world, difference.plan);
    expect(await recordOf(world, done)).toMatchObject({ moved: ['m-new'] });
    expect(new Set((await world.entries()).map(({ participantId }) => participantId)).size).toBe(MANY);
    expect(await world.daily('2024-08-03')).toMatchObject({ summary: { entries: 3 } });
  });

  it('more than one in a hundred: the plan is refused, the program is free, and nothing is written', async () => {
    const world = await crowd();
    const { difference } = await plan(world, AUGUST);
    await world.ingest(
      [session('2024-08-02', { by: 'm-7' }), session('2024-08-02', { by: 'm-8' })],
      '2024-08-02',
    );
    await expectRefused(world, difference.plan, '2 of 150 participants have moved');
  });

  it('a limit: the plan is refused, whether it was raised or lowered', async () => {
    for (const by of [1, -1]) {
      const world = await few();
      await ensureBudget(world.table, findProgram(PROGRAM));
      const { difference } = await plan(world, AUGUST);
      await changeLimit(world, 'exposure', by);
      const was = 100_000_000_000;
      await expectRefused(world, difference.plan, `the limit of exposure was ${was} and is ${was + by}`);
    }
  });

  it('the policy: the plan is refused', async () => {
    const world = await few();
    const { difference } = await plan(world, AUGUST);
    const [known] = world.services.catalogue;
    if (known === undefined) throw new Error('no program');
    const [first] = known.versions;
    if (first === undefined) throw new Error('no version');
    const versions = [
      { ...first, to: '2024-08-31' },
      { ...first, version: 'autumn', from: '2024-09-01' },
    ];
    const catalogue = world.services.catalogue.map((one) =>
      one.program === PROGRAM ? { ...one, versions } : one,
    );
    const input = parseRunInput({ program: PROGRAM, requestedBy: 'test', ...AUGUST, plan: difference.plan });
    const applied = runHere({ ...world.services, catalogue }, input, 'other-policy');
    await expect(applied).rejects.toThrow(InputError);
    await expect(applied).rejects.toThrow(/no longer stands: the policy has changed/);
    expect(await world.entries()).toEqual([]);
  });

  it('anyone at all, where it decides for everyone: the plan is refused, and nothing is frozen', async () => {
    const world = (await db.copy(many, SIZE)).at('2024-09-16');
    const input = { job: 'month-end', from: '2024-08-01', to: '2024-08-31', asOf: '2024-09-16' };
    const { difference } = await plan(world, input);
    await world.ingest([session('2024-08-20', { by: 'm-7' })], '2024-09-16');
    await expectRefused(world, difference.plan, '1 participants have moved, and it decides for all');
    expect(await readFrozen(world.table, PROGRAM)).toEqual(new Map());
  });

  it('what a pool would be split by: the plan is refused before it is frozen', async () => {
    const world = (await db.world(SIZE)).at('2024-09-16');
    const agencies = [
      ...agencyWith('a-1', { fen: 900_000 * CNY }),
      ...agencyWith('a-2', { fen: 300_000 * CNY }),
    ];
    await world.ingest(agencies, '2024-09-16');
    const input = { job: 'month-end', from: '2024-08-01', to: '2024-08-31', asOf: '2024-09-16' };
    const { difference } = await plan(world, input);
    // The other agency has no live members any more: its share is gone.
    const withdrawn = agencyWith('a-2').flatMap((fact) =>
      fact.type === 'broadcast' ? { ...fact, withdrawn: true, revision: 2 } : [],
    );
    await world.ingest(withdrawn, '2024-09-16');
    await expectRefused(world, difference.plan, 'pools or ranks would be decided otherwise');
    expect(await readFrozen(world.table, PROGRAM)).toEqual(new Map());
  });
});

describe('8. a pool that has been emptied since a plan was shown', () => {
  /** Each of two is shown 40,000; another run then takes 40,000 of the 80,000. */
  async function emptied() {
    const world = await few();
    await ensureBudget(world.table, findProgram(PROGRAM));
    await changeLimit(world, 'exposure', 80_000 - 100_000_000_000);
    const { difference } = await plan(world, { ...AUGUST, participants: ['m-1', 'm-2'] });
    await world.ingest([merchant('m-3'), session('2024-08-01', { by: 'm-3' })], '2024-08-02');
    await world.ingest([sales('2024-08-01', 2_000 * CNY, { by: 'm-3' })], '2024-08-02');
    await world.run({ ...AUGUST, participants: ['m-3'] });
    return { world, hash: difference.plan };
  }

  it('refuses it with what it has left of what was shown, and writes nothing', async () => {
    const { world, hash } = await emptied();
    const before = await world.entries();
    await expect(apply(world, hash)).rejects.toThrow(
      `plan: ${hash} no longer stands: exposure has 40000 left of the 80000 shown (apply --partly writes what can be funded, and lists the rest)`,
    );
    expect(await world.entries()).toEqual(before);
    expect(await world.pool()).toMatchObject({ left: 40_000, reserved: 0 });
  });

  it('funds what it can of one that is applied partly, and the record lists the rest', async () => {
    const { world, hash } = await emptied();
    const done = await apply(world, hash, PROGRAM, true);
    expect(await recordOf(world, done)).toMatchObject({
      partly: true,
      unfunded: { count: 2, first: ['m-2 w1/cold-1 20000', 'm-2 w1/growth-1 20000'] },
    });
    expect(await world.pool()).toMatchObject({ left: 0, reserved: 0 });
    expect((await verified(world)).differences).toEqual([]);
  });

  it('funds nobody beyond what was shown, when money came back instead', async () => {
    const world = await few();
    await ensureBudget(world.table, findProgram(PROGRAM));
    await changeLimit(world, 'exposure', 100_000 - 100_000_000_000);
    await world.ingest([merchant('m-0'), session('2024-08-01', { by: 'm-0' })], '2024-08-02');
    await world.ingest([sales('2024-08-01', 2_000 * CNY, { by: 'm-0' })], '2024-08-02');
    await world.run({ ...AUGUST, participants: ['m-0'] });
    const { difference } = await plan(world, { ...AUGUST, participants: ['m-1', 'm-2'] });
    await world.ingest([session('2024-08-01', { by: 'm-0', withdrawn: true, revision: 2 })], '2024-08-02');
    await world.run({ ...AUGUST, participants: ['m-0'] });
    expect(await world.pool()).toMatchObject({ left: 100_000 });
    await apply(world, difference.plan);
    expect(await world.pool()).toMatchObject({ left: 40_000, reserved: 0 });
  });
});

async function expectRefused(world: World, hash: string, why: string): Promise<void> {
  const before = await world.entries();
  const applied = apply(world, hash);
  await expect(applied).rejects.toThrow(InputError);
  await expect(applied).rejects.toThrow(
    `plan: ${hash} no longer stands: ${why}. Nothing was written; plan again`,
  );
  expect(await world.entries()).toEqual(before);
  expect(await readControl(world.table, PROGRAM)).toMatchObject({ state: 'idle' });
  const runs = (await world.scan()).filter(({ plan }) => plan === hash);
  expect(runs).toMatchObject([{ state: 'abandoned', failure: expect.stringContaining(why) }]);
  for (const { reserved } of await readPools(world.table, PROGRAM)) expect(reserved).toBe(0);
}

describe('a plan holds nothing', () => {
  it('two wait side by side, and the one applied first does not stand in the way of the other', async () => {
    const world = await few();
    const [one, other] = [
      await plan(world, { ...AUGUST, participants: ['m-1'] }),
      await plan(world, { ...AUGUST, participants: ['m-2'] }),
    ];
    expect(await apply(world, other.difference.plan)).toMatchObject({ manifest: other.difference.plan });
    expect(await apply(world, one.difference.plan)).toMatchObject({ manifest: one.difference.plan });
    expect(await verified(world)).toMatchObject({ ...CLEAN, entries: 8 });
  });

  it('a daily run in between writes what is due; what it left can still be applied', async () => {
    const world = await few();
    await world.run(DAILY);
    world.at('2024-08-02', '20:00');
    await world.ingest([session('2024-08-02')], '2024-08-02');
    const raised = await plan(world, { ...AUGUST, participants: ['m-1'] });
    const nothing = await plan(world, { ...AUGUST, participants: ['m-2'] });
    expect(await world.daily('2024-08-02')).toMatchObject({ outcome: 'done', summary: { entries: 1 } });
    expect(await apply(world, nothing.difference.plan)).toMatchObject({ summary: { entries: 0 } });
    await expectRefused(world, raised.difference.plan, '1 of 1 participants have moved');
    expect(await verified(world)).toMatchObject(CLEAN);
  });

  it('may be applied days later, as of the last day that runs have decided since', async () => {
    const world = await few();
    const { difference } = await plan(world, { ...AUGUST, participants: ['m-1'] });
    for (const date of ['2024-08-02', '2024-08-03']) {
      await world.at(date, '22:00').ingest([merchant('m-3'), session(date, { by: 'm-3' })], date);
    }
    await world.run({ job: 'backfill', from: '2024-08-03', to: '2024-08-03', participants: ['m-3'] });
    const done = await apply(world, difference.plan);
    expect(done).toMatchObject({ run: { asOf: '2024-08-03' }, summary: { entries: 4 } });
    expect(done).toMatchObject({ manifest: difference.plan });
    expect(await recordOf(world, done)).not.toHaveProperty('moved');
  });

  it('applied twice, it is written once: the second time nothing of it is left', async () => {
    const world = await few();
    const { difference } = await plan(world, AUGUST);
    await apply(world, difference.plan);
    const before = await world.entries();
    await expect(apply(world, difference.plan)).rejects.toThrow(/2 of 2 participants have moved/);
    expect(await world.entries()).toEqual(before);
    expect(await verified(world)).toMatchObject(CLEAN);
  });

  it('a hash that no plan here has is refused before anything is written', async () => {
    const world = await few();
    const hash = '0'.repeat(32);
    await expect(apply(world, hash)).rejects.toThrow(
      `plan: got ${hash}; allowed: the hash of a plan of ${PROGRAM} that is kept`,
    );
    expect(await world.entries()).toEqual([]);
    expect(await readControl(world.table, PROGRAM)).toMatchObject({ state: 'idle' });
  });

  it('a hash that is none is bad input', async () => {
    const world = await few();
    const refused = (async () => world.run({ ...DAILY, plan: 'yesterday' }))();
    await expect(refused).rejects.toThrow(
      /plan: got "yesterday"; allowed: the hash of a plan: 32 hex digits/,
    );
  });
});
