/** Months that could not be decided are never dropped in silence (law 6): named, decided later, closed, or decided without. */
import { beforeEach, describe, expect, it } from 'vitest';
import { closeUndecided } from '../../shared/pipeline/close-award.ts';
import { lookAt } from '../../shared/pipeline/look.ts';
import { HeldError, type RunOutcome } from '../../shared/pipeline/run-here.ts';
import type { Services } from '../../shared/pipeline/services.ts';
import { findProgram } from '../../shared/policy/catalogue.ts';
import { readControl } from '../../shared/store/control.ts';
import { readAwards } from '../../shared/store/decisions.ts';
import { readDue } from '../../shared/store/due.ts';
import { type RunSummary, readRun } from '../../shared/store/runs.ts';
import { InputError } from '../../shared/values/validation.ts';
import { merchant, sales, session } from '../support/facts.ts';
import { agency, agencyWith, amounts, arrive, faultsOf, frozenNames, member } from '../support/programs.ts';
import { database, PROGRAM, type World } from '../support/world.ts';
import { verified } from './operator.ts';

const db = database();
const TREASURE = findProgram(PROGRAM);
const DECISION = { by: 'op', reason: 'damaged since July' };

/** A process that cannot read one participant. */
function withoutReading(world: World, id: string): Services {
  return world.around(async (call, send) => {
    if (call.verb === 'range' && call.keys[0] === `P#${id}`) throw new Error('its item is damaged');
    return send();
  });
}

function summaryOf(outcome: RunOutcome): RunSummary {
  if (outcome.outcome !== 'done') throw new Error(outcome.outcome);
  return outcome.summary;
}

/** An agency with five windows in July and more sales in August, its own fees, and a merchant that cannot be read. */
async function season(): Promise<{ world: World; failing: Services }> {
  const world = await db.world();
  await arrive(
    world,
    '2024-07-26',
    ...agencyWith('a-1', { on: '2024-07-25' }),
    merchant('m-9'),
    session('2024-07-25', { by: 'm-9' }),
  );
  return { world, failing: withoutReading(world, 'm-9') };
}

/** August, told on its last day. */
async function august(world: World): Promise<void> {
  const live = ['1', '2', '3', '4', '5'].map((n) => session('2024-08-10', { by: `a-1.m-${n}` }));
  const sold = sales('2024-08-10', 60_000_000, { by: 'a-1.m-1', feesFen: 1_000 });
  await arrive(world, '2024-08-31', ...live, sold, sales('2024-08-10', 0, { by: 'a-1', feesFen: 5_000 }));
}

const JULY = ['agency-growth/2024-07'];
const BY_OCTOBER = [
  'agency-growth/2024-07',
  'agency-growth/2024-08',
  'agency-growth/2024-09',
  'agency-pool/2024-08',
  'fee-cashback/2024-08',
  'top-creator/2024-08',
  'top-creator/2024-09',
];

/** Every month end until October fails to evaluate one participant. */
async function untilOctober(): Promise<{ world: World; failing: Services; named: (string[] | undefined)[] }> {
  const { world, failing } = await season();
  const named: (string[] | undefined)[] = [];
  const name = async (outcome: Promise<RunOutcome>) => named.push(summaryOf(await outcome).undecided?.first);
  await name(world.monthEnd('2024-07', failing));
  await name(world.daily('2024-08-01', failing));
  await august(world);
  await name(world.monthEnd('2024-08', failing));
  await name(world.monthEnd('2024-09', failing));
  await name(world.daily('2024-10-09', failing));
  return { world, failing, named };
}

describe('11. months that could not be decided', () => {
  it('11. are named by every later run and by verify, in October still', async () => {
    const { world, named } = await untilOctober();
    expect(named).toEqual([
      JULY,
      JULY,
      ['agency-growth/2024-07', 'agency-growth/2024-08'],
      BY_OCTOBER.slice(0, -1),
      BY_OCTOBER,
    ]);
    expect(await frozenNames(world)).toEqual([]);
    expect(await verified(world, TREASURE)).toMatchObject({ undecided: BY_OCTOBER, differences: [] });
  });

  it('11. are decided by the first run that can, however far back that has to read, and named no more', async () => {
    const { world } = await untilOctober();
    const summary = summaryOf(await world.monthEnd('2024-10'));
    expect(summary).toMatchObject({ failed: 0, undecided: { count: 0, first: [] } });
    expect(await amounts(world, 'agency-')).toEqual({
      'a-1 agency-growth/2024-07': 25_000,
      'a-1 agency-pool/2024-08': 100_000_000,
    });
    expect(await amounts(world, 'fee-cashback')).toEqual({
      'a-1 fee-cashback/2024-08': 3_000,
      'a-1.m-1 fee-cashback/2024-08': 600,
    });
    expect(await verified(world, TREASURE)).toMatchObject({ undecided: [], differences: [] });
  });

  it('11. are decided without whom an operator names: they are due again, take no part, and are on the record', async () => {
    const { world, failing } = await untilOctober();
    const input = { job: 'month-end', to: '2024-09-30', without: ['m-9'], reason: 'm-9 is damaged' };
    const outcome = await world.at('2024-10-10').run(input, { services: failing });
    if (outcome.outcome !== 'done') throw new Error(outcome.outcome);
    expect(outcome.summary).toMatchObject({ failed: 0, undecided: { count: 0 } });
    expect(await readRun(world.table, PROGRAM, outcome.run.runId)).toMatchObject({
      without: ['m-9'],
      reason: 'm-9 is damaged',
    });
    expect(await amounts(world, 'agency-')).toEqual({
      'a-1 agency-growth/2024-07': 25_000,
      'a-1 agency-pool/2024-08': 100_000_000,
    });
    const buckets = Array.from({ length: world.table.buckets }, (_, bucket) => bucket);
    expect(await readDue(world.table, ['2024-10-10'], buckets)).toContain('m-9');
    // It is paid once it can be read again.
    await world.daily('2024-10-10');
    expect(await amounts(world, 'w1/cold')).toMatchObject({ 'm-9 w1/cold-1': 20_000 });
    expect(await faultsOf(world)).toEqual([]);
  });

  it('11. are closed by an operator, with name and reason: nobody gets anything of them any more', async () => {
    const { world } = await untilOctober();
    for (const name of BY_OCTOBER.filter((one) => one !== 'agency-growth/2024-08'))
      await closeUndecided(world.services, PROGRAM, name, DECISION);
    const at = new Date(world.services.now()).toISOString();
    expect(await readAwards(world.table, PROGRAM)).toContainEqual({
      name: 'agency-pool/2024-08',
      award: { shares: new Map(), closed: true },
      closed: { ...DECISION, at },
    });
    expect(await verified(world, TREASURE)).toMatchObject({ undecided: ['agency-growth/2024-08'] });
    const summary = summaryOf(await world.monthEnd('2024-10'));
    expect(summary.undecided).toEqual({ count: 0, first: [] });
    expect(await amounts(world, 'agency-')).toEqual({});
    // What a merchant had of a month before it was closed stays.
    expect(await amounts(world, 'fee-cashback')).toEqual({ 'a-1.m-1 fee-cashback/2024-08': 600 });
    const { evaluation } = await lookAt(world.services, TREASURE, 'a-1', {
      horizon: '2024-06-01',
      asOf: '2024-10-31',
    });
    const why = new Map(evaluation.decisions.map(({ occasion, reason }) => [occasion, reason]));
    expect(why.get('agency-pool/2024-08')).toBe('award-closed');
    expect(why.get('fee-cashback/2024-08')).toBe('award-closed');
    expect(await faultsOf(world)).toEqual([]);
  });
});

describe('11. closing an award', () => {
  let world: World;
  beforeEach(async () => {
    ({ world } = await season());
    await world.monthEnd('2024-07');
  });

  it('11. is refused when it is decided, and says by which run', async () => {
    await august(world);
    await world.monthEnd('2024-09');
    const close = closeUndecided(world.services, PROGRAM, 'agency-pool/2024-08', DECISION);
    await expect(close).rejects.toThrow(
      /award: got "agency-pool\/2024-08", which run treasure-host\.month-end\.2024-09-30 has decided; allowed: none/,
    );
  });

  it('11. is refused when it is not due, or a second time', async () => {
    await expect(closeUndecided(world.services, PROGRAM, 'agency-pool/2024-12', DECISION)).rejects.toThrow(
      InputError,
    );
    await august(world);
    await world.daily('2024-08-31');
    const close = () => closeUndecided(world.services, PROGRAM, 'agency-growth/2024-08', DECISION);
    await close();
    await expect(close()).rejects.toThrow(/which op has closed/);
  });

  it('11. waits for a run that may be deciding it', async () => {
    await august(world);
    await world.daily('2024-08-31');
    const meanwhile: unknown[] = [];
    const services = world.around(async (call, send) => {
      const answer = await send();
      if (meanwhile.length === 0 && call.verb === 'update' && call.keys[0] === `RUN#${PROGRAM} BUDGET`) {
        meanwhile.push(null);
        meanwhile[0] = await closeUndecided(world.services, PROGRAM, 'agency-growth/2024-08', DECISION).catch(
          (error: unknown) => error,
        );
      }
      return answer;
    });
    await world.monthEnd('2024-08', services);
    expect(meanwhile[0]).toBeInstanceOf(HeldError);
    expect(await amounts(world, 'agency-growth')).toEqual({ 'a-1 agency-growth/2024-07': 25_000 });
  });
});

describe('11. what is undecided', () => {
  it('11. is no month of which the table had no facts when it fell due', async () => {
    const world = await db.world();
    await arrive(world, '2024-09-20', ...agencyWith('a-1', { fen: 100_000_000 }));
    const named = summaryOf(await world.daily('2024-09-20')).undecided;
    expect(named).toEqual({ count: 0, first: [] });
  });

  it('11. stays so when a run that could not evaluate everyone died, and another finished its plan', async () => {
    const { world } = await season();
    let dead = false;
    const services = world.around(async (call, send) => {
      if (dead) throw new Error('the process died');
      if (call.verb === 'range' && call.keys[0] === 'P#m-9') throw new Error('its item is damaged');
      dead = call.verb === 'put-if-absent' && (call.keys[0] ?? '').includes('GRANT#');
      return send();
    });
    await expect(world.monthEnd('2024-07', services)).rejects.toThrow('the process died');
    world.wait(120_000);
    const summary = summaryOf(await world.daily('2024-08-01', withoutReading(world, 'm-9')));
    expect(summary.undecided).toEqual({ count: 1, first: JULY });
    expect((await readControl(world.table, PROGRAM)).undecided).toEqual(JULY);
  });

  it('11. stays so once its facts may have expired: it is never decided by what is left, only closed', async () => {
    const { world, failing } = await season();
    await world.monthEnd('2024-07', failing);
    world.at('2025-12-01', '12:00');
    await arrive(
      world,
      '2025-12-01',
      member('m-1', 'a-1'),
      session('2025-11-30', { by: 'm-1' }),
      agency('a-1', { revision: 2 }),
    );
    const summary = summaryOf(await world.monthEnd('2025-11'));
    expect(summary).toMatchObject({ failed: 0, undecided: { count: 1, first: JULY } });
    await closeUndecided(world.services, PROGRAM, 'agency-growth/2024-07', DECISION);
    expect(summaryOf(await world.daily('2025-12-01')).undecided).toEqual({ count: 0, first: [] });
  });

  it('11. is decided without a shop of an entity: the others still count for their agency, and are decided by the next run', async () => {
    const world = await db.world();
    const shop = (by: string) => member(by, 'a-1', { entityId: 'e-1' });
    const open = ['m-1', 'm-2', 'm-9'].flatMap((by) => [shop(by), session('2024-07-25', { by })]);
    await arrive(world, '2024-07-26', agency('a-1'), ...open);
    const failing = withoutReading(world, 'm-9');
    const failed = summaryOf(await world.monthEnd('2024-07', failing));
    expect(failed).toMatchObject({
      failed: 2,
      failures: expect.arrayContaining(['e-1: m-9: its item is damaged']),
    });
    const input = { job: 'month-end', to: '2024-07-31', without: ['m-9'], reason: 'm-9 is damaged' };
    expect(summaryOf(await world.run(input, { services: failing }))).toMatchObject({
      failed: 0,
      undecided: { count: 0 },
    });
    expect(await amounts(world, 'agency-growth')).toEqual({ 'a-1 agency-growth/2024-07': 10_000 });
    expect(await amounts(world, 'w1/cold')).toEqual({});
    await world.daily('2024-08-01');
    expect(Object.keys(await amounts(world, 'w1/cold'))).toEqual([
      'm-1 w1/cold-1',
      'm-2 w1/cold-1',
      'm-9 w1/cold-1',
    ]);
  });

  it.each([
    [
      { job: 'daily', to: '2024-07-31', without: ['m-9'], reason: 'r' },
      /without: .*unless the job is month-end/,
    ],
    [
      { job: 'month-end', to: '2024-07-31', without: ['m-9'] },
      /reason: got nothing; allowed: why it is decided without them/,
    ],
    [{ job: 'month-end', to: '2024-07-31', without: [], reason: 'r' }, /at least one participant/],
  ])('11. refuses %j', async (input, message) => {
    const world = await db.world();
    expect(() => world.run(input)).toThrow(message);
  });
});
