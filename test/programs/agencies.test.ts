/** Agencies at their edges: the pool, agency growth and cashback, by what members did while members. */
import { describe, expect, it } from 'vitest';
import { evaluate } from '../../shared/engine/evaluate.ts';
import { NO_MONTH } from '../../shared/engine/tally.ts';
import type { Fact } from '../../shared/facts/schema.ts';
import { readHeld } from '../../shared/store/held.ts';
import { Desk, TREASURE_HOST } from '../support/engine.ts';
import { merchant, sales, sanction, session } from '../support/facts.ts';
import {
  agency,
  agencyWith,
  amounts,
  arrive,
  faultsOf,
  frozenNames,
  member,
  monthEnd,
  only,
} from '../support/programs.ts';
import { database, PROGRAM, type World } from '../support/world.ts';

const db = database();
const CEILING = 100_000_000;

/** August as a month end decides it 15 days after, of these facts. */
async function august(...facts: Fact[]): Promise<World> {
  const world = await db.world({ catalogue: [only('agency-pool')] });
  await arrive(world, '2024-09-01', ...facts);
  await monthEnd(world, '2024-08', 15);
  return world;
}

/** The pool of August, by agency. */
async function pool(world: World, month = '2024-08'): Promise<Record<string, number>> {
  const rows = await amounts(world, `agency-pool/${month}`);
  return Object.fromEntries(Object.entries(rows).map(([row, amount]) => [row.split(' ')[0]!, amount]));
}

/** Eight agencies, of which none reaches the ceiling alone: fen of growth by id. */
function eight(fen: Record<string, number>): Fact[] {
  return Object.entries(fen).flatMap(([id, one]) => agencyWith(id, { fen: one }));
}

describe('the agency pool', () => {
  it('is split in proportion to growth, whole fen by largest remainder', async () => {
    const world = await august(
      ...eight({ 'a-1': 100, 'a-2': 100, 'a-3': 100, 'a-4': 100, 'a-5': 100, 'a-6': 100, 'a-7': 100 }),
    );
    // 500,000,000 / 7 = 71,428,571 and 3 over.
    expect(await pool(world)).toEqual({
      'a-1': 71_428_572,
      'a-2': 71_428_572,
      'a-3': 71_428_572,
      'a-4': 71_428_571,
      'a-5': 71_428_571,
      'a-6': 71_428_571,
      'a-7': 71_428_571,
    });
    expect((await world.pool('cash')).left).toBe(3_000_000_000 - 500_000_000);
    expect(await faultsOf(world)).toEqual([]);
  });

  it('gives nobody more than 20%, and the excess to nobody', async () => {
    const world = await august(...agencyWith('a-1', { fen: 900 }), ...agencyWith('a-2', { fen: 100 }));
    expect(await pool(world)).toEqual({ 'a-1': CEILING, 'a-2': 50_000_000 });
  });

  it('takes an agency with 5 live members, and none with 4', async () => {
    const world = await august(
      ...agencyWith('a-4', { live: 4, fen: 100 }),
      ...agencyWith('a-5', { fen: 100 }),
    );
    expect(await pool(world)).toEqual({ 'a-5': CEILING });
  });

  it('counts as live who had a valid session of its own in the month while a member', async () => {
    const on = '2024-08-10';
    /** Each is the fifth member of an agency of its own. */
    const fifths: Record<string, (by: string, agencyId: string) => Fact[]> = {
      'not-without-a-cart': (by, a) => [member(by, a), session(on, { by, hasCart: false })],
      'not-before': (by, a) => [member(by, a, { from: '2024-08-11' }), session(on, { by })],
      'not-after': (by, a) => [member(by, a, { to: '2024-08-09' }), session(on, { by })],
      'not-in-july': (by, a) => [member(by, a), session('2024-07-31', { by })],
      'not-in-september': (by, a) => [member(by, a), session('2024-09-01', { by })],
      'not-voided': (by, a) => [member(by, a), session(on, { by }), sanction(on, on, { by, scope: 'void' })],
      'not-elsewhere': (by, a) => [member(by, a, { platform: 'channels' }), session(on, { by })],
      'on-its-first-day': (by, a) => [member(by, a, { from: on }), session(on, { by })],
      'on-its-last-day': (by, a) => [member(by, a, { to: on }), session(on, { by })],
      'on-the-first': (by, a) => [member(by, a), session('2024-08-01', { by })],
      'on-the-last': (by, a) => [member(by, a), session('2024-08-31', { by })],
      'on-a-paused-date': (by, a) => [member(by, a), session(on, { by }), sanction(on, on, { by })],
    };
    const world = await august(
      ...Object.entries(fifths).flatMap(([id, fifth]) => [
        ...agencyWith(id, { live: 4, fen: 100 }),
        ...fifth(`${id}.m-5`, id),
      ]),
    );
    expect(Object.keys(await pool(world))).toEqual(
      Object.keys(fifths)
        .filter((id) => id.startsWith('on-'))
        .sort(),
    );
  });

  it('counts net sales on membership dates against all of last month', async () => {
    const facts = [
      // Rivals with 1,000,000 between them, so that a fen of growth shows.
      ...eight({ 'b-1': 200_000, 'b-2': 200_000, 'b-3': 200_000, 'b-4': 200_000, 'b-5': 199_000 }),
      ...agencyWith('a-1', { live: 5 }),
      // A member from 11 August on: 600 and 400 count, 5,000 before does not; July's 300 counts in full.
      member('m-1', 'a-1', { from: '2024-08-11' }),
      sales('2024-07-05', 300, { by: 'm-1' }),
      sales('2024-08-10', 5_000, { by: 'm-1' }),
      sales('2024-08-11', 600, { by: 'm-1' }),
      sales('2024-08-31', 400, { by: 'm-1' }),
      // One that sold less than in July takes nothing from the others.
      member('m-2', 'a-1'),
      sales('2024-07-05', 9_000, { by: 'm-2' }),
      sales('2024-08-05', 8_999, { by: 'm-2' }),
      // One that was a member until 10 August, with refunds.
      member('m-3', 'a-1', { to: '2024-08-10' }),
      sales('2024-08-10', 500, { by: 'm-3', refundedFen: 200 }),
      sales('2024-08-11', 70_000, { by: 'm-3' }),
    ];
    const world = await august(...facts);
    // 700 + 0 + 300 of 1,000,000 in all.
    expect((await pool(world))['a-1']).toBe(500_000);
  });

  it('credits a member that changed its agency to each for its own dates, each against all of last month', async () => {
    const memberships = [
      { agencyId: 'a-1', from: '2024-07-01', to: '2024-08-15' },
      { agencyId: 'a-2', from: '2024-08-16' },
    ];
    const facts = [
      ...eight({ 'b-1': 200_000, 'b-2': 200_000, 'b-3': 200_000, 'b-4': 200_000, 'b-5': 199_600 }),
      ...agencyWith('a-1'),
      ...agencyWith('a-2'),
      merchant('m-1', { memberships }),
      sales('2024-07-20', 100, { by: 'm-1' }),
      sales('2024-08-15', 200, { by: 'm-1' }),
      sales('2024-08-16', 400, { by: 'm-1' }),
    ];
    const world = await august(...facts);
    expect(await pool(world)).toMatchObject({ 'a-1': 50_000, 'a-2': 150_000 });
  });

  it('takes no agency that is of another sort, closed or sanctioned in the month: the others share all', async () => {
    const { industryCluster: _cluster, ...outside } = agency('no-cluster');
    const sorts: Fact[] = [
      agency('no-mcn', { agencyKind: 'mcn' }),
      outside,
      agency('no-elsewhere', { platform: 'channels' }),
      agency('no-closed', { closedOn: '2024-08-31' }),
      agency('no-closed-before', { closedOn: '2024-07-31' }),
      agency('no-first'),
      agency('no-last'),
      agency('yes-before'),
      agency('yes-after'),
      agency('yes-withdrawn'),
      agency('yes-closed-after', { closedOn: '2024-09-01' }),
      agency('yes-paused-member'),
      sanction('2024-07-30', '2024-08-01', { by: 'no-first' }),
      sanction('2024-08-31', undefined, { by: 'no-last' }),
      sanction('2024-07-01', '2024-07-31', { by: 'yes-before' }),
      sanction('2024-09-01', undefined, { by: 'yes-after' }),
      sanction('2024-08-01', '2024-08-31', { by: 'yes-withdrawn', withdrawn: true }),
      sanction('2024-08-01', '2024-08-31', { by: 'yes-paused-member.m-1' }),
    ];
    const ids = sorts.flatMap((fact) => (fact.type === 'participant' ? fact.id : []));
    const members = ids.flatMap((id) => agencyWith(id, { fen: 100 }).slice(1));
    const world = await august(...sorts, ...members);
    const expected = ids.filter((id) => id.startsWith('yes-')).sort();
    expect(await pool(world)).toEqual(Object.fromEntries(expected.map((id) => [id, CEILING])));
  });

  it('is decided 15 days after the month ends, not on the 14th', async () => {
    const world = await db.world();
    await arrive(world, '2024-09-01', ...agencyWith('a-1', { fen: 100 }));
    await monthEnd(world, '2024-08', 14);
    expect(await frozenNames(world)).not.toContain('agency-pool/2024-08');
    expect(await pool(world)).toEqual({});
    await monthEnd(world, '2024-08', 15);
    expect(await frozenNames(world)).toContain('agency-pool/2024-08');
    expect(await pool(world)).toEqual({ 'a-1': CEILING });
    expect((await world.entries()).find(({ incentive }) => incentive === 'agency-pool')).toMatchObject({
      earnedOn: '2024-08-31',
      evidence: { poolFen: 500_000_000, growthFen: 100, liveMembers: 5, needLiveMembers: 5 },
    });
  });

  it('starts in August: July is not split', async () => {
    const world = await db.world();
    await arrive(world, '2024-07-31', ...agencyWith('a-1', { on: '2024-07-30', fen: 100 }));
    await monthEnd(world, '2024-07', 15);
    expect(await pool(world, '2024-07')).toEqual({});
    expect(await frozenNames(world)).toEqual([]);
  });

  it('once frozen is not changed by facts that come later: sales, members, agencies, another cluster', async () => {
    const world = await august(...agencyWith('a-1', { fen: 100 }), ...agencyWith('a-2', { fen: 900 }));
    const before = await pool(world);
    expect(before).toEqual({ 'a-1': 50_000_000, 'a-2': CEILING });
    await arrive(
      world,
      '2024-09-20',
      ...agencyWith('a-3', { fen: 1_000_000 }),
      sales('2024-08-10', 1_000_000, { by: 'a-1.m-1', revision: 2 }),
      sales('2024-08-10', 0, { by: 'a-2.m-1', revision: 2 }),
      member('a-2.m-2', 'a-9', { revision: 2 }),
    );
    await world.daily('2024-09-20');
    await monthEnd(world, '2024-09', 15);
    expect(await pool(world)).toEqual(before);
    expect(await pool(world, '2024-08')).toEqual(before);
    expect(await faultsOf(world)).toEqual([]);
  });

  it('once frozen stays with a holder that leaves its cluster afterwards', async () => {
    const world = await august(...agencyWith('a-1', { fen: 100 }));
    const { industryCluster: _cluster, ...outside } = agency('a-1', { revision: 2 });
    await arrive(world, '2024-09-20', outside);
    await world.daily('2024-09-20');
    await monthEnd(world, '2024-09');
    expect(await pool(world)).toEqual({ 'a-1': CEILING });
    expect(await readHeld(world.table, PROGRAM), 'nor does it wait to be taken back').toEqual([]);
  });

  it('gives a sanctioned holder’s share to nobody', async () => {
    const world = await august(
      ...agencyWith('a-1', { fen: 500 }),
      ...agencyWith('a-2', { fen: 500 }),
      ...agencyWith('a-3', { fen: 9_000 }),
    );
    const before = await pool(world);
    await arrive(world, '2024-09-20', sanction('2024-08-05', '2024-08-05', { by: 'a-3' }));
    await monthEnd(world, '2024-09');
    const { 'a-1': one, 'a-2': two } = await pool(world);
    expect({ one, two }).toEqual({ one: before['a-1'], two: before['a-2'] });
  });

  it('that nobody wins is decided too: who comes late has missed it', async () => {
    const world = await august(...agencyWith('a-1', { live: 4, fen: 100 }));
    expect(await frozenNames(world)).toContain('agency-pool/2024-08');
    await arrive(world, '2024-09-20', member('m-5', 'a-1'), session('2024-08-10', { by: 'm-5' }));
    await monthEnd(world, '2024-09');
    expect(await pool(world)).toEqual({});
  });
});

describe('agency growth', () => {
  const growth = async (world: World) => amounts(world, 'agency-growth');
  const opening = (by: string, on: string, more: Parameters<typeof member>[2] = {}): Fact[] => [
    member(by, 'a-1', more),
    session(on, { by }),
  ];

  it('is credited to the agency of the opening day, at month end, from July on', async () => {
    const world = await db.world();
    await arrive(
      world,
      '2024-07-31',
      agency(),
      agency('a-2'),
      ...opening('m-1', '2024-07-24'),
      ...opening('m-2', '2024-07-31'),
      ...opening('m-3', '2024-07-30', { to: '2024-07-29' }),
      ...opening('m-4', '2024-07-30', { to: '2024-07-30' }),
      merchant('m-5', {
        memberships: [
          { agencyId: 'a-1', from: '2024-01-01', to: '2024-07-29' },
          { agencyId: 'a-2', from: '2024-07-30' },
        ],
      }),
      session('2024-07-30', { by: 'm-5' }),
    );
    await monthEnd(world, '2024-07');
    expect(await growth(world)).toEqual({
      'a-1 agency-growth/2024-07': 15_000,
      'a-2 agency-growth/2024-07': 5_000,
    });
  });

  it('is not decided before the month ends', async () => {
    const world = await db.world();
    await arrive(world, '2024-08-30', agency(), ...opening('m-1', '2024-08-10'));
    world.at('2024-08-31');
    await world.backfill('2024-08-01', '2024-08-30');
    expect(await growth(world)).toEqual({});
    await monthEnd(world, '2024-08');
    expect(await growth(world)).toEqual({ 'a-1 agency-growth/2024-08': 5_000 });
  });

  it.each([
    [99, 495_000],
    [100, 500_000],
    [101, 500_000],
  ])('of %i windows is %i', (windows, amount) => {
    const months = new Map([['2024-08', { ...NO_MONTH, windows: new Map([['new-host', windows]]) }]]);
    const history = new Desk('a-1').learn(agency()).history('2024-05-01');
    const span = { horizon: '2024-05-01', asOf: '2024-08-31' };
    const around = { full: true, frozen: new Map(), agency: months };
    expect(evaluate(TREASURE_HOST, history, span, around).decisions).toContainEqual(
      expect.objectContaining({ occasion: 'agency-growth/2024-08', outcome: 'earned', amount }),
    );
  });

  it('counts a window whose rewards are refused for its date', async () => {
    const world = await db.world();
    await arrive(
      world,
      '2024-08-31',
      agency(),
      ...opening('m-1', '2024-08-10'),
      sanction('2024-08-10', '2024-08-10', { by: 'm-1' }),
    );
    await monthEnd(world, '2024-08');
    expect(await growth(world)).toEqual({ 'a-1 agency-growth/2024-08': 5_000 });
  });

  it('counts no window that opened on a voided date, or was moved out of the month', async () => {
    const world = await db.world();
    await arrive(
      world,
      '2024-08-31',
      agency(),
      ...opening('m-1', '2024-08-10'),
      ...opening('m-2', '2024-08-02'),
      sanction('2024-08-10', '2024-08-10', { by: 'm-1', scope: 'void' }),
    );
    await monthEnd(world, '2024-08');
    expect(await growth(world)).toEqual({ 'a-1 agency-growth/2024-08': 5_000 });
    await arrive(world, '2024-09-02', session('2024-07-31', { by: 'm-2' }));
    await monthEnd(world, '2024-08', 3);
    expect(await growth(world)).toEqual({ 'a-1 agency-growth/2024-07': 5_000 });
    expect(await faultsOf(world)).toEqual([]);
  });

  it('is refused for a month in which the agency is sanctioned or closes, and is for the industrial cluster only', async () => {
    const world = await db.world();
    const { industryCluster: _cluster, ...outside } = agency('a-3');
    const of = (agencyId: string) => [
      member(`${agencyId}.m`, agencyId),
      session('2024-08-10', { by: `${agencyId}.m` }),
    ];
    await arrive(
      world,
      '2024-08-31',
      agency('a-1'),
      agency('a-2', { closedOn: '2024-08-31' }),
      outside,
      agency('a-4', { agencyKind: 'mcn' }),
      agency('a-5', { closedOn: '2024-09-01' }),
      sanction('2024-08-31', '2024-08-31', { by: 'a-1' }),
      ...['a-1', 'a-2', 'a-3', 'a-4', 'a-5'].flatMap(of),
    );
    await monthEnd(world, '2024-08');
    expect(await growth(world)).toEqual({ 'a-5 agency-growth/2024-08': 5_000 });
    const refused = (await world.entries()).filter(
      ({ incentive, amount }) => incentive === 'agency-growth' && amount === 0,
    );
    expect(refused.map(({ participantId, reason }) => [participantId, reason])).toEqual([
      ['a-1', 'sanctioned'],
      ['a-2', 'closed'],
    ]);
  });

  it('is lowered when a member’s window goes, by the next month end', async () => {
    const world = await db.world();
    await arrive(
      world,
      '2024-08-31',
      agency(),
      ...opening('m-1', '2024-08-10'),
      ...opening('m-2', '2024-08-10'),
    );
    await monthEnd(world, '2024-08');
    await arrive(world, '2024-09-05', session('2024-08-10', { by: 'm-2', withdrawn: true, revision: 2 }));
    await world.daily('2024-09-05');
    expect(await growth(world)).toEqual({ 'a-1 agency-growth/2024-08': 10_000 });
    await monthEnd(world, '2024-08', 15);
    expect(await growth(world)).toEqual({ 'a-1 agency-growth/2024-08': 5_000 });
  });
});
