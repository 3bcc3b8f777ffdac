/** One participant, one part (law 13): whatever roles an id has, and whatever changes while a run is under way. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Change } from '../../shared/engine/history.ts';
import type { Fact } from '../../shared/facts/schema.ts';
import { applyPart } from '../../shared/pipeline/apply-part.ts';
import { openRun } from '../../shared/pipeline/open-run.ts';
import { manifestText, readManifest, readPart, storePart } from '../../shared/pipeline/plan.ts';
import { parseRunInput } from '../../shared/pipeline/run-input.ts';
import { checkProgram } from '../../shared/policy/checks.ts';
import type { Program } from '../../shared/policy/schema.ts';
import { markDue, readDue } from '../../shared/store/due.ts';
import { decideHeld, readHeld } from '../../shared/store/held.ts';
import { readRun } from '../../shared/store/runs.ts';
import { addDays } from '../../shared/values/calendar.ts';
import { merchant, sales, sanction, session } from '../support/facts.ts';
import { agency, amounts, arrive, creator, faultsOf, member, monthEnd, only } from '../support/programs.ts';
import { at, nth, stalledBefore } from '../support/stalls.ts';
import { database, grantedFrom, PROGRAM, type World } from '../support/world.ts';

const db = database();

/** What a pool says, and what its entries come to: nothing may be left reserved. */
async function poolsAreExact(world: World, ...names: readonly string[]): Promise<void> {
  const entries = await world.entries();
  for (const name of names) {
    const { limit, left, reserved } = await world.pool(name);
    expect({ name, reserved, granted: limit - left }).toEqual({
      name,
      reserved: 0,
      granted: grantedFrom(entries, name),
    });
  }
}

describe('2. a membership that names no agency', () => {
  const facts = [
    member('m-1', 'm-9'),
    session('2024-08-10', { by: 'm-1' }),
    merchant('m-9'),
    session('2024-08-10', { by: 'm-9' }),
  ];
  const withdrawn = session('2024-08-10', { by: 'm-9', withdrawn: true, revision: 2 });
  const backfill = (world: World, to: string) => world.at(to, '23:00').backfill('2024-07-24', to);
  const daily = (world: World, to: string) => world.daily(to);

  it.each([
    ['a run that looks at everyone', backfill],
    ['a daily run', daily],
  ])('2. counts for nothing in %s: m-9 is paid once, as the merchant it is', async (_, run) => {
    const world = await db.world();
    await arrive(world, '2024-08-20', ...facts);
    await run(world, '2024-08-20');
    const cold = { 'm-1 w1/cold-1': 20_000, 'm-9 w1/cold-1': 20_000 };
    expect(await amounts(world, 'w1/cold')).toEqual(cold);
    await poolsAreExact(world, 'exposure');
    expect(grantedFrom(await world.entries())).toBe(40_000);
    await arrive(world, '2024-08-21', withdrawn);
    await run(world, '2024-08-21');
    expect(await amounts(world, 'w1/cold')).toEqual({ 'm-1 w1/cold-1': 20_000 });
    await poolsAreExact(world, 'exposure');
    expect(await faultsOf(world)).toEqual([]);
  });

  it('2. of a creator, or of nobody, counts for nothing either', async () => {
    const world = await db.world();
    const opening = (by: string, agencyId: string) => [member(by, agencyId), session('2024-08-10', { by })];
    await arrive(world, '2024-08-20', creator('c-1'), ...opening('m-1', 'c-1'), ...opening('m-2', 'nobody'));
    await backfill(world, '2024-08-31');
    expect(await amounts(world, 'w1/cold')).toEqual({ 'm-1 w1/cold-1': 20_000, 'm-2 w1/cold-1': 20_000 });
    expect(await amounts(world, 'agency-growth')).toEqual({});
    await poolsAreExact(world, 'exposure');
    expect(await faultsOf(world)).toEqual([]);
  });
});

describe('2. an agency that owns shops', () => {
  it('2. is planned once: what is taken back from it returns to the pool once', async () => {
    const world = await db.world();
    const shops = ['m-1', 'm-2', 'm-3', 'm-4', 'm-5'].flatMap((by) => [
      member(by, 'a-1', { entityId: 'a-1' }),
      session('2024-08-10', { by }),
      sales('2024-08-10', 20_000_000, { by }),
    ]);
    await arrive(world, '2024-09-20', agency(), ...shops);
    await world.at('2024-09-20', '23:00').backfill('2024-07-24', '2024-09-20');
    expect(await amounts(world, 'agency-')).toEqual({
      'a-1 agency-growth/2024-08': 25_000,
      'a-1 agency-pool/2024-08': 100_000_000,
    });
    await arrive(world, '2024-09-21', sanction('2024-08-15', '2024-08-16', { by: 'a-1' }));
    await world.daily('2024-09-21');
    const [held] = await readHeld(world.table, PROGRAM);
    const decision = { by: 'op', reason: 'checked', at: '2024-09-22T10:00:00Z' };
    expect(await decideHeld(world.table, held!, { decision: 'approved', ...decision })).toBe(true);
    // It is due, and so is one of its shops: the first step and the next both come upon it.
    await markDue(world.table, '2024-09-22', ['a-1'], world.services.now());
    await arrive(world, '2024-09-22', sales('2024-09-22', 100, { by: 'm-1' }));
    await world.daily('2024-09-22');
    expect(await amounts(world, 'agency-pool')).toEqual({});
    expect((await world.entries()).filter(({ occasion }) => occasion.startsWith('agency-pool'))).toHaveLength(
      2,
    );
    expect((await world.pool('cash')).left).toBe((await world.pool('cash')).limit);
    await poolsAreExact(world, 'cash', 'exposure');
    expect(await faultsOf(world)).toEqual([]);
  });
});

/** Windows under a cap of 1 an entity, and sums over members that are split in proportion. */
function capped(): Program {
  const program = only('new-host', 'agency-pool', 'agency-growth');
  for (const { incentives } of program.versions) {
    for (const incentive of incentives) {
      if (incentive.kind === 'window-ladder') incentive.entityCap = 1;
      if (incentive.kind === 'pooled-split')
        Object.assign(incentive, { ceilingBps: 10_000, minLiveMembers: 1 });
    }
  }
  const known = new Set(program.versions.flatMap(({ incentives }) => incentives.map(({ id }) => id)));
  const provenance = Object.entries(program.provenance).filter(
    ([path]) => known.has(path.split('.')[0] ?? '') || /^(pools|validSession)/.test(path),
  );
  return checkProgram({ ...program, provenance: Object.fromEntries(provenance) });
}

/** Two entities of two shops each, and two merchants by themselves; half of them are members of either agency. */
function matrices(): Fact[] {
  const owners = {
    'm-1': 'e-1',
    'm-2': 'e-1',
    'm-3': undefined,
    'm-4': 'e-2',
    'm-5': 'e-2',
    'm-6': undefined,
  };
  return [
    agency('a-1'),
    agency('a-2'),
    ...Object.entries(owners).flatMap(([by, entityId], index) => [
      shopOf(by, entityId, 1),
      session('2024-08-01', { by, at: `1${index}:00` }),
      sales('2024-08-02', 1_000_000 + index, { by }),
    ]),
  ];
}

function shopOf(by: string, entityId: string | undefined, revision: number): Fact {
  const agencyId = ['m-1', 'm-3', 'm-5'].includes(by) ? 'a-1' : 'a-2';
  return member(by, agencyId, { revision, ...(entityId === undefined ? {} : { entityId }) });
}

/** What may become of a shop while a run is under way. */
const change = fc.record({
  by: fc.constantFrom('m-1', 'm-2', 'm-3', 'm-4', 'm-6'),
  to: fc.constantFrom('e-1', 'e-2', 'm-3', undefined),
});

const CATALOGUE = [capped()];

/** Everyone that the plan of a run has, in whichever part. */
async function planned(world: World, manifest: string): Promise<string[]> {
  const { parts } = await readManifest(world.services.plans, manifest);
  const read = await Promise.all(parts.map((part) => readPart(world.services.plans, part)));
  return read.flatMap(({ participants }) => participants.map(({ participantId }) => participantId));
}

/** All of it decided: the daily run, and the month end with its lag over. */
async function decideAll(world: World): Promise<void> {
  await world.daily('2024-09-17');
  await monthEnd(world, '2024-08', 18);
}

describe('2. an entity that changes while a run is under way', () => {
  it('2. is put off with its other shops, by name, and everybody else is paid in the same run', async () => {
    const world = await db.world({ catalogue: CATALOGUE });
    await arrive(world, '2024-09-15', ...matrices());
    // The first step has planned m-3 by itself; the next finds it among the shops of e-1.
    const told = stalledBefore(world, at('range', 'P#e-1'), () =>
      world.ingest([shopOf('m-3', 'e-1', 2)], '2024-09-16'),
    );
    const outcome = await world.at('2024-09-16', '05:00').backfill('2024-08-01', '2024-09-15', {}, told);
    if (outcome.outcome !== 'done') throw new Error(outcome.outcome);
    const record = await readRun(world.table, PROGRAM, outcome.run.runId);
    expect(record?.putOff).toEqual({ count: 3, first: ['m-1', 'm-2', 'm-3'] });
    // Of e-1 nothing is paid yet; m-4 has the one window of e-2, and m-6 its own.
    expect(await amounts(world, 'w1/cold')).toEqual({ 'm-4 w1/cold-1': 20_000, 'm-6 w1/cold-1': 20_000 });
    // What m-3 sold counts once, though two steps read it: 3,000,006 of 6,000,015 fen, and the rest.
    expect(await amounts(world, 'agency-pool')).toEqual({
      'a-1 agency-pool/2024-08': 249_999_875,
      'a-2 agency-pool/2024-08': 250_000_125,
    });
    await world.daily('2024-09-16');
    expect(await amounts(world, 'w1/cold')).toMatchObject({
      'm-1 w1/cold-1': 20_000,
      'm-4 w1/cold-1': 20_000,
    });
    expect(await amounts(world, 'w1/cold')).not.toHaveProperty('m-3 w1/cold-1');
    await poolsAreExact(world, 'exposure', 'cash');
  });

  it('2. does not lose who leaves it between two steps: it is due again', async () => {
    const world = await db.world({ catalogue: CATALOGUE });
    await arrive(world, '2024-09-15', ...matrices());
    const told = stalledBefore(world, at('range', 'P#e-1'), () =>
      world.ingest([shopOf('m-2', 'e-9', 2)], '2024-09-15'),
    );
    await world.at('2024-09-16', '05:00').backfill('2024-08-01', '2024-09-15', {}, told);
    expect(await amounts(world, 'agency-pool')).toEqual({
      'a-1 agency-pool/2024-08': 249_999_875,
      'a-2 agency-pool/2024-08': 250_000_125,
    });
    // Its fact came on a day that the run has passed.
    await world.daily('2024-09-16');
    expect(await amounts(world, 'w1/cold')).toMatchObject({ 'm-2 w1/cold-1': 20_000 });
    expect(await faultsOf(world)).toEqual([]);
  });

  it('2. has an entry in one part only, should two parts ever have it: the second is displaced, counted nowhere and due again', async () => {
    const world = await db.world();
    await arrive(world, '2024-08-20', merchant('m-1'), session('2024-08-10', { by: 'm-1' }));
    const input = parseRunInput({ program: PROGRAM, job: 'daily', to: '2024-08-20', requestedBy: 'test' });
    const opening = await openRun(world.at('2024-08-21').services, input, 'twice');
    if (opening.next !== 'evaluate') throw new Error(opening.next);
    const change: Change = {
      incentive: 'new-host',
      occasion: 'w1/cold-1',
      n: 1,
      kind: 'grant',
      unit: 'exposure',
      amount: 20_000,
      earnedOn: '2024-08-10',
      readsFrom: '2024-07-11',
      reason: 'earned',
      evidence: {},
      policy: 'v1',
      pool: 'exposure',
    };
    const rows = ['m-1', 'm-2'].map((participantId) => ({ participantId, changes: [change] }));
    const { plans } = world.services;
    const [first, second] = [
      (await storePart(plans, { participants: rows.slice(0, 1) }))!,
      (await storePart(plans, { participants: rows }))!,
    ];
    const { text, hash } = manifestText({ parts: [first, second], cuts: {}, reserved: { exposure: 60_000 } });
    await plans.put(text);
    expect(await applyPart(world.services, opening.run, hash, first)).toMatchObject({
      entries: 1,
      displaced: 0,
    });
    expect(await applyPart(world.services, opening.run, hash, second)).toMatchObject({
      entries: 1,
      displaced: 1,
      raised: { exposure: 20_000 },
    });
    expect((await world.entries()).map(({ participantId, part }) => [participantId, part])).toEqual([
      ['m-1', first],
      ['m-2', second],
    ]);
    const buckets = Array.from({ length: world.table.buckets }, (_, bucket) => bucket);
    expect(await readDue(world.table, [addDays(opening.run.asOf, 1)], buckets)).toEqual(['m-1']);
  });

  it('2. is put off to the next run: nobody is planned twice, pools are exact, and the ledger ends as a clean run’s', async () => {
    await fc.assert(
      fc.asyncProperty(
        change,
        fc.integer({ min: 1, max: 40 }),
        fc.boolean(),
        async ({ by, to }, call, full) => {
          const [world, clean] = [
            await db.world({ catalogue: CATALOGUE }),
            await db.world({ catalogue: CATALOGUE }),
          ];
          const changed = shopOf(by, to, 2);
          await arrive(world, '2024-09-15', ...matrices());
          await arrive(clean, '2024-09-15', ...matrices(), changed);
          const told = stalledBefore(world, nth(call, at('range', 'P#')), () =>
            world.ingest([changed], '2024-09-16'),
          );
          const outcome = full
            ? await world.at('2024-09-16', '05:00').backfill('2024-08-01', '2024-09-15', {}, told)
            : await world.daily('2024-09-15', told);
          // Fewer calls than that: it arrives after the run.
          await world.ingest([changed], '2024-09-16');
          if (outcome.outcome !== 'done') throw new Error(outcome.outcome);
          const everyone = await planned(world, outcome.manifest);
          expect(everyone).toEqual([...new Set(everyone)]);
          await poolsAreExact(world, 'exposure', 'cash');
          await decideAll(world);
          await decideAll(clean);
          expect(await world.ledger()).toEqual(await clean.ledger());
          await poolsAreExact(world, 'exposure', 'cash');
          expect(await faultsOf(world)).toEqual([]);
        },
      ),
      { numRuns: 25 },
    );
  });
});
