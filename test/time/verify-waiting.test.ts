/** Verification between two runs: what only a coming run decides is pending, by whom and by which run, and no difference. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideCorrection } from '../../shared/pipeline/corrections.ts';
import { verify } from '../../shared/pipeline/verify/verify.ts';
import { findProgram } from '../../shared/policy/catalogue.ts';
import { RETENTION_DAYS } from '../../shared/policy/reach.ts';
import { setLimit } from '../../shared/store/budget.ts';
import { readControl } from '../../shared/store/control.ts';
import { readHeld } from '../../shared/store/held.ts';
import { addDays } from '../../shared/values/calendar.ts';
import { CNY, merchant, sales, sanction, session } from '../support/facts.ts';
import { agency, agencyWith, amounts, arrive, creator, member, monthEnd } from '../support/programs.ts';
import { asText, database, PROGRAM, type World } from '../support/world.ts';
import { apply, CLEAN, NOBODY, plan, verified } from './operator.ts';
import { live, seasons } from './seasons.ts';

const db = database();
const SIZE = { shards: 1, buckets: 1 };

/** What waits, and nothing else: no difference. */
async function waiting(world: World): Promise<string[]> {
  const { names, ...found } = await verified(world);
  expect(found).toMatchObject({ differences: [], unfunded: 0, unproven: 0 });
  return names.pending.sort(byName);
}

describe('37. between the last day of a month and its month end', () => {
  it('a first jump waits for the month end, whoever was due since (cases/verify-false-alarm)', async () => {
    const world = await db.world(SIZE);
    await arrive(world, '2024-07-25', merchant(), sales('2024-07-25', 20_000 * CNY));
    await world.daily('2024-07-25');
    expect(await verified(world)).toMatchObject({ ...CLEAN, names: NOBODY });
    await world.daily('2024-07-31');
    expect(await waiting(world)).toEqual(['m-1 first-jump/10000, by the next month end']);
    await monthEnd(world, '2024-07');
    expect(await verified(world)).toMatchObject({ ...CLEAN, entries: 1 });
  });

  it('so does a steady month, and facts of somebody else change nothing', async () => {
    const world = await db.world(SIZE);
    const days = Array.from({ length: 12 }, (_, index) => addDays('2024-08-01', index));
    await arrive(world, '2024-08-12', merchant(), session('2024-07-30'));
    await arrive(world, '2024-08-12', ...days.map((day) => session(day)));
    await world.daily('2024-08-12');
    await arrive(world, '2024-08-31', merchant('m-2'), session('2024-08-31', { by: 'm-2' }));
    await world.daily('2024-08-31');
    expect(await waiting(world)).toEqual(['m-1 steady/2024-08, by the next month end']);
    await monthEnd(world, '2024-08');
    expect(await verified(world)).toMatchObject(CLEAN);
  });

  it('and what agencies have of the windows of their members', async () => {
    const world = await db.world(SIZE);
    await arrive(world, '2024-08-10', agency(), member('m-1', 'a-1'), session('2024-08-10'));
    await world.daily('2024-08-10');
    await world.daily('2024-08-31');
    expect(await waiting(world)).toEqual(['a-1 agency-growth/2024-08, by the next month end']);
    await monthEnd(world, '2024-08');
    expect(await verified(world)).toMatchObject(CLEAN);
  });
});

describe('37. after the lag of a month, until the month end that decides it', () => {
  it('cashback and the agency pool wait', async () => {
    const world = await db.world(SIZE);
    await arrive(world, '2024-08-31', ...agencyWith('a-1', { fen: 900_000 * CNY, feesFen: 10_000 * CNY }));
    await monthEnd(world, '2024-08');
    expect(await waiting(world)).toEqual([]);
    await world.daily('2024-09-15');
    expect(await waiting(world)).toEqual([
      'a-1 agency-pool/2024-08, by the next month end',
      'a-1 fee-cashback/2024-08, by the next month end',
      'a-1.m-1 fee-cashback/2024-08, by the next month end',
    ]);
    await monthEnd(world, '2024-08', 15);
    expect(await verified(world)).toMatchObject(CLEAN);
  });

  it('and the ranking of creators', async () => {
    const world = await db.world(SIZE);
    await arrive(
      world,
      '2024-08-10',
      creator('c-1'),
      sales('2024-08-10', 2_000_000 * CNY, { by: 'c-1' }),
      session('2024-08-10', { by: 'c-1' }),
    );
    await monthEnd(world, '2024-08');
    await world.daily('2024-09-03');
    expect(await waiting(world)).toEqual(['c-1 top-creator/2024-08, by the next month end']);
    await monthEnd(world, '2024-08', 3);
    expect(await verified(world)).toMatchObject(CLEAN);
  });

  it('sums that late facts of members change wait too, and the member itself for the next day', async () => {
    const world = await db.world(SIZE);
    await arrive(world, '2024-08-31', ...agencyWith('a-1', { fen: 900_000 * CNY, feesFen: 10_000 * CNY }));
    await monthEnd(world, '2024-08', 15);
    const refund = { by: 'a-1.m-1', refundedFen: 600_000 * CNY, feesFen: 10_000 * CNY, revision: 2 };
    await arrive(world, '2024-09-16', sales('2024-08-10', 900_000 * CNY, refund));
    expect(await waiting(world)).toEqual([
      'a-1 fee-cashback/2024-08, by the next month end',
      'a-1.m-1 fee-cashback/2024-08, by the next month end',
      'a-1.m-1 first-jump/500000, by the next daily run',
    ]);
    await world.daily('2024-09-16');
    expect(await waiting(world)).toEqual([
      'a-1 fee-cashback/2024-08, by the next month end',
      'a-1.m-1 fee-cashback/2024-08, by the next month end',
    ]);
    await monthEnd(world, '2024-08', 17);
    expect(await verified(world)).toMatchObject(CLEAN);
  });
});

function byName(a: string, b: string): number {
  return a < b ? -1 : 1;
}

describe('37. waits for the next daily run:', () => {
  it('a corrected platform', async () => {
    const world = await db.world(SIZE);
    await arrive(world, '2024-08-01', merchant(), session('2024-08-01'));
    await world.daily('2024-08-01');
    await arrive(world, '2024-08-02', merchant('m-1', { platform: 'channels', revision: 2 }));
    expect(await waiting(world)).toEqual(
      ['perk-commercial', 'perk-matchmaking', 'cold-1']
        .map((name) => `m-1 w1/${name}, by the next daily run`)
        .sort(byName),
    );
    await world.daily('2024-08-02');
    expect(await verified(world)).toMatchObject(CLEAN);
  });

  it('what a raise pays, and until then it is unfunded, by name', async () => {
    const world = await db.world(SIZE);
    await limited(world, 10_000);
    await arrive(world, '2024-08-01', merchant(), session('2024-08-01'));
    await world.daily('2024-08-01');
    const { names, ...found } = await verified(world);
    expect(found).toMatchObject({ ...CLEAN, unfunded: 1 });
    expect(names).toEqual({ ...NOBODY, unfunded: ['m-1 w1/cold-1, 10000 exposure'] });
    await limited(world, 20_000);
    expect(await waiting(world)).toEqual(['m-1 w1/cold-1, by the next daily run']);
    await world.daily('2024-08-02');
    expect(await verified(world)).toMatchObject(CLEAN);
  });

  it('an approved correction that is not written yet, and until then it waits for an operator, by its id', async () => {
    const world = await db.world(SIZE);
    await arrive(world, '2024-08-31', ...agencyWith('a-1', { fen: 900_000 * CNY }));
    await monthEnd(world, '2024-08', 15);
    await arrive(world, '2024-09-16', sanction('2024-08-05', '2024-08-06', { by: 'a-1' }));
    await world.daily('2024-09-16');
    await monthEnd(world, '2024-08', 17);
    const id = `${PROGRAM}:a-1:agency-pool/2024-08`;
    expect(await verified(world)).toMatchObject({ ...CLEAN, corrections: 1, names: { corrections: [id] } });
    const [correction] = await readHeld(world.table, PROGRAM);
    const decision = { decision: 'approved' as const, by: 'ops', reason: 'checked', at: '2024-09-17' };
    expect(await decideCorrection(world.services, correction!, decision)).toBe(true);
    expect(await waiting(world)).toEqual(['a-1 agency-pool/2024-08, by the next daily run']);
    await world.daily('2024-09-17');
    expect(await amounts(world, 'agency-pool')).toEqual({});
    expect(await verified(world)).toMatchObject(CLEAN);
  });

  it('whoever was due when a backfill of others was run, which leaves the watermark where it is', async () => {
    const world = await db.world(SIZE);
    await arrive(world, '2024-08-01', merchant(), merchant('m-2'));
    await world.daily('2024-08-01');
    await arrive(world, '2024-08-02', session('2024-08-02'), session('2024-08-02', { by: 'm-2' }));
    await world.at('2024-08-03').backfill('2024-08-01', '2024-08-02', { participants: ['m-2'] });
    expect(new Set((await waiting(world)).map((name) => name.split(' ')[0]))).toEqual(new Set(['m-1']));
    await world.daily('2024-08-03');
    expect(await verified(world)).toMatchObject(CLEAN);
  });

  it('whom a run left out because the plan that was shown no longer stood for them', async () => {
    const world = await db.world(SIZE);
    const ids = Array.from({ length: 120 }, (_, index) => `m-${index}`);
    await arrive(world, '2024-08-01', ...ids.flatMap((by) => [merchant(by), session('2024-08-01', { by })]));
    const { difference } = await plan(world, { job: 'daily', to: '2024-08-01' });
    await world.ingest([session('2024-08-01', { by: 'm-7', at: '21:30' })], '2024-08-01');
    await apply(world.at('2024-08-02'), difference.plan);
    expect(new Set((await waiting(world)).map((name) => name.split(' ')[0]))).toEqual(new Set(['m-7']));
    await world.daily('2024-08-02');
    expect(await verified(world)).toMatchObject(CLEAN);
  });
});

async function limited(world: World, to: number): Promise<void> {
  if ((await readControl(world.table, PROGRAM)).epoch === 0) await world.daily('2024-07-31');
  const pool = await world.pool();
  const change = { from: pool.limit, to, by: 'test', reason: 'test', at: '2024-08-01T00:00:00Z' };
  expect(await setLimit(world.table, PROGRAM, pool, change)).toBe(true);
}

describe('37. what is old', () => {
  it('is sealed, by name: an ended program can still be verified when its facts have expired', async () => {
    const world = await db.world(SIZE);
    await arrive(world, '2024-07-25', merchant(), session('2024-07-25'), sales('2024-07-25', 60_000 * CNY));
    await monthEnd(world, '2024-07');
    const { names, ...found } = await verified(world.at(addDays('2024-09-01', RETENTION_DAYS + 100)));
    expect(found).toMatchObject({ differences: [], pending: 0, sealed: 9 });
    expect(names.sealed).toContain('m-1 first-jump/10000');
    expect(names.sealed).toHaveLength(9);
  });

  it('more than twenty are counted, and the first named', async () => {
    const world = await db.world(SIZE);
    const ids = Array.from({ length: 10 }, (_, index) => `m-${index}`);
    await arrive(world, '2024-08-01', ...ids.flatMap((by) => [merchant(by), session('2024-08-01', { by })]));
    await world.daily('2024-08-01');
    await arrive(world, '2024-08-02', ...ids.map((by) => session('2024-08-01', { by, at: '21:30' })));
    await arrive(world, '2024-08-02', ...ids.map((by) => sales('2024-08-01', 60_000 * CNY, { by })));
    const { pending, names } = await verified(world);
    expect(pending).toBe(50);
    expect(names.pending).toHaveLength(20);
  });
});

it('37. verify writes nothing, whatever it finds', async () => {
  const world = await db.world(SIZE);
  await arrive(world, '2024-08-31', ...agencyWith('a-1', { fen: 900_000 * CNY }));
  await world.daily('2024-08-31');
  const before = asText(await world.scan());
  const verbs = new Set<string>();
  const services = world.around((call, send) => {
    verbs.add(call.verb);
    return send();
  });
  expect((await verify(services, findProgram(PROGRAM))).pending.count).toBeGreaterThan(0);
  expect([...verbs].sort()).toEqual(['get', 'get-all', 'index', 'range', 'scan']);
  expect(asText(await world.scan())).toBe(before);
});

describe('37. in random seasons', () => {
  const SPAN = { from: '2024-07-26', to: '2024-08-04', last: '2024-09-16', late: 8, maxFacts: 14 };

  it('after every step there is no difference but a run that died', async () => {
    let [pending, steps] = [0, 0];
    await fc.assert(
      fc.asyncProperty(seasons(SPAN), async (season) => {
        const world = await db.world({ shards: 2, buckets: 2 });
        await live(world, season, SPAN, async (when) => {
          const found = await verified(world.wait(60_000));
          const dead = found.differences.filter(
            (what) => !/^run \S+ died while (planning|applying)$/.test(what),
          );
          expect(dead, when).toEqual([]);
          pending += found.pending;
          steps++;
        });
      }),
      { seed: 20240724, numRuns: 6, unbiased: true, endOnFailure: true },
    );
    expect(steps).toBeGreaterThan(40);
    expect(pending).toBeGreaterThan(20);
  }, 300_000);
});
