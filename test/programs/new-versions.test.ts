/** Programs whose rules change: what was decided stays, editions come again, and runs see far enough. */
import { describe, expect, it } from 'vitest';
import { explainRows } from '../../functions/cli/explain.ts';
import type { Fact } from '../../shared/facts/schema.ts';
import { whatIf } from '../../shared/pipeline/what-if.ts';
import { findProgram } from '../../shared/policy/catalogue.ts';
import { checkProgram } from '../../shared/policy/checks.ts';
import type { Incentive, IncentiveOf, PolicyVersion, Program } from '../../shared/policy/schema.ts';
import { datesBetween } from '../../shared/values/calendar.ts';
import { CNY, merchant, sales, session } from '../support/facts.ts';
import {
  agencyWith,
  amounts,
  arrive,
  creator,
  faultsOf,
  monthEnd,
  withProvenance,
} from '../support/programs.ts';
import { database, PROGRAM, type World } from '../support/world.ts';
import { apply, plan } from '../time/operator.ts';

const db = database();
const treasureHost = findProgram(PROGRAM);
const channels618 = findProgram('channels-618');

/** A program with a second version that differs in something. */
function followed(
  program: Program,
  more: Partial<PolicyVersion> & { from: string },
  change: (next: PolicyVersion) => void = () => {},
): Program {
  const [first] = program.versions;
  if (first === undefined) throw new Error('no version');
  const next: PolicyVersion = { ...structuredClone(first), version: 'next', ...more };
  change(next);
  return checkProgram(withProvenance({ ...program, versions: [first, next] }));
}

function incentive<K extends Incentive['kind']>({ incentives }: PolicyVersion, kind: K): IncentiveOf<K> {
  const found = incentives.find((one): one is IncentiveOf<K> => one.kind === kind);
  if (found === undefined) throw new Error(`no ${kind}`);
  return found;
}

function under(world: World, program: Program): World {
  return world.under({ catalogue: [program] });
}

/** An August with everything in it: windows of one owner's shops, sprints, first jumps, an agency, a creator. */
const AUGUST: Fact[] = [
  ...['m-1', 'm-2'].flatMap((by) => [
    merchant(by, { entityId: 'e-1' }),
    ...['2024-08-02', '2024-08-03', '2024-08-30'].map((date) => session(date, { by, minutes: 120 })),
    session('2024-08-20', { by, minutes: 35 }),
    sales('2024-08-10', 120_000 * CNY, { by, feesFen: 10_000 }),
  ]),
  ...agencyWith('a-1', { fen: 200_000 * CNY, feesFen: 5_000 }),
  creator('c-1'),
  sales('2024-08-10', 1_000_000 * CNY, { by: 'c-1' }),
];

/** August as it was decided, day by day at its end. */
async function decidedAugust(): Promise<World> {
  const world = await db.world({ catalogue: [treasureHost] });
  await arrive(world, '2024-08-31', ...AUGUST);
  await world.daily('2024-08-31');
  await monthEnd(world, '2024-08', 0);
  return world;
}

describe('1. case 17: a second version from 1 September', () => {
  const without = (id: string) => (next: PolicyVersion) =>
    void Object.assign(next, { incentives: next.incentives.filter((one) => one.id !== id) });
  const toOthers = (next: PolicyVersion) => {
    for (const one of next.incentives) {
      if (one.kind === 'pooled-split' || one.kind === 'window-rollup')
        one.who = { kinds: ['agency'], agencyKind: 'mcn' };
      else one.who = { kinds: [one.kind === 'ranking' ? 'merchant' : 'creator'] };
    }
  };

  it.each<[string, (next: PolicyVersion) => void]>([
    ['asks for 60 minutes', (next) => void Object.assign(next.validSession, { minMinutes: 60 })],
    ['takes sessions of a minute', (next) => void Object.assign(next.validSession, { minMinutes: 1 })],
    [
      'gives the sprint new dates',
      (next) => void Object.assign(incentive(next, 'campaign-day'), { from: '2024-09-10', to: '2024-09-17' }),
    ],
    ['drops a rung', (next) => void incentive(next, 'milestone').rungs.shift()],
    [
      'renames a rung',
      (next) => void Object.assign(incentive(next, 'window-ladder').sales.rungs[0]!, { name: 'first' }),
    ],
    [
      'looks at first jumps from September on',
      (next) => void Object.assign(incentive(next, 'milestone'), { firstFrom: '2024-09-01' }),
    ],
    [
      'looks at first jumps by week',
      (next) => void Object.assign(incentive(next, 'milestone'), { every: 'week', firstFrom: '2024-08-26' }),
    ],
    ['is for others', toOthers],
    [
      'leaves windows out, and who counts them',
      (next) => {
        without('new-host')(next);
        without('agency-growth')(next);
      },
    ],
    ['leaves the sprint out', without('opening-sprint')],
    ['leaves the pool out', without('agency-pool')],
    [
      'names windows otherwise',
      (next) => void Object.assign(incentive(next, 'window-ladder'), { prefix: 'x' }),
    ],
    [
      'asks for a year of silence but a bit, and allows two windows',
      (next) => {
        Object.assign(incentive(next, 'window-ladder').opens, { silenceDays: 300 });
        Object.assign(incentive(next, 'window-ladder'), { maxWindows: 2, entityCap: 1 });
      },
    ],
    [
      'starts every month in 2025',
      (next) => {
        for (const one of next.incentives) if ('firstMonth' in one) one.firstMonth = '2025-01';
      },
    ],
  ])(
    'that %s writes nothing about August, and the next month ends are those of August',
    async (_, change) => {
      const world = await decidedAugust();
      const before = await world.ledger();
      for (const start of [
        'm-1 treasure-host w1/cold-1',
        'm-1 treasure-host first-jump/10000',
        'm-1 treasure-host opening-sprint',
        'a-1 treasure-host agency-growth',
      ])
        expect(
          before.some((row) => row.startsWith(start)),
          start,
        ).toBe(true);
      const next = under(world, followed(treasureHost, { from: '2024-09-01' }, change));
      expect(await next.daily('2024-09-01')).toMatchObject({ run: { full: true }, summary: { entries: 0 } });
      expect(await next.ledger()).toEqual(before);
      expect(await faultsOf(next)).toEqual([]);
      // What August leaves to be decided is decided by its rules.
      await monthEnd(next, '2024-08', 3);
      await monthEnd(next, '2024-08', 15);
      const later = await db.world({ catalogue: [treasureHost] });
      await arrive(later, '2024-08-31', ...AUGUST);
      await monthEnd(later, '2024-08', 15);
      expect(await next.ledger()).toEqual(await later.ledger());
      expect(
        (await next.ledger()).filter((row) => !before.includes(row)).map((row) => row.split('/')[0]),
      ).toEqual([
        'a-1 treasure-host agency-pool',
        'a-1 treasure-host fee-cashback',
        'a-1.m-1 treasure-host fee-cashback',
        'c-1 treasure-host top-creator',
        'm-1 treasure-host fee-cashback',
        'm-2 treasure-host fee-cashback',
      ]);
    },
  );

  it('judges a session of 5 September by its own day, in a window of 25 August', async () => {
    const world = await db.world({
      catalogue: [followed(treasureHost, { from: '2024-09-01', validSession: { minMinutes: 60 } })],
    });
    const days = ['2024-08-25', '2024-09-05', '2024-09-06'];
    await arrive(
      world,
      '2024-09-06',
      merchant(),
      ...days.map((date, index) => session(date, { minutes: index === 2 ? 60 : 45 })),
    );
    await world.daily('2024-09-06');
    const cold = (await world.entries()).filter(({ occasion }) => occasion.startsWith('w1/cold'));
    expect(cold.map(({ occasion, earnedOn }) => `${occasion} ${earnedOn}`)).toEqual([
      'w1/cold-1 2024-08-25',
      'w1/cold-2 2024-09-06',
    ]);
  });

  it('that allows a second window opens it on its own days, and none on earlier ones', async () => {
    const twice = followed(
      treasureHost,
      { from: '2024-09-15' },
      (next) =>
        void Object.assign(incentive(next, 'window-ladder'), { maxWindows: 2, opens: { silenceDays: 3 } }),
    );
    const world = await db.world({ catalogue: [twice] });
    const days = ['2024-07-24', '2024-09-01', '2024-09-20'];
    await arrive(world, '2024-09-20', merchant(), ...days.map((date) => session(date)));
    await world.daily('2024-09-20');
    const perks = (await world.entries()).filter(({ occasion }) => occasion.endsWith('perk-commercial'));
    expect(perks.map(({ occasion, earnedOn }) => `${occasion} ${earnedOn}`)).toEqual([
      'w1/perk-commercial 2024-07-24',
      'w2/perk-commercial 2024-09-20',
    ]);
  });
});

describe('1. case 22: another edition of an event', () => {
  const twice = followed(
    channels618,
    { from: '2025-05-20', to: '2025-06-20', version: '2025-618' },
    (next) => {
      for (const one of next.incentives)
        Object.assign(one, { from: next.from, to: next.to, prefix: '2025/' });
    },
  );
  const shop = merchant('m-1', { platform: 'channels' });
  const NAME = channels618.program;
  const live = (from: string, to: string) => datesBetween(from, to).map((date) => session(date));
  const daily = (world: World, to: string) =>
    world.at(to, '23:00').run({ program: NAME, job: 'daily', to }, { runId: `daily-${to}` });

  it('pays a shop that took all four cards in 2024 all four again, and the fee rate too', async () => {
    const first = await db.world({ catalogue: [channels618] });
    await arrive(
      first,
      '2024-06-10',
      shop,
      sales('2024-06-01', 1_000_000 * CNY),
      ...live('2024-06-01', '2024-06-05'),
    );
    await daily(first, '2024-06-10');
    const took = await first.ledger();
    expect(took).toHaveLength(5);
    const world = under(first, twice);
    await arrive(
      world,
      '2024-08-01',
      sales('2024-07-01', 1_000_000 * CNY),
      ...live('2024-07-01', '2024-07-20'),
    );
    // On a date under no version nothing is earned.
    await daily(world, '2024-08-01');
    expect(await world.ledger()).toEqual(took);
    await arrive(
      world,
      '2025-06-10',
      sales('2025-05-20', 1_000_000 * CNY),
      ...live('2025-05-20', '2025-05-24'),
    );
    await daily(world, '2025-06-10');
    expect(await amounts(world, '2025/')).toEqual({
      'm-1 2025/fee-rate': 100,
      'm-1 2025/growth-card-1': 100 * CNY,
      'm-1 2025/growth-card-2': 900 * CNY,
      'm-1 2025/growth-card-3': 4_000 * CNY,
      'm-1 2025/growth-card-4': 5_000 * CNY,
    });
    expect(await world.ledger()).toEqual(expect.arrayContaining(took));
    expect(await faultsOf(world, NAME)).toEqual([]);
  });

  it('has dates under none before it: a window that runs into them earns nothing on them', async () => {
    const gap = followed(
      { ...treasureHost, versions: [{ ...treasureHost.versions[0]!, to: '2024-08-10' }] },
      { from: '2024-08-20' },
      (next) => void delete next.to,
    );
    const world = await db.world({ catalogue: [gap] });
    const days = ['2024-08-05', '2024-08-15', '2024-08-25'];
    await arrive(
      world,
      '2024-08-25',
      merchant(),
      ...days.map((date) => session(date)),
      ...days.map((date) => sales(date, 600 * CNY)),
    );
    await world.daily('2024-08-25');
    const earned = (await world.entries()).map(({ occasion, earnedOn }) => `${occasion} ${earnedOn}`);
    expect(earned.filter((row) => !row.includes('perk'))).toEqual([
      'w1/cold-1 2024-08-05',
      'w1/cold-2 2024-08-25',
      'w1/growth-1 2024-08-25',
    ]);
  });
});

describe('1. a version that supersedes', () => {
  it('changes no frozen award, also when it leaves it out or is for others', async () => {
    const world = await decidedAugust();
    await monthEnd(world, '2024-08', 15);
    const frozen = await Promise.all(['agency-pool', 'top-creator'].map((start) => amounts(world, start)));
    expect(frozen).toEqual([
      { 'a-1 agency-pool/2024-08': 100_000_000 },
      { 'c-1 top-creator/2024-08': 10_000_000 },
    ]);
    const mended = followed(treasureHost, { from: '2024-08-01', supersedes: '2024-07-24' }, (next) => {
      next.incentives = next.incentives.filter(({ id }) => id !== 'agency-pool');
      Object.assign(incentive(next, 'ranking'), { amount: 7, who: { kinds: ['merchant'] } });
      Object.assign(incentive(next, 'campaign-day'), { amount: 9 });
    });
    const next = under(world, mended).at('2024-09-16', '23:00');
    const { difference } = await plan(next, { job: 'backfill', from: '2024-08-01', to: '2024-09-15' });
    expect(difference.rows.map((row) => row.incentive)).toEqual(['opening-sprint']);
    await apply(next, difference.plan);
    expect(await amounts(next, 'opening-sprint')).toEqual({
      'm-1 opening-sprint/2024-08-02': 9,
      'm-1 opening-sprint/2024-08-03': 9,
      'm-2 opening-sprint/2024-08-02': 9,
      'm-2 opening-sprint/2024-08-03': 9,
    });
    expect(await Promise.all(['agency-pool', 'top-creator'].map((start) => amounts(next, start)))).toEqual(
      frozen,
    );
    expect(await faultsOf(next)).toEqual([]);
  });
});

describe('5. a corrected platform', () => {
  it('ends by way of a correction where one clean run does: nothing granted, and verified', async () => {
    const world = await db.world();
    await arrive(world, '2024-08-10', merchant(), session('2024-08-10', { minutes: 60 }));
    await world.daily('2024-08-10');
    expect((await world.pool()).left).toBe(100_000_000_000 - 20_000);
    await arrive(world, '2024-08-11', merchant('m-1', { platform: 'channels', revision: 2 }));
    expect(await world.daily('2024-08-11')).toMatchObject({ summary: { lowered: { exposure: 20_000 } } });
    expect(await world.ledger()).toEqual([]);
    expect((await world.pool()).left).toBe(100_000_000_000);
    expect(await faultsOf(world)).toEqual([]);
  });
});

describe('9. a policy with a long silence', () => {
  const silent = (silenceDays: number): Program => {
    const program = structuredClone(treasureHost);
    for (const version of program.versions)
      Object.assign(incentive(version, 'window-ladder').opens, { silenceDays });
    return checkProgram(program);
  };
  /** Live early in a month: the silence before reaches back beyond the month before. */
  const facts = [merchant(), session('2024-08-05'), session('2024-08-06')];

  it.each([45, 150, 310])(
    'of %i days pays in a run, in a what-if, by its explanation and its verification',
    async (silenceDays) => {
      const program = silent(silenceDays);
      const world = await db.world({ catalogue: [program] });
      await arrive(world, '2024-08-06', ...facts);
      const { totals } = await whatIf(world.services, program, { from: '2024-08-01', to: '2024-08-31' });
      expect(totals.incentives['new-host exposure']).toEqual({ entries: 2, amount: 40_000 });
      await world.daily('2024-08-06');
      expect(await amounts(world, 'w1/cold')).toEqual({ 'm-1 w1/cold-1': 20_000, 'm-1 w1/cold-2': 20_000 });
      const rows = await explainRows({ services: world.services }, program, 'm-1', '2024-08-06');
      expect(
        rows
          .filter(({ outcome }) => outcome === 'earned')
          .map(({ occasion, has, due }) => [occasion, has, due]),
      ).toEqual([
        ['w1/cold-1', 20_000, 20_000],
        ['w1/cold-2', 20_000, 20_000],
        ['w1/perk-commercial', 1, 1],
        ['w1/perk-matchmaking', 1, 1],
      ]);
      expect(await faultsOf(world)).toEqual([]);
    },
  );

  it('of 150 days still takes a late fact 42 days after the window, and remembers the window beyond that', async () => {
    const world = await db.world({ catalogue: [silent(150)] });
    await arrive(world, '2024-08-06', ...facts);
    await world.daily('2024-08-06');
    await arrive(world, '2024-10-15', session('2024-08-07'));
    await world.daily('2024-10-15');
    expect(await amounts(world, 'w1/cold')).toMatchObject({ 'm-1 w1/cold-3': 20_000 });
    const before = await world.ledger();
    await world.daily('2025-08-01');
    expect(await world.ledger()).toEqual(before);
    expect(await faultsOf(world)).toEqual([]);
  });
});
