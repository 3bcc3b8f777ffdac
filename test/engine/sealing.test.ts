/** Law 5: what rests on facts from before the horizon keeps what the ledger says. */
import { describe, expect, it } from 'vitest';
import { addDays, datesBetween } from '../../shared/values/calendar.ts';
import { Desk, decided } from '../support/engine.ts';
import { CNY, merchant, sales, sanction, session } from '../support/facts.ts';

/** Runs on every day of a range. Gives all that was written. */
function daily(desk: Desk, from: string, to: string) {
  return datesBetween(from, to).flatMap((date) => desk.run(date));
}

/** The as-of whose horizon, 120 days back, is a date. */
const whenHorizonIs = (date: string) => addDays(date, 120);

describe('sealing', () => {
  it('the passing of time alone takes nothing back: not windows, months, rungs or campaign days', () => {
    const days = datesBetween('2024-07-24', '2024-08-31').map((day) => session(day, { minutes: 130 }));
    const desk = new Desk().learn(merchant(), ...days, sales('2024-07-30', 600_000 * CNY));
    daily(desk, '2024-07-24', '2024-08-31');
    const before = desk.sums;
    expect(Object.keys(before)).toHaveLength(2 + 3 + 4 + 4 + 1 + 7);
    expect(daily(desk, '2024-09-01', '2025-06-30')).toEqual([]);
    expect(desk.sums).toEqual(before);
  });

  it('a fact restated before the horizon changes nothing, one inside it does', () => {
    const desk = decided('2024-08-31', merchant(), sales('2024-08-10', 20_000 * CNY));
    desk.learn(sales('2024-08-10', 0, { revision: 2 }));
    expect(desk.plan(whenHorizonIs('2024-08-01'))).toMatchObject([{ amount: -10_000 }]);
    expect(desk.plan(whenHorizonIs('2024-08-02'))).toEqual([]);
  });

  it('a window is sealed once the silence before it begins before the horizon', () => {
    const desk = decided('2024-08-31', merchant(), session('2024-08-01'), sales('2024-08-20', 1_000 * CNY));
    desk.learn(sales('2024-08-20', 0, { revision: 2 }));
    expect(desk.plan(whenHorizonIs('2024-07-02'))).toMatchObject([
      { occasion: 'w1/growth-1', amount: -20_000 },
    ]);
    expect(desk.plan(whenHorizonIs('2024-07-03'))).toEqual([]);
  });

  it('a sealed window is not opened anew by later sessions, nor a second one beside it', () => {
    const desk = decided('2024-08-01', merchant(), session('2024-08-01'));
    desk.learn(session('2024-12-20'), sales('2024-12-20', 5_000 * CNY));
    expect(daily(desk, '2024-12-20', '2025-02-10')).toEqual([]);
  });

  it('a window that was refused whole is remembered beyond the horizon', () => {
    const over = ['2024-08-01', '2024-08-01'] as const;
    const desk = decided('2024-08-01', merchant(), session('2024-08-01'), sanction(...over));
    expect(desk.sums).toEqual({});
    desk.learn(session('2025-01-20'));
    expect(desk.run('2025-01-20')).toEqual([]);
  });

  it('a rung that was refused is remembered beyond the horizon', () => {
    const desk = decided(
      '2024-08-31',
      merchant(),
      sales('2024-08-10', 20_000 * CNY),
      sanction('2024-08-31', '2024-08-31'),
    );
    desk.learn(sales('2025-01-10', 20_000 * CNY));
    expect(desk.run('2025-01-31')).toEqual([]);
    expect(desk.sums).toEqual({});
  });

  it('a refusal that late facts undo is forgotten: of a window that did not open, of a rung not reached', () => {
    const over = sanction('2024-07-28', '2024-07-31');
    const desk = decided(
      '2024-07-31',
      merchant(),
      session('2024-07-28'),
      sales('2024-07-28', 20_000 * CNY),
      over,
    );
    expect(desk.sums).toEqual({});
    desk.learn(session('2024-07-14'), sales('2024-07-28', 0, { revision: 2 }));
    expect(
      desk.run('2024-08-01').map(({ occasion, amount, reason }) => [occasion, amount, reason]),
    ).toContainEqual(['w1/cold-1', 0, 'window-not-open']);
    expect(desk.plan('2024-08-01')).toEqual([]);
    desk.learn(session('2025-01-10'), sales('2025-01-09', 20_000 * CNY));
    desk.run('2025-01-31');
    expect(desk.sum('w1/cold-1')).toBe(20_000);
    expect(desk.sum('first-jump/10000')).toBe(10_000);
  });

  it('a rung that was lost before the horizon can still be earned after it', () => {
    const desk = decided('2024-08-31', merchant(), sales('2024-08-10', 20_000 * CNY));
    desk.learn(sales('2024-08-10', 0, { revision: 2 }));
    desk.run('2024-09-05');
    desk.learn(sales('2025-01-10', 20_000 * CNY));
    expect(desk.run('2025-01-31')).toMatchObject([{ amount: 10_000, earnedOn: '2025-01-31' }]);
  });

  it('a window taken back by late facts can open on a later day beyond that horizon', () => {
    const desk = decided('2024-08-01', merchant(), session('2024-08-01'));
    desk.learn(session('2024-08-01', { withdrawn: true, revision: 2 }));
    desk.run('2024-08-05');
    expect(desk.sums).toEqual({});
    desk.learn(session('2025-01-10'));
    desk.run('2025-01-10');
    expect(Object.keys(desk.sums)).toEqual(['w1/cold-1', 'w1/perk-commercial', 'w1/perk-matchmaking']);
  });

  it.each([
    ['a few days', '2024-08-20'],
    ['thirty days', '2024-08-11'],
    ['more than thirty days', '2024-08-01'],
  ])('a window that late facts moved earlier by %s is not taken back as the horizon passes', (_, earlier) => {
    const desk = new Desk().learn(merchant(), session('2024-09-10'), sales('2024-09-12', 5_000 * CNY));
    desk.learn(session('2024-09-12'));
    desk.run('2024-09-12');
    desk.learn(session(earlier), sales(earlier, 1_000 * CNY));
    desk.run('2024-09-20');
    const moved = desk.sums;
    expect(daily(desk, '2024-09-21', '2025-03-31')).toEqual([]);
    expect(desk.sums).toEqual(moved);
  });

  it('what a window lost when it moved is not paid again as the horizon passes', () => {
    const desk = decided('2024-09-12', merchant(), session('2024-09-10'), session('2024-09-12'));
    expect(desk.sum('w1/cold-2')).toBe(20_000);
    desk.learn(session('2024-08-01'));
    const written = desk.run('2024-09-20').filter(({ amount }) => amount !== 0);
    expect(written).toMatchObject([{ occasion: 'w1/cold-2', amount: -20_000 }]);
    expect(daily(desk, '2024-09-21', '2025-03-31')).toEqual([]);
  });

  it('a window that moved far back without a change of amounts is sealed by where it is', () => {
    const desk = decided('2024-10-07', merchant(), session('2024-10-07'));
    desk.learn(session('2024-08-19'));
    expect(desk.run('2024-10-08').map(({ amount }) => amount)).toEqual([0, 0, 0]);
    expect(desk.plan('2024-10-08')).toEqual([]);
    desk.learn(session('2024-10-31'));
    expect(daily(desk, '2024-10-31', '2025-03-01')).toEqual([]);
  });

  it('a rung that an earlier month turns out to have reached is sealed by that month', () => {
    const desk = decided('2024-08-31', merchant(), sales('2024-08-10', 12_000 * CNY));
    const refunded = { refundedFen: 5_000 * CNY, revision: 2 };
    desk.learn(sales('2024-07-30', 11_000 * CNY), sales('2024-08-10', 12_000 * CNY, refunded));
    expect(desk.run('2024-09-05')).toMatchObject([{ amount: 0, kind: 'adjustment', earnedOn: '2024-07-31' }]);
    expect(daily(desk, '2024-09-06', '2025-03-01')).toEqual([]);
    expect(desk.sum('first-jump/10000')).toBe(10_000);
  });

  it('what is pending is left alone: a month under way decides nothing', () => {
    const desk = decided('2024-08-31', merchant(), sales('2024-09-02', 20_000 * CNY));
    expect(desk.decision('first-jump/10000', '2024-09-02')).toMatchObject({ outcome: 'pending', amount: 0 });
    expect(desk.plan('2024-09-02')).toEqual([]);
  });

  it('occasions of a participant that is not known keep what they have', () => {
    const known = decided('2024-08-01', merchant(), session('2024-08-01'));
    const unknown = new Desk().learn(session('2024-08-01'));
    unknown.entries.push(...known.entries);
    expect(unknown.plan('2024-08-02')).toEqual([]);
    expect(unknown.sums).toEqual(known.sums);
  });
});
