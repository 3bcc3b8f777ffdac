/** The worked cases of the program's specification that take more than one participant, by number. */
import { describe, expect, it } from 'vitest';
import { evaluateEntity } from '../../shared/engine/entity.ts';
import { rebateOf } from '../../shared/engine/incentives/rebate.ts';
import { split } from '../../shared/engine/split.ts';
import type { Fact } from '../../shared/facts/schema.ts';
import type { IncentiveOf } from '../../shared/policy/schema.ts';
import { setLimit } from '../../shared/store/budget.ts';
import { readPools } from '../../shared/store/budget-item.ts';
import { seeded } from '../../shared/synthetic/random.ts';
import { addDays, datesBetween } from '../../shared/values/calendar.ts';
import { Desk, TREASURE_HOST } from '../support/engine.ts';
import { attestation, CNY, merchant, sales, session } from '../support/facts.ts';
import { amounts, arrive, faultsOf, monthEnd, programOf } from '../support/programs.ts';
import { database } from '../support/world.ts';

const db = database();

describe('3: an attestation in place of silence', () => {
  it('opens the window on 31 July, through the pipeline', async () => {
    const world = await db.world();
    const lived = ['2024-07-01', '2024-07-31'].map((date) => session(date));
    await arrive(world, '2024-07-31', merchant(), ...lived, attestation());
    await world.daily('2024-07-31');
    expect(await world.entries()).toContainEqual(
      expect.objectContaining({
        occasion: 'w1/cold-1',
        earnedOn: '2024-07-31',
        evidence: { opensOn: '2024-07-31', closesOn: '2024-08-29', session: 's-2024-07-31-2000' },
      }),
    );
  });
});

describe('12: an owner of 12 shops that all go live on 1 August', () => {
  /** The later its number, the later it starts; ids sort otherwise, as m-10 does before m-2. */
  const shops = Array.from({ length: 12 }, (_, index) => {
    const by = `m-${index + 1}`;
    const at = `${String(8 + index).padStart(2, '0')}:00`;
    return { by, facts: [merchant(by, { entityId: 'e-1' }), session('2024-08-01', { by, at })] };
  });
  const REFUSED = ['m-11', 'm-12'];

  it('opens 10 windows: the two latest starts are refused', () => {
    const histories = shops.map(({ by, facts }) => new Desk(by).learn(...facts).history('2024-05-01'));
    const span = { horizon: '2024-05-01', asOf: '2024-08-01' };
    const evaluations = evaluateEntity(TREASURE_HOST, histories, span, { full: false, frozen: new Map() });
    for (const { by } of shops) {
      const { decisions, opened } = evaluations.get(by)!;
      const cold = decisions.find(({ occasion }) => occasion === 'w1/cold-1');
      const refused = REFUSED.includes(by);
      expect(cold, by).toMatchObject(
        refused
          ? {
              outcome: 'refused',
              reason: 'entity-window-cap',
              amount: 0,
              evidence: { entity: 'e-1', cap: 10 },
            }
          : { outcome: 'earned', amount: 20_000 },
      );
      expect(opened.get('new-host'), by).toEqual(refused ? [] : ['2024-08-01']);
    }
  });

  it.each([1, 2, 3])('whatever the order and days on which its shops come, order %i', async (seed) => {
    const random = seeded(seed);
    const world = await db.world({ shards: 3 });
    const coming = shops.map((shop) => ({ ...shop, on: addDays('2024-08-01', random.int(0, 8)) }));
    for (const date of datesBetween('2024-08-01', '2024-08-09')) {
      const facts: Fact[] = coming.filter(({ on }) => on === date).flatMap((shop) => shop.facts);
      if (facts.length > 0) await arrive(world, date, ...facts.sort(() => random.int(0, 1) - 0.5));
      await world.daily(date);
    }
    const cold = await amounts(world, 'w1/cold-1');
    expect(cold).toEqual(
      Object.fromEntries(
        shops.filter(({ by }) => !REFUSED.includes(by)).map(({ by }) => [`${by} w1/cold-1`, 20_000]),
      ),
    );
    const entries = await world.entries();
    for (const by of REFUSED) {
      const last = entries.findLast(
        ({ participantId, occasion }) => participantId === by && occasion === 'w1/cold-1',
      );
      expect(last, by).toMatchObject({ reason: 'entity-window-cap' });
    }
    expect(await faultsOf(world)).toEqual([]);
  });
});

describe('13: a pool of 1,000 fen and three scores of 1', () => {
  const scores = new Map([
    ['a-3', 1],
    ['a-1', 1],
    ['a-2', 1],
  ]);

  it('with a ceiling of 50% gives 334, 333 and 333 to ids in order', () => {
    expect(Object.fromEntries(split(1_000, scores, 5_000))).toEqual({ 'a-1': 334, 'a-2': 333, 'a-3': 333 });
  });

  it('with a ceiling of 20% gives 200 each', () => {
    expect(Object.fromEntries(split(1_000, scores, 2_000))).toEqual({ 'a-1': 200, 'a-2': 200, 'a-3': 200 });
  });
});

describe('14: 50,000 exposures left and two asks of 40,000', () => {
  const first: IncentiveOf<'event-ladder'> = {
    id: 'first',
    kind: 'event-ladder',
    who: { kinds: ['merchant'] },
    from: '2024-08-01',
    to: '2024-08-31',
    reward: { unit: 'exposure', pool: 'exposure' },
    rungs: [{ name: 'first-sale', atFen: 1, amount: 40_000 }],
  };
  const program = programOf({
    program: 'two-asks',
    pools: { exposure: { unit: 'exposure', limit: 50_000 } },
    incentives: [first],
  });

  it('the earlier is paid whole, the later 10,000 with a shortfall of 30,000, which the next daily run after a raise pays', async () => {
    const world = await db.world({ catalogue: [program] });
    const daily = (date: string) => {
      world.at(addDays(date, 1), '04:30');
      return world.run({
        program: 'two-asks',
        job: 'daily',
        scheduledAt: `${addDays(date, 1)}T04:30:00+08:00`,
      });
    };
    await arrive(world, '2024-08-03', merchant('m-1'), sales('2024-08-02', 1, { by: 'm-1' }));
    await arrive(world, '2024-08-03', merchant('m-2'), sales('2024-08-01', 1, { by: 'm-2' }));
    await daily('2024-08-03');
    expect(await amounts(world, 'first-sale')).toEqual({
      'm-1 first-sale': 10_000,
      'm-2 first-sale': 40_000,
    });
    expect((await world.entries()).find(({ participantId }) => participantId === 'm-1')).toMatchObject({
      amount: 10_000,
      shortfall: 30_000,
      reason: 'pool-exhausted',
    });

    expect(await daily('2024-08-04')).toMatchObject({ summary: { entries: 0 } });
    const [pool] = await readPools(world.table, 'two-asks');
    const change = { from: 50_000, to: 100_000, by: 'ops', reason: 'more', at: '2024-08-05T12:00:00Z' };
    expect(await setLimit(world.table, 'two-asks', pool!, change)).toBe(true);
    expect(await daily('2024-08-05')).toMatchObject({
      summary: { entries: 1, raised: { exposure: 30_000 } },
    });
    expect(await amounts(world, 'first-sale')).toEqual({
      'm-1 first-sale': 40_000,
      'm-2 first-sale': 40_000,
    });
    expect(await daily('2024-08-06')).toMatchObject({ summary: { entries: 0 } });
    expect(await faultsOf(world, 'two-asks')).toEqual([]);
  });
});

describe('15: fees of 12,345 fen at 60%', () => {
  it('give back 7,407 fen', async () => {
    const world = await db.world();
    const sold = sales('2024-08-10', 500_000 * CNY, { feesFen: 12_345 });
    await arrive(world, '2024-08-31', merchant(), sold);
    await monthEnd(world, '2024-08', 15);
    expect(await amounts(world, 'fee-cashback')).toEqual({ 'm-1 fee-cashback/2024-08': 7_407 });
    const rule = TREASURE_HOST.versions[0]!.incentives.find(({ kind }) => kind === 'rebate');
    expect(rebateOf(rule as IncentiveOf<'rebate'>, 500_000 * CNY, 12_345)).toBe(7_407);
  });
});
