/**
 * Facts that come late, or are corrected: the ledger gets entries that name their cause, and ends as in the world in
 * which they came on time. What cannot be used is listed, not forgotten.
 */
import { describe, expect, it } from 'vitest';
import type { Fact } from '../../shared/facts/schema.ts';
import { addDays, datesBetween, lastDay, monthOf } from '../../shared/values/calendar.ts';
import { attestation, CNY, merchant, sales, sanction, session } from '../support/facts.ts';
import { agency, arrive, member, monthEnd } from '../support/programs.ts';
import { database, grantedFrom, type World } from '../support/world.ts';
import { CLEAN, recordOf, verified } from './operator.ts';

const db = database();
const SIZE = { shards: 1, buckets: 1 };
const POOL_LAG = 15;

/** Facts by the day on which they arrive. */
type Arrivals = Readonly<Record<string, readonly Fact[]>>;

/** Lives through the days on which anything arrives, and the month ends as the schedules have them. */
async function live(arrivals: Arrivals, through: string): Promise<World> {
  const world = await db.world(SIZE);
  const days = Object.keys(arrivals).sort();
  for (const date of datesBetween(days[0]!, through)) {
    const facts = arrivals[date];
    if (facts !== undefined) await arrive(world, date, ...facts);
    if (facts !== undefined || date === through) await world.daily(date);
    const before = addDays(date, -POOL_LAG);
    if (date === lastDay(monthOf(date))) await monthEnd(world, monthOf(date));
    else if (before === lastDay(monthOf(before))) await monthEnd(world, monthOf(before), POOL_LAG);
  }
  return world;
}

/** What was adjusted, by whom, for what and why. */
async function adjustments(world: World): Promise<string[]> {
  const entries = await world.entries();
  return entries
    .filter(({ kind }) => kind === 'adjustment')
    .map(({ participantId, occasion, amount, reason }) => `${participantId} ${occasion} ${amount} ${reason}`);
}

/** The ledger of a world whose facts came late is that of the world in which they did not, and its pools agree. */
async function expectConverged(late: World, onTime: World): Promise<void> {
  expect(await late.ledger()).toEqual(await onTime.ledger());
  for (const world of [late, onTime]) {
    const { limit, left, reserved } = await world.pool();
    const granted = grantedFrom(await world.entries());
    expect({ left, reserved }).toEqual({ left: limit - granted, reserved: 0 });
    expect(await verified(world)).toMatchObject(CLEAN);
  }
}

const august = sales('2024-08-10', 120_000 * CNY);
const refunded = { ...august, refundedFen: 25_000 * CNY, revision: 2 };
const september = sales('2024-09-10', 130_000 * CNY);

describe('late facts converge:', () => {
  it('refunds of a closed month take its rung back, and the next month pays it again (case 9)', async () => {
    const late = await live(
      { '2024-08-10': [merchant(), august], '2024-09-05': [refunded], '2024-09-10': [september] },
      '2024-09-30',
    );
    expect(await adjustments(late)).toEqual([
      'm-1 first-jump/100000 -60000 refunded',
      'm-1 first-jump/100000 60000 earned',
    ]);
    const onTime = await live(
      { '2024-08-10': [merchant(), refunded], '2024-09-10': [september] },
      '2024-09-30',
    );
    expect(await adjustments(onTime)).toEqual([]);
    await expectConverged(late, onTime);
  });

  it('a session of day 3 that comes on day 20 moves the window, and reverses nothing (case 11)', async () => {
    const [first, second] = [session('2024-08-03'), session('2024-08-05')];
    const known = [merchant(), second, sales('2024-08-05', 2_000 * CNY)];
    const late = await live({ '2024-08-05': known, '2024-08-20': [first] }, '2024-08-21');
    expect(await adjustments(late)).toEqual([]);
    const entries = await late.entries();
    expect(entries.filter(({ runId }) => runId.endsWith('2024-08-20'))).toMatchObject([
      { occasion: 'w1/cold-2', n: 1, kind: 'grant', amount: 20_000 },
    ]);
    await expectConverged(late, await live({ '2024-08-03': [first], '2024-08-05': known }, '2024-08-21'));
  });

  it('a refund storm over two closed months lowers every rung that it takes away', async () => {
    const shops = Array.from({ length: 12 }, (_, index) => `m-${index + 1}`);
    const sold = (date: string) => shops.map((by) => sales(date, 60_000 * CNY, { by }));
    const storm = (date: string) =>
      shops.map((by, index) =>
        sales(date, 60_000 * CNY, { by, refundedFen: (index % 3) * 20_000 * CNY, revision: 2 }),
      );
    const known = shops.flatMap((by) => [merchant(by), session('2024-08-10', { by })]);
    const late = await live(
      {
        '2024-08-10': [...known, ...sold('2024-08-10')],
        '2024-09-10': sold('2024-09-10'),
        '2024-10-20': [...storm('2024-08-10'), ...storm('2024-09-10')],
      },
      '2024-10-21',
    );
    const lowered = await adjustments(late);
    // Two thirds lose the rung of 50,000; one third keeps 20,000 of 60,000, and the rung of 50,000 of sales in the window.
    expect(lowered.filter((row) => row.includes('first-jump/50000 -30000 refunded'))).toHaveLength(8);
    expect(lowered.filter((row) => row.includes('w1/growth-4 -80000 refunded'))).toHaveLength(8);
    expect(lowered).toHaveLength(16);
    const onTime = await live(
      { '2024-08-10': [...known, ...storm('2024-08-10')], '2024-09-10': storm('2024-09-10') },
      '2024-10-21',
    );
    expect(await adjustments(onTime)).toEqual([]);
    await expectConverged(late, onTime);
  });

  it('a session that is withdrawn takes back what counted it, a month later', async () => {
    const dates = datesBetween('2024-08-01', '2024-08-12');
    const sessions = dates.map((date) => session(date, { minutes: 120 }));
    const known = [merchant(), session('2024-07-20')];
    const withdrawn = { ...session('2024-08-03', { minutes: 120 }), withdrawn: true, revision: 2 };
    const late = await live(
      { '2024-07-20': known, '2024-08-12': sessions, '2024-09-20': [withdrawn] },
      '2024-09-21',
    );
    expect(await adjustments(late)).toEqual([
      'm-1 opening-sprint/2024-08-03 -5000 session-withdrawn',
      'm-1 steady/2024-08 -30000 too-few-broadcast-days',
    ]);
    const onTime = await live({ '2024-07-20': known, '2024-08-12': [...sessions, withdrawn] }, '2024-09-21');
    await expectConverged(late, onTime);
  });

  it('a sanction that comes a month later refuses what was earned under it; withdrawn, it is paid again', async () => {
    const facts = [merchant(), session('2024-08-10'), session('2024-08-11'), august];
    const banned = sanction('2024-08-11', '2024-08-31');
    const late = await live({ '2024-08-11': facts, '2024-09-20': [banned] }, '2024-09-21');
    expect(await adjustments(late)).toEqual([
      'm-1 first-jump/10000 -10000 sanctioned',
      'm-1 first-jump/100000 -60000 sanctioned',
      'm-1 first-jump/50000 -30000 sanctioned',
      'm-1 w1/cold-2 -20000 sanctioned',
    ]);
    await expectConverged(late, await live({ '2024-08-11': [...facts, banned] }, '2024-09-21'));
    const lifted = { ...banned, withdrawn: true, revision: 2 };
    await arrive(late, '2024-09-25', lifted);
    await late.daily('2024-09-25');
    expect((await adjustments(late)).filter((row) => row.endsWith(' earned'))).toEqual([
      'm-1 first-jump/10000 10000 earned',
      'm-1 first-jump/100000 60000 earned',
      'm-1 first-jump/50000 30000 earned',
      'm-1 w1/cold-2 20000 earned',
    ]);
    await expectConverged(late, await live({ '2024-08-11': facts }, '2024-09-25'));
  });

  it('an attestation that comes a month later opens its window; withdrawn, the window is taken back', async () => {
    const facts = [merchant(), session('2024-07-10'), session('2024-08-01'), session('2024-08-20')];
    const proof = attestation({ expiresOn: '2024-08-10' });
    const late = await live({ '2024-08-20': facts, '2024-09-01': [proof] }, '2024-09-02');
    const onTime = await live({ '2024-08-20': [...facts, proof] }, '2024-09-02');
    expect(await adjustments(late)).toEqual([]);
    expect(await late.ledger()).toContain('m-1 treasure-host w1/cold-2 exposure 20000');
    await expectConverged(late, onTime);
    await arrive(late, '2024-09-10', { ...proof, withdrawn: true, revision: 2 });
    await late.daily('2024-09-10');
    expect(await adjustments(late)).toEqual([
      'm-1 w1/cold-1 -20000 window-not-open',
      'm-1 w1/cold-2 -20000 window-not-open',
      'm-1 w1/perk-commercial -1 window-not-open',
      'm-1 w1/perk-matchmaking -1 window-not-open',
    ]);
    await expectConverged(late, await live({ '2024-08-20': facts }, '2024-09-10'));
  });

  it('a participant that becomes known after its facts has all that they earned', async () => {
    const facts = [session('2024-08-01'), august];
    const late = await live({ '2024-08-10': facts, '2024-09-20': [merchant()] }, '2024-09-21');
    expect(await adjustments(late)).toEqual([]);
    expect(await late.ledger()).toContain('m-1 treasure-host first-jump/100000 exposure 60000');
    await expectConverged(late, await live({ '2024-08-10': [merchant(), ...facts] }, '2024-09-21'));
  });

  it('a shop that changes its owner frees a window there', async () => {
    const shops = Array.from({ length: 11 }, (_, index) => `m-${String(index + 1).padStart(2, '0')}`);
    const owned = shops.map((by) => merchant(by, { entityId: 'e-1' }));
    const sessions = shops.map((by) => session('2024-08-01', { by }));
    const sold = merchant('m-01', { entityId: 'e-2', revision: 2 });
    const late = await live({ '2024-08-01': [...owned, ...sessions], '2024-09-10': [sold] }, '2024-09-11');
    expect(await adjustments(late)).toEqual([]);
    const onTime = await live({ '2024-08-01': [...owned, ...sessions], '2024-08-02': [sold] }, '2024-09-11');
    expect((await late.ledger()).filter((row) => row.includes('w1/cold-1'))).toHaveLength(11);
    await expectConverged(late, onTime);
    await arrive(late, '2024-09-20', merchant('m-01', { entityId: 'e-1', revision: 3 }));
    await late.daily('2024-09-20');
    expect(await adjustments(late)).toEqual([
      'm-11 w1/cold-1 -20000 entity-window-cap',
      'm-11 w1/perk-commercial -1 entity-window-cap',
      'm-11 w1/perk-matchmaking -1 entity-window-cap',
    ]);
    await expectConverged(late, await live({ '2024-08-01': [...owned, ...sessions] }, '2024-09-20'));
  });

  it('a member that turns out to be another agency’s moves what it brought, at the next month end', async () => {
    const agencies = [agency('a-1'), agency('a-2')];
    const opened = session('2024-08-05', { by: 'm-1' });
    const moved = member('m-1', 'a-2', { revision: 2 });
    const late = await live(
      { '2024-08-05': [...agencies, member('m-1', 'a-1'), opened], '2024-09-10': [moved] },
      '2024-09-30',
    );
    expect(await adjustments(late)).toEqual(['a-1 agency-growth/2024-08 -5000 no-member-windows']);
    expect(await late.ledger()).toContain('a-2 treasure-host agency-growth/2024-08 exposure 5000');
    const onTime = await live({ '2024-08-05': [...agencies, moved, opened] }, '2024-09-30');
    await expectConverged(late, onTime);
  });
});

describe('what cannot be used is listed:', () => {
  it('facts from before the horizon, by participant and day, in the run that met them and on its record', async () => {
    const world = await live({ '2024-08-10': [merchant(), august] }, '2024-08-31');
    await arrive(world, '2025-01-10', { ...august, refundedFen: 115_000 * CNY, revision: 2 });
    const done = await world.daily('2025-01-10');
    expect(done).toMatchObject({
      summary: { entries: 0, tooLate: { count: 1, first: ['m-1 2024-08-10'] } },
    });
    expect(await recordOf(world, done)).toMatchObject({ summary: { tooLate: { count: 1 } } });
    expect(await verified(world)).toMatchObject({ differences: [] });
    // A backfill that asks for its month reads it after all.
    const widened = await world.at('2025-01-11').backfill('2024-08-01', '2024-08-31');
    expect(widened).toMatchObject({
      summary: { lowered: { exposure: 100_000 }, tooLate: { count: 0, first: [] } },
    });
    expect(await verified(world)).toMatchObject({ differences: [] });
  });

  it('a participant that never becomes known, by every run that looks at it', async () => {
    const world = await live({ '2024-08-10': [merchant(), august] }, '2024-08-11');
    await arrive(world, '2024-08-12', session('2024-08-12', { by: 'm-lost' }));
    const daily = await world.daily('2024-08-12');
    expect(daily).toMatchObject({ summary: { entries: 0, unknown: { count: 1, first: ['m-lost'] } } });
    expect(await recordOf(world, daily)).toMatchObject({ summary: { unknown: { first: ['m-lost'] } } });
    expect(await monthEnd(world, '2024-08')).toMatchObject({
      summary: { unknown: { count: 1, first: ['m-lost'] } },
    });
    await arrive(world, '2024-09-05', merchant('m-lost'));
    expect(await world.daily('2024-09-05')).toMatchObject({
      summary: { entries: 3, unknown: { count: 0, first: [] } },
    });
  });
});
