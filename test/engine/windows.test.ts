/** New-host windows at their edges: silence, attestations, midnight, the 30 days, sessions and rungs. */
import { describe, expect, it } from 'vitest';
import type { Fact } from '../../shared/facts/schema.ts';
import { addDays } from '../../shared/values/calendar.ts';
import { Desk, decided } from '../support/engine.ts';
import { attestation, CNY, merchant, sales, sanction, session } from '../support/facts.ts';

/** The opening date of the first window, if it opened. */
function opening(asOf: string, ...facts: Fact[]): unknown {
  return decided(asOf, merchant(), ...facts).last('w1/perk-commercial')?.evidence.opensOn;
}

describe('silence', () => {
  it('looks back before the program started, but no window opens before it', () => {
    expect(opening('2024-07-25', session('2024-07-23'), session('2024-07-25'))).toBeUndefined();
    expect(opening('2024-07-23', session('2024-07-23'))).toBeUndefined();
    expect(opening('2024-07-24', session('2024-06-24'), session('2024-07-24'))).toBeUndefined();
    expect(opening('2024-07-24', session('2024-06-23'), session('2024-07-24'))).toBe('2024-07-24');
  });

  it('is not broken by a session that is not valid, nor by one that was withdrawn', () => {
    const quiet = [session('2024-07-20', { minutes: 10 }), session('2024-07-21', { withdrawn: true })];
    expect(opening('2024-07-31', ...quiet, session('2024-07-31'))).toBe('2024-07-31');
  });

  it('is broken by a session that was valid, had it been longer', () => {
    expect(opening('2024-07-31', session('2024-07-20'), session('2024-07-31'))).toBeUndefined();
  });

  it('is not broken on dates under a void sanction, and is on paused ones', () => {
    const facts = [session('2024-07-20'), session('2024-07-31')];
    const over = ['2024-07-20', '2024-07-20'] as const;
    expect(opening('2024-07-31', ...facts, sanction(...over, { scope: 'void' }))).toBe('2024-07-31');
    expect(opening('2024-07-31', ...facts, sanction(...over))).toBeUndefined();
  });

  it('opens a window on a later day that follows a silence, when the first day did not', () => {
    const facts = [session('2024-07-01'), session('2024-07-30'), session('2024-08-30')];
    expect(opening('2024-08-30', ...facts)).toBe('2024-08-30');
  });
});

describe('attestations', () => {
  const busy = [session('2024-07-20'), session('2024-07-31')];
  const holds: Parameters<typeof attestation>[0] = { verifiedOn: '2024-07-31', expiresOn: '2024-07-31' };

  it('hold on the day they are verified and on the day they expire', () => {
    expect(opening('2024-07-31', ...busy, attestation(holds))).toBe('2024-07-31');
  });

  it.each([
    ['verified a day later', { verifiedOn: '2024-08-01', expiresOn: '2024-09-01' }],
    ['expired a day before', { verifiedOn: '2024-07-21', expiresOn: '2024-07-30' }],
    ['a fen under 1,000,000 CNY', { ...holds, gmvFen: 1_000_000 * CNY - 1 }],
    ['withdrawn', { ...holds, withdrawn: true }],
  ])('that are %s open no window', (_, more) => {
    expect(opening('2024-07-31', ...busy, attestation(more))).toBeUndefined();
  });

  it('of 1,000,000 CNY exactly are enough', () => {
    expect(opening('2024-07-31', ...busy, attestation({ ...holds, gmvFen: 1_000_000 * CNY }))).toBe(
      '2024-07-31',
    );
  });

  it('open the window on the first broadcast day on which they hold', () => {
    const late = attestation({ verifiedOn: '2024-07-30' });
    expect(opening('2024-08-01', ...busy, late)).toBe('2024-07-31');
  });
});

describe('the 30 days of a window', () => {
  const OPENS = '2024-07-31';
  const first = session(OPENS);

  it.each([
    ['its last day counts', 29, true],
    ['the day after does not', 30, false],
  ])('%s', (_, days, counts) => {
    const date = addDays(OPENS, days);
    const desk = decided(date, merchant(), first, session(date), sales(date, 1_000 * CNY));
    expect(desk.sum('w1/cold-2')).toBe(counts ? 20_000 : 0);
    expect(desk.sum('w1/growth-1')).toBe(counts ? 20_000 : 0);
  });

  it('sales of the day before it opens do not count, those of the opening day do', () => {
    const before = decided(OPENS, merchant(), first, sales('2024-07-30', 1_000 * CNY));
    expect(before.sum('w1/growth-1')).toBe(0);
    expect(decided(OPENS, merchant(), first, sales(OPENS, 1_000 * CNY)).sum('w1/growth-1')).toBe(20_000);
  });

  it.each([
    ['2028-01-31', '2028-02-29'],
    ['2027-01-31', '2027-03-01'],
    ['2028-02-29', '2028-03-29'],
  ])('from %s they end on %s', (opensOn, closesOn) => {
    const desk = decided(opensOn, merchant(), session(opensOn));
    expect(desk.last('w1/cold-1')?.evidence).toMatchObject({ opensOn, closesOn });
  });

  it('there is one window in a life, however long the silence after it', () => {
    const desk = decided('2024-10-20', merchant(), first, session('2024-10-20'));
    expect(Object.keys(desk.sums).filter((occasion) => occasion.startsWith('w'))).toEqual([
      'w1/cold-1',
      'w1/perk-commercial',
      'w1/perk-matchmaking',
    ]);
  });

  it('a session that starts in it and ends after midnight of its last day counts', () => {
    const last = session(addDays(OPENS, 29), { at: '23:50', minutes: 60 });
    expect(decided('2024-09-01', merchant(), first, last).sum('w1/cold-2')).toBe(20_000);
  });
});

describe('sessions', () => {
  const [AT, MINUTES_30] = ['2024-07-31', 30 * 60_000];

  it('of 30 minutes to the millisecond are valid, of one less are not', () => {
    expect(opening(AT, session(AT, { milliseconds: MINUTES_30 }))).toBe(AT);
    expect(opening(AT, session(AT, { milliseconds: MINUTES_30 - 1 }))).toBeUndefined();
  });

  it('belong to the day on which they start, whenever they end', () => {
    expect(opening('2024-08-01', session(AT, { at: '23:59', minutes: 60 }))).toBe(AT);
  });

  it('are numbered by start and then by id, whatever their ids and order of arrival', () => {
    const at = (id: string, time: string) => session(AT, { id, at: time });
    const facts = [at('z', '10:00'), at('b', '12:45'), at('a-10', '12:00'), at('a-2', '12:00')];
    const desk = decided(AT, merchant(), ...facts);
    const numbered = [1, 2, 3].map((n) => desk.last(`w1/cold-${n}`)?.evidence.session);
    // Of two that start at once, the one with the smaller id counts; the next starts as it ends.
    expect(numbered).toEqual(['z', 'a-10', 'b']);
  });

  it('keep their numbers when one is refused', () => {
    const days = ['2024-07-31', '2024-08-01', '2024-08-02', '2024-08-03'];
    const desk = decided(
      '2024-08-03',
      merchant(),
      ...days.map((day) => session(day)),
      sanction('2024-08-01', '2024-08-01'),
    );
    expect(desk.sumsOf('w1/cold')).toEqual({ 'w1/cold-1': '20000 exposure', 'w1/cold-3': '20000 exposure' });
    expect(desk.last('w1/cold-2')).toMatchObject({ kind: 'refusal', amount: 0, reason: 'sanctioned' });
    expect(desk.last('w1/cold-3')).toMatchObject({ earnedOn: '2024-08-02' });
  });
});

describe('rungs', () => {
  const OPENS = '2024-07-31';

  it('are all reached on one day that passes them all, 200,000 exposures', () => {
    const desk = decided(OPENS, merchant(), session(OPENS), sales(OPENS, 50_000 * CNY));
    const amounts = [1, 2, 3, 4].map((n) => desk.sum(`w1/growth-${n}`));
    expect(amounts).toEqual([20_000, 40_000, 60_000, 80_000]);
  });

  it.each([
    [1, 1_000],
    [2, 5_000],
    [3, 20_000],
    [4, 50_000],
  ])('growth-%i is reached at %i CNY, and not a fen before', (n, cny) => {
    const at = (fen: number) => decided(OPENS, merchant(), session(OPENS), sales(OPENS, fen));
    expect(at(cny * CNY).sum(`w1/growth-${n}`)).toBeGreaterThan(0);
    expect(at(cny * CNY - 1).sum(`w1/growth-${n}`)).toBe(0);
  });

  it('are climbed by net sales: refunds belong to the day of the order', () => {
    const desk = decided(OPENS, merchant(), session(OPENS), sales(OPENS, 1_000 * CNY));
    desk.learn(sales(OPENS, 1_000 * CNY, { refundedFen: 1, revision: 2 }));
    expect(desk.run('2024-08-05')).toMatchObject([
      { occasion: 'w1/growth-1', kind: 'adjustment', amount: -20_000, reason: 'refunded' },
    ]);
    expect(desk.last('w1/growth-1')?.evidence).toMatchObject({ netFen: 99_999, needFen: 100_000 });
  });
});

describe('refusals in a window', () => {
  it('a window that opens on a sanctioned date earns nothing that day, and is used up', () => {
    const desk = decided(
      '2024-07-31',
      merchant(),
      session('2024-07-31'),
      sanction('2024-07-31', '2024-07-31'),
    );
    expect(desk.sums).toEqual({});
    expect(desk.entries.map(({ occasion, reason }) => `${occasion} ${reason}`)).toEqual([
      'w1/perk-commercial sanctioned',
      'w1/perk-matchmaking sanctioned',
      'w1/cold-1 sanctioned',
    ]);
    desk.learn(session('2024-08-29'), session('2024-10-15'));
    desk.run('2024-10-15');
    expect(desk.sums).toEqual({ 'w1/cold-2': '20000 exposure' });
  });

  it('void moves the window to the first day that counts, pause does not', () => {
    const facts = [merchant(), session('2024-07-31'), session('2024-08-03')];
    const over = ['2024-07-31', '2024-07-31'] as const;
    const voided = decided('2024-08-03', ...facts, sanction(...over, { scope: 'void' }));
    expect(voided.last('w1/cold-1')).toMatchObject({ amount: 20_000, earnedOn: '2024-08-03' });
    const paused = decided('2024-08-03', ...facts, sanction(...over));
    expect(paused.last('w1/cold-1')).toMatchObject({ amount: 0, earnedOn: '2024-07-31' });
  });

  it('a sanction that comes later takes back what was earned on its dates, and gives it back when withdrawn', () => {
    const desk = decided('2024-08-01', merchant(), session('2024-07-31'), session('2024-08-01'));
    desk.learn(sanction('2024-08-01', '2024-08-01'));
    expect(desk.run('2024-08-02')).toMatchObject([
      { occasion: 'w1/cold-2', kind: 'adjustment', amount: -20_000, reason: 'sanctioned' },
    ]);
    desk.learn(sanction('2024-08-01', '2024-08-01', { withdrawn: true, revision: 2 }));
    expect(desk.run('2024-08-03')).toMatchObject([{ occasion: 'w1/cold-2', amount: 20_000 }]);
  });

  it('an open-ended sanction refuses from its first date on, and not the day before', () => {
    const days = ['2024-07-31', '2024-08-01'].map((day) => session(day));
    const desk = decided('2024-08-01', merchant(), ...days, sanction('2024-08-01', undefined));
    expect(desk.sumsOf('w1/cold')).toEqual({ 'w1/cold-1': '20000 exposure' });
  });

  it('what is earned on closedOn is refused, the day before is not', () => {
    const days = ['2024-07-31', '2024-08-01'].map((day) => session(day));
    const desk = decided('2024-08-01', merchant('m-1', { closedOn: '2024-08-01' }), ...days);
    expect(desk.last('w1/cold-1')).toMatchObject({ amount: 20_000 });
    expect(desk.last('w1/cold-2')).toMatchObject({ amount: 0, reason: 'closed' });
  });
});

describe('who earns', () => {
  it('facts that come before their participant count once it is known', () => {
    const desk = new Desk().learn(session('2024-07-31'));
    expect(desk.run('2024-07-31')).toEqual([]);
    desk.learn(merchant());
    expect(desk.run('2024-08-05')).toHaveLength(3);
  });

  it.each([
    ['a merchant elsewhere', merchant('m-1', { platform: 'channels' })],
    ['a creator', merchant('m-1', { kind: 'creator' })],
    ['an agency', merchant('m-1', { kind: 'agency' })],
  ])('%s earns nothing here', (_, participant) => {
    const facts = [session('2024-07-31'), sales('2024-07-31', 600_000 * CNY)];
    expect(decided('2024-08-31', participant, ...facts).entries).toEqual([]);
  });

  it('what comes after the as-of is not looked at', () => {
    expect(opening('2024-07-30', session('2024-07-31'))).toBeUndefined();
  });
});
