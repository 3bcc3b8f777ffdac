/** First jumps, steady hosts and the opening sprint at their edges. */
import { describe, expect, it } from 'vitest';
import type { Fact } from '../../shared/facts/schema.ts';
import { datesBetween } from '../../shared/values/calendar.ts';
import { Desk, decided } from '../support/engine.ts';
import { CNY, merchant, sales, sanction, session } from '../support/facts.ts';

const RUNG = 'first-jump/10000';

describe('first jumps', () => {
  it('are earned on the last day of the month, and left alone until then', () => {
    const desk = new Desk().learn(merchant(), sales('2024-08-01', 10_000 * CNY));
    expect(desk.run('2024-08-30')).toEqual([]);
    expect(desk.decision(RUNG, '2024-08-30')).toMatchObject({ outcome: 'pending', earnedOn: '2024-08-31' });
    expect(desk.run('2024-08-31')).toMatchObject([{ occasion: RUNG, earnedOn: '2024-08-31' }]);
  });

  it('pays every rung passed in the month, to the highest', () => {
    const desk = decided('2024-08-31', merchant(), sales('2024-08-31', 500_000 * CNY));
    const rungs = ['10000', '50000', '100000', '500000'].map((rung) => desk.sum(`first-jump/${rung}`));
    expect(rungs).toEqual([10_000, 30_000, 60_000, 200_000]);
  });

  it('looks at July whole, from before the program started', () => {
    const half = 5_000 * CNY;
    const facts = [merchant(), sales('2024-07-01', half), sales('2024-07-31', half)];
    expect(decided('2024-07-31', ...facts).sum(RUNG)).toBe(10_000);
    expect(decided('2024-07-31', merchant(), sales('2024-06-30', 20_000 * CNY)).sum(RUNG)).toBe(0);
  });

  it.each([
    ['a fen short', 10_000 * CNY - 1, 0],
    ['to the fen', 10_000 * CNY, 10_000],
  ])('are counted %s', (_, fen, amount) => {
    expect(decided('2024-08-31', merchant(), sales('2024-08-31', fen)).sum(RUNG)).toBe(amount);
  });

  it('sales of two months are not added up', () => {
    const facts = [sales('2024-08-31', 9_000 * CNY), sales('2024-09-01', 9_000 * CNY)];
    expect(decided('2024-09-30', merchant(), ...facts).sums).toEqual({});
  });

  it('end with the month, also on 29 February', () => {
    const desk = decided('2028-02-29', merchant(), sales('2028-02-29', 10_000 * CNY));
    expect(desk.last(RUNG)).toMatchObject({ earnedOn: '2028-02-29', amount: 10_000 });
    expect(decided('2028-02-28', merchant(), sales('2028-02-28', 10_000 * CNY)).entries).toEqual([]);
  });

  it.each([
    ['equal to the rung never pays it', 1_000_000, 0],
    ['a fen under the rung lets it pay', 999_999, 10_000],
  ])('a best month %s', (_, bestMonthFen, amount) => {
    const facts = [merchant('m-1', { bestMonthFen }), sales('2024-08-10', 20_000 * CNY)];
    expect(decided('2024-08-31', ...facts).sum(RUNG)).toBe(amount);
  });

  it('a best month that is told later takes back what it had reached', () => {
    const desk = decided('2024-08-31', merchant(), sales('2024-08-10', 20_000 * CNY));
    desk.learn(merchant('m-1', { bestMonthFen: 1_000_000, revision: 2 }));
    expect(desk.run('2024-09-02')).toMatchObject([
      { occasion: RUNG, amount: -10_000, reason: 'best-month-reached-it' },
    ]);
  });

  it('refused at the end of the month that reached it, a rung is not tried again', () => {
    const months = [sales('2024-08-10', 20_000 * CNY), sales('2024-09-10', 20_000 * CNY)];
    const desk = decided('2024-08-31', merchant(), ...months, sanction('2024-08-31', '2024-08-31'));
    expect(desk.entries).toMatchObject([
      { occasion: RUNG, kind: 'refusal', amount: 0, reason: 'sanctioned' },
    ]);
    expect(desk.run('2024-09-30')).toEqual([]);
    expect(desk.sums).toEqual({});
  });

  it('a sanction on another day of the month refuses none', () => {
    const facts = [sales('2024-08-10', 20_000 * CNY), sanction('2024-08-01', '2024-08-30')];
    expect(decided('2024-08-31', merchant(), ...facts).sum(RUNG)).toBe(10_000);
  });

  it('sales under a void sanction do not count', () => {
    const facts = [
      sales('2024-08-10', 20_000 * CNY),
      sanction('2024-08-10', '2024-08-10', { scope: 'void' }),
    ];
    expect(decided('2024-08-31', merchant(), ...facts).sums).toEqual({});
  });

  it('closing on the last day refuses it, a day later does not', () => {
    const closing = (closedOn: string) =>
      decided('2024-08-31', merchant('m-1', { closedOn }), sales('2024-08-10', 20_000 * CNY)).sum(RUNG);
    expect(closing('2024-08-31')).toBe(0);
    expect(closing('2024-09-01')).toBe(10_000);
  });

  it('reached again in a month under way, a rung that was lost is taken back, and paid again when that month ends', () => {
    const desk = decided('2024-08-31', merchant(), sales('2024-08-10', 20_000 * CNY));
    desk.learn(sales('2024-08-10', 20_000 * CNY, { refundedFen: 20_000 * CNY, revision: 2 }));
    desk.learn(sales('2024-09-02', 20_000 * CNY));
    expect(desk.run('2024-09-02')).toMatchObject([{ occasion: RUNG, amount: -10_000, reason: 'refunded' }]);
    expect(desk.run('2024-09-30')).toMatchObject([{ occasion: RUNG, amount: 10_000, kind: 'adjustment' }]);
    expect(desk.sum(RUNG)).toBe(10_000);
  });
});

describe('steady hosts', () => {
  const JULY = session('2024-07-01');
  const twelve = datesBetween('2024-08-20', '2024-08-31').map((day) => session(day));
  const steady = (asOf: string, ...facts: Fact[]) => decided(asOf, merchant(), ...facts).sumsOf('steady');

  it('earn a month with 12 broadcast days after a month with one, on its last day', () => {
    expect(steady('2024-08-31', JULY, ...twelve)).toEqual({ 'steady/2024-08': '30000 exposure' });
    expect(steady('2024-08-30', JULY, ...twelve)).toEqual({});
  });

  it('need the twelfth day, and two sessions of one day are one day', () => {
    const again = session('2024-08-20', { at: '08:00' });
    expect(steady('2024-08-31', JULY, ...twelve.slice(1))).toEqual({});
    expect(steady('2024-08-31', JULY, ...twelve.slice(0, 11), again)).toEqual({});
  });

  it('need a broadcast day in the month before', () => {
    expect(steady('2024-08-31', ...twelve)).toEqual({});
    expect(steady('2024-08-31', session('2024-06-30'), ...twelve)).toEqual({});
    expect(steady('2024-08-31', session('2024-07-31'), ...twelve)).not.toEqual({});
  });

  it('start in August: July is not looked at', () => {
    const july = datesBetween('2024-07-10', '2024-07-31').map((day) => session(day));
    expect(steady('2024-07-31', session('2024-06-20'), ...july)).toEqual({});
  });

  it.each([
    ['the first date', '2024-08-01', '2024-08-01', 'refused'],
    ['the last date', '2024-08-31', undefined, 'refused'],
    ['dates up to the month', '2024-07-01', '2024-07-31', 'earned'],
    ['dates after the month', '2024-09-01', '2024-09-30', 'earned'],
  ])('a pause on %s: the month is judged whole', (_, from, to, outcome) => {
    const desk = decided('2024-08-31', merchant(), JULY, ...twelve, sanction(from, to));
    expect(desk.decision('steady/2024-08', '2024-08-31')?.outcome).toBe(outcome);
  });

  it('are refused the month in which they close', () => {
    const facts = [merchant('m-1', { closedOn: '2024-08-31' }), JULY, ...twelve];
    expect(decided('2024-08-31', ...facts).last('steady/2024-08')).toMatchObject({
      amount: 0,
      reason: 'closed',
    });
  });

  it('lose a month when sessions are withdrawn, and earn it late when they arrive late', () => {
    const desk = decided('2024-08-31', merchant(), JULY, ...twelve);
    desk.learn(session('2024-08-31', { withdrawn: true, revision: 2 }));
    expect(desk.run('2024-09-03')).toContainEqual(
      expect.objectContaining({
        occasion: 'steady/2024-08',
        amount: -30_000,
        reason: 'too-few-broadcast-days',
      }),
    );
    desk.learn(session('2024-08-01'));
    desk.run('2024-09-10');
    expect(desk.sum('steady/2024-08')).toBe(30_000);
  });
});

describe('the opening sprint', () => {
  const sprint = (...facts: Fact[]) =>
    Object.keys(decided('2024-08-31', merchant(), ...facts).sumsOf('opening-sprint'));

  it('runs from 1 August to 7 August', () => {
    const days = datesBetween('2024-07-30', '2024-08-09').map((day) => session(day, { minutes: 120 }));
    expect(sprint(...days)).toEqual([1, 2, 3, 4, 5, 6, 7].map((day) => `opening-sprint/2024-08-0${day}`));
  });

  it('needs 120 minutes to the millisecond', () => {
    const MINUTES_120 = 120 * 60_000;
    expect(sprint(session('2024-08-01', { minutes: 119 }))).toEqual([]);
    expect(sprint(session('2024-08-01', { milliseconds: MINUTES_120 - 1 }))).toEqual([]);
    expect(sprint(session('2024-08-01', { milliseconds: MINUTES_120 }))).toHaveLength(1);
  });

  it('adds up valid sessions only', () => {
    const [hour, short] = [
      { at: '08:00', minutes: 60 },
      { at: '10:00', minutes: 29 },
    ];
    const rest = session('2024-08-01', { at: '12:00', minutes: 60 });
    expect(sprint(session('2024-08-01', hour), rest)).toHaveLength(1);
    expect(
      sprint(
        session('2024-08-01', hour),
        session('2024-08-01', short),
        session('2024-08-01', { minutes: 59 }),
      ),
    ).toEqual([]);
  });

  it('counts a session that crosses midnight on the day it starts, in full', () => {
    expect(sprint(session('2024-08-07', { at: '23:30', minutes: 120 }))).toHaveLength(1);
    expect(sprint(session('2024-07-31', { at: '23:30', minutes: 240 }))).toEqual([]);
  });

  it('takes a day back when its session is withdrawn', () => {
    const desk = decided('2024-08-02', merchant(), session('2024-08-01', { minutes: 120 }));
    desk.learn(session('2024-08-01', { minutes: 120, withdrawn: true, revision: 2 }));
    expect(desk.run('2024-08-03')).toContainEqual(
      expect.objectContaining({ occasion: 'opening-sprint/2024-08-01', amount: -5_000 }),
    );
    expect(desk.sums).toEqual({});
  });
});
