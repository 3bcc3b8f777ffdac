/** The 618 event at its edges: growth cards, the fee rate, and nothing outside of it. */
import { describe, expect, it } from 'vitest';
import type { Fact } from '../../shared/facts/schema.ts';
import { findProgram } from '../../shared/policy/catalogue.ts';
import { addDays, datesBetween } from '../../shared/values/calendar.ts';
import { Desk, type Sums } from '../support/engine.ts';
import { CNY, merchant, sales, sanction, session } from '../support/facts.ts';
import { amounts, arrive, creator, faultsOf } from '../support/programs.ts';
import { database } from '../support/world.ts';

const db = database();
const CHANNELS = findProgram('channels-618');
const [FIRST, LAST] = ['2024-05-20', '2024-06-20'];
const shop = merchant('m-1', { platform: 'channels' });

function decided(asOf: string, ...facts: Fact[]): Desk {
  const desk = new Desk('m-1', CHANNELS).learn(shop, ...facts);
  desk.run(asOf);
  return desk;
}

const cards = (...facts: Fact[]): Sums => decided(LAST, ...facts).sumsOf('growth-card');

describe('growth cards', () => {
  it.each([
    [10_000 * CNY - 1, []],
    [10_000 * CNY, [100]],
    [100_000 * CNY - 1, [100]],
    [100_000 * CNY, [100, 900]],
    [500_000 * CNY - 1, [100, 900]],
    [500_000 * CNY, [100, 900, 4_000]],
    [1_000_000 * CNY - 1, [100, 900, 4_000]],
    [1_000_000 * CNY, [100, 900, 4_000, 5_000]],
    [90_000_000 * CNY, [100, 900, 4_000, 5_000]],
  ])('of net sales of %i fen are %j CNY', (fen, cny) => {
    const expected = cny.map((amount, index) => [`growth-card-${index + 1}`, `${amount * CNY} fen`]);
    expect(cards(sales('2024-06-01', fen))).toEqual(Object.fromEntries(expected));
  });

  it('are summed day by day and earned on the day that reaches them', () => {
    const desk = decided(
      '2024-06-03',
      sales('2024-06-01', 9_999 * CNY),
      sales('2024-06-02', 1 * CNY),
      sales('2024-06-03', 90_000 * CNY),
    );
    expect(desk.last('growth-card-1')).toMatchObject({ earnedOn: '2024-06-02', unit: 'fen', pool: 'card' });
    expect(desk.last('growth-card-2')).toMatchObject({ earnedOn: '2024-06-03' });
  });

  it('count the event’s first and last day, and no other', () => {
    const half = 5_000 * CNY;
    expect(cards(sales(FIRST, half), sales(LAST, half))).toEqual({ 'growth-card-1': '10000 fen' });
    expect(cards(sales(addDays(FIRST, -1), half), sales(LAST, half))).toEqual({});
    const after = decided(addDays(LAST, 5), sales(LAST, half), sales(addDays(LAST, 1), half));
    expect(after.sums).toEqual({});
  });

  it('are refused for the day that reaches them, and taken back by refunds after the event', () => {
    const pause = sanction('2024-06-02', '2024-06-02');
    const both = [sales('2024-06-01', 10_000 * CNY), sales('2024-06-02', 90_000 * CNY)];
    expect(cards(...both, pause)).toEqual({ 'growth-card-1': '10000 fen' });
    const desk = decided(LAST, ...both);
    desk.learn(sales('2024-06-01', 10_000 * CNY, { refundedFen: 1, revision: 2 }));
    expect(desk.run('2024-07-05')).toMatchObject([
      { occasion: 'growth-card-2', amount: -90_000, reason: 'refunded' },
    ]);
  });
});

describe('the fee rate', () => {
  const days = (from: string, to: string) => datesBetween(from, to).map((date) => session(date));

  it('is earned by the fifth broadcast day, from the next day to the event’s end', () => {
    expect(decided(LAST, ...days('2024-05-20', '2024-05-23')).sums).toEqual({});
    const desk = decided(LAST, ...days('2024-05-20', '2024-05-24'));
    expect(desk.sums).toEqual({ 'fee-rate': '100 bps' });
    expect(desk.last('fee-rate')).toMatchObject({
      earnedOn: '2024-05-24',
      evidence: { broadcastDays: 5, validFrom: '2024-05-25', validTo: LAST },
    });
    expect(desk.last('fee-rate')).not.toHaveProperty('pool');
  });

  it('counts days, not sessions, and only days of the event', () => {
    const twice = days('2024-06-01', '2024-06-04').flatMap((one) => [one, { ...one, id: `${one.id}-2` }]);
    expect(decided(LAST, ...twice).sums).toEqual({});
    expect(decided(LAST, session('2024-05-19'), ...days('2024-06-01', '2024-06-04')).sums).toEqual({});
  });

  it('is earned on the day before the last, and on the last day of the event is not', () => {
    expect(decided(LAST, ...days('2024-06-15', '2024-06-19')).last('fee-rate')).toMatchObject({
      evidence: { validFrom: LAST, validTo: LAST },
    });
    const late = decided(LAST, ...days('2024-06-16', '2024-06-20'));
    expect(late.sums).toEqual({});
    expect(late.decision('fee-rate', LAST)).toMatchObject({ outcome: 'missed', reason: 'last-day-of-event' });
  });

  it('is refused when its day is sanctioned, and a sixth day does not bring it back', () => {
    const facts = [...days('2024-06-01', '2024-06-10'), sanction('2024-06-05', '2024-06-05')];
    expect(decided(LAST, ...facts).last('fee-rate')).toMatchObject({ amount: 0, reason: 'sanctioned' });
  });

  it('moves its dates with late facts without a new entry', () => {
    const desk = decided('2024-06-10', ...days('2024-06-01', '2024-06-05'));
    desk.learn(session('2024-05-30'));
    expect(desk.run('2024-06-11')).toEqual([]);
    expect(desk.decision('fee-rate', '2024-06-11')?.evidence).toMatchObject({ validFrom: '2024-06-05' });
  });
});

describe('the event', () => {
  it('pays merchants of its platform only, and pays nothing outside of its dates', async () => {
    const world = await db.world();
    const rich = (by: string, on: string) => sales(on, 2_000_000 * CNY, { by });
    await arrive(
      world,
      '2024-06-25',
      merchant('in', { platform: 'channels' }),
      rich('in', '2024-06-18'),
      merchant('before', { platform: 'channels' }),
      rich('before', '2024-05-19'),
      merchant('after', { platform: 'channels' }),
      rich('after', '2024-06-21'),
      merchant('elsewhere'),
      rich('elsewhere', '2024-06-18'),
      creator('creator', { platform: 'channels' }),
      rich('creator', '2024-06-18'),
      // Not known yet: its facts count once it is.
      rich('stranger', '2024-06-18'),
    );
    world.at('2024-06-26');
    await world.run({ program: 'channels-618', job: 'backfill', from: '2024-05-01', to: '2024-06-25' });
    expect(await amounts(world, '')).toEqual({
      'in growth-card-1': 10_000,
      'in growth-card-2': 90_000,
      'in growth-card-3': 400_000,
      'in growth-card-4': 500_000,
    });
    await arrive(world, '2024-06-27', merchant('stranger', { platform: 'channels' }));
    world.at('2024-06-28', '04:30');
    await world.run({ program: 'channels-618', job: 'daily', scheduledAt: '2024-06-28T04:30:00+08:00' });
    expect(Object.keys(await amounts(world, 'growth-card'))).toHaveLength(8);
    expect(await faultsOf(world, 'channels-618')).toEqual([]);
  });
});
