/** The worked cases of the program's specification that a single merchant's incentives touch, by number. */
import { describe, expect, it } from 'vitest';
import { Desk, decided } from '../support/engine.ts';
import { attestation, CNY, merchant, sales, session } from '../support/facts.ts';

const PERKS = { 'w1/perk-commercial': '1 count', 'w1/perk-matchmaking': '1 count' };
const COLD_1 = { ...PERKS, 'w1/cold-1': '20000 exposure' };

describe('worked cases', () => {
  it('1: 31 days after the last broadcast, a window opens from 31 July to 29 August, with cold-1', () => {
    const desk = decided('2024-07-31', merchant(), session('2024-06-30'), session('2024-07-31'));
    expect(desk.sums).toEqual(COLD_1);
    expect(desk.last('w1/cold-1')).toMatchObject({
      earnedOn: '2024-07-31',
      evidence: { opensOn: '2024-07-31', closesOn: '2024-08-29', session: 's-2024-07-31-2000' },
    });
  });

  it('2: 30 days after the last broadcast, none opens', () => {
    const desk = decided('2024-07-31', merchant(), session('2024-07-01'), session('2024-07-31'));
    expect(desk.entries).toEqual([]);
    expect(desk.decision('w1', '2024-07-31')).toMatchObject({
      outcome: 'missed',
      reason: 'not-silent',
      evidence: { broadcastOn: '2024-07-31', after: '2024-07-01', needSilentDays: 30 },
    });
  });

  it('3: as 2, with 1,200,000 CNY attested by Douyin, the window opens on 31 July', () => {
    const facts = [merchant(), session('2024-07-01'), session('2024-07-31'), attestation()];
    const desk = decided('2024-07-31', ...facts);
    expect(desk.sums).toEqual(COLD_1);
    expect(desk.last('w1/perk-commercial')).toMatchObject({
      earnedOn: '2024-07-31',
      evidence: { via: 'attestation' },
    });
  });

  it('4: a session that starts at 16:30 UTC on 23 July is one of 24 July, and opens a window', () => {
    const late = session('2024-07-24', { at: '00:30', minutes: 45 });
    expect(late.startedAt).toBe('2024-07-23T16:30:00.000Z');
    const desk = decided('2024-07-24', merchant(), late);
    expect(desk.last('w1/cold-1')).toMatchObject({ earnedOn: '2024-07-24' });
  });

  it('5: five valid sessions in the window come to 60,000 of cold start', () => {
    const sessions = [1, 2, 3, 4, 5].map((day) => session(`2024-08-0${day}`, { minutes: 60 }));
    const desk = decided('2024-08-05', merchant(), ...sessions);
    expect(desk.sumsOf('w1/cold')).toEqual({
      'w1/cold-1': '20000 exposure',
      'w1/cold-2': '20000 exposure',
      'w1/cold-3': '20000 exposure',
    });
  });

  it.each([
    ['of 29 minutes', session('2024-07-31', { minutes: 29 })],
    ['without a cart', session('2024-07-31', { hasCart: false })],
    ['that was recorded', session('2024-07-31', { recorded: true })],
  ])('6: a session %s makes no broadcast day and opens no window', (_, invalid) => {
    const desk = decided('2024-07-31', merchant(), invalid);
    expect(desk.entries).toEqual([]);
    expect(desk.decision('w1', '2024-07-31')).toMatchObject({ reason: 'never-live' });
  });

  it('7: 4,999.99 and then 0.01 CNY reach growth-1 on the first day and growth-2 on the second', () => {
    const desk = decided('2024-08-02', merchant(), session('2024-08-01'), sales('2024-08-01', 499_999));
    desk.learn(sales('2024-08-02', 1));
    expect(desk.sumsOf('w1/growth')).toEqual({ 'w1/growth-1': '20000 exposure' });
    desk.run('2024-08-02');
    expect(desk.sumsOf('w1/growth')).toEqual({
      'w1/growth-1': '20000 exposure',
      'w1/growth-2': '40000 exposure',
    });
    expect(desk.last('w1/growth-1')).toMatchObject({ earnedOn: '2024-08-01' });
    expect(desk.last('w1/growth-2')).toMatchObject({ earnedOn: '2024-08-02' });
  });

  const MONTH_OF_120_000 = [merchant(), sales('2024-08-10', 120_000 * CNY)];
  const THREE_RUNGS = {
    'first-jump/10000': '10000 exposure',
    'first-jump/50000': '30000 exposure',
    'first-jump/100000': '60000 exposure',
  };

  it('8: a first month of 120,000 CNY earns three rungs, 100,000 exposures', () => {
    expect(decided('2024-08-31', ...MONTH_OF_120_000).sums).toEqual(THREE_RUNGS);
  });

  it('9: refunds to 95,000 take 60,000 back from that rung, and the next month pays it again', () => {
    const desk = decided('2024-08-31', ...MONTH_OF_120_000);
    desk.learn(sales('2024-08-10', 120_000 * CNY, { refundedFen: 25_000 * CNY, revision: 2 }));
    expect(desk.run('2024-09-05')).toMatchObject([
      { occasion: 'first-jump/100000', n: 2, kind: 'adjustment', amount: -60_000, reason: 'refunded' },
    ]);
    desk.learn(sales('2024-09-10', 130_000 * CNY));
    expect(desk.run('2024-09-10')).toEqual([]);
    expect(desk.run('2024-09-30')).toMatchObject([
      { occasion: 'first-jump/100000', n: 3, amount: 60_000, earnedOn: '2024-09-30' },
    ]);
    expect(desk.sums).toEqual(THREE_RUNGS);
  });

  it('10: with a best month of 60,000 CNY, a month of 120,000 pays only the rung of 100,000', () => {
    const facts = [merchant('m-1', { bestMonthFen: 6_000_000 }), sales('2024-08-10', 120_000 * CNY)];
    expect(decided('2024-08-31', ...facts).sums).toEqual({ 'first-jump/100000': '60000 exposure' });
  });

  it('11: a session of day 3 that arrives on day 20 moves the window without reversing anything', () => {
    const desk = new Desk().learn(merchant(), session('2024-08-05'), sales('2024-08-04', 1_000 * CNY));
    desk.run('2024-08-05');
    expect(desk.sums).toEqual(COLD_1);
    desk.learn(session('2024-08-03'));
    expect(desk.run('2024-08-20')).toMatchObject([
      { occasion: 'w1/cold-2', n: 1, amount: 20_000, earnedOn: '2024-08-05' },
      { occasion: 'w1/growth-1', n: 1, amount: 20_000, earnedOn: '2024-08-04' },
    ]);
    expect(desk.decision('w1/cold-1', '2024-08-20')).toMatchObject({
      earnedOn: '2024-08-03',
      evidence: { opensOn: '2024-08-03', closesOn: '2024-09-01' },
    });
    expect(desk.entries.every(({ amount }) => amount > 0)).toBe(true);
  });
});
