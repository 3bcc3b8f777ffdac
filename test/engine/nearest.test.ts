/** What is taken back says its nearest reason: what became of the very thing that it was granted for. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fact } from '../../shared/facts/schema.ts';
import { Desk } from '../support/engine.ts';
import { CNY, merchant, sales, sanction, session } from '../support/facts.ts';
import { arrivals } from '../support/worlds.ts';

/** Granted on the facts of August, and taken back when others arrive in September: the reasons by occasion. */
function takenBack(granted: readonly Fact[], ...later: readonly Fact[]): Record<string, string> {
  const desk = new Desk().learn(merchant(), ...granted);
  desk.run('2024-08-31');
  const written = desk.learn(...later).run('2024-09-02');
  return Object.fromEntries(
    written.filter(({ amount }) => amount < 0).map(({ occasion, reason }) => [occasion, reason]),
  );
}

const D5 = session('2024-08-05', { minutes: 130 });
const D6 = session('2024-08-06');
const sold = (fen: number, more = {}) => sales('2024-08-20', fen, more);

describe('38. what is taken back', () => {
  it.each<[string, Fact[], Fact[], Record<string, string>]>([
    [
      'was lost to refunds',
      [D5, sold(10_000 * CNY)],
      [sold(10_000 * CNY, { refundedFen: 9_999 * CNY, revision: 2 })],
      { 'first-jump/10000': 'refunded', 'w1/growth-1': 'refunded', 'w1/growth-2': 'refunded' },
    ],
    [
      'was never sold: the day was restated',
      [D5, sold(10_000 * CNY)],
      [sold(100 * CNY, { revision: 2 })],
      { 'first-jump/10000': 'below-rung', 'w1/growth-1': 'below-rung', 'w1/growth-2': 'below-rung' },
    ],
    [
      'was for a session that was withdrawn',
      [D5, D6],
      [{ ...D6, withdrawn: true, revision: 2 }],
      { 'w1/cold-2': 'session-withdrawn' },
    ],
    [
      'was for a session whose cart was an error',
      [D5, D6],
      [{ ...D6, hasCart: false, revision: 2 }],
      { 'w1/cold-2': 'session-not-valid' },
    ],
    [
      'was for a session that an earlier one overlaps',
      [D5, D6, session('2024-08-06', { at: '20:45' })],
      [session('2024-08-06', { at: '19:30', minutes: 80 })],
      { 'w1/cold-3': 'session-overlaps' },
    ],
    [
      'was for a campaign’s day whose session was withdrawn, with the window that it opened',
      [D5],
      [{ ...D5, withdrawn: true, revision: 2 }],
      {
        'opening-sprint/2024-08-05': 'session-withdrawn',
        'w1/cold-1': 'window-not-open',
        'w1/perk-commercial': 'window-not-open',
        'w1/perk-matchmaking': 'window-not-open',
      },
    ],
    [
      'was for a campaign’s day that a sanction voids',
      [D5, D6],
      [sanction('2024-08-05', '2024-08-05', { scope: 'void' })],
      { 'opening-sprint/2024-08-05': 'voided', 'w1/cold-2': 'voided' },
    ],
    [
      'was earned on a date that is sanctioned',
      [D5],
      [sanction('2024-08-05', '2024-08-05')],
      {
        'opening-sprint/2024-08-05': 'sanctioned',
        'w1/cold-1': 'sanctioned',
        'w1/perk-commercial': 'sanctioned',
        'w1/perk-matchmaking': 'sanctioned',
      },
    ],
    [
      'was earned after the participant had closed',
      [D5],
      [merchant('m-1', { closedOn: '2024-08-04', revision: 2 })],
      {
        'opening-sprint/2024-08-05': 'closed',
        'w1/cold-1': 'closed',
        'w1/perk-commercial': 'closed',
        'w1/perk-matchmaking': 'closed',
      },
    ],
    [
      'was for a month that has fewer broadcast days',
      [session('2024-07-28'), ...Array.from({ length: 12 }, (_, day) => session(`2024-08-${10 + day}`))],
      [session('2024-08-21', { withdrawn: true, revision: 2 })],
      { 'steady/2024-08': 'too-few-broadcast-days' },
    ],
  ])('%s', (_, granted, later, reasons) => {
    expect(takenBack(granted, ...later)).toEqual(reasons);
  });

  it('never says less than is known, whatever arrives and in whatever order', () => {
    const world = arrivals({ from: '2024-07-20', to: '2024-09-20', late: 25, maxFacts: 30 });
    fc.assert(
      fc.property(world, (told) => {
        const desk = new Desk();
        for (const date of [...new Set(told.map(({ on }) => on))].sort()) {
          desk.learn(...told.filter(({ on }) => on === date).map(({ fact }) => fact));
          for (const { amount, reason, occasion } of desk.run(date)) {
            if (amount < 0) expect(reason, occasion).not.toMatch(/^(earned|no-longer-earned)$/);
          }
        }
      }),
      { numRuns: 150 },
    );
  });
});
