/** What is told of a conclusion: `missed` only where nothing can change it, and no distance that leads nowhere. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tell } from '../../shared/engine/explain.ts';
import { nextMonthEnd } from '../../shared/policy/schedules.ts';
import { addDays, datesBetween } from '../../shared/values/calendar.ts';
import { Desk, decided, TREASURE_HOST } from '../support/engine.ts';
import { CNY, merchant, sales, sanction, session } from '../support/facts.ts';
import { arrivals } from '../support/worlds.ts';

const SUMMER = { from: '2024-06-25', to: '2024-08-31', late: 20 };

/** All that is told as of a date, by occasion. */
function toldOn(desk: Desk, asOf: string) {
  const history = desk.history(addDays(asOf, -120));
  const asked = { program: desk.program, history, asOf };
  return new Map(desk.evaluate(asOf).decisions.map((one) => [one.occasion, tell(asked, one)]));
}

const told = (desk: Desk, asOf: string, occasion: string) => toldOn(desk, asOf).get(occasion);

/** More than anyone can need: a long session and a million CNY on each day after a date. */
const everything = (after: string) =>
  datesBetween(addDays(after, 1), addDays(after, 60)).flatMap((date) => [
    session(date, { minutes: 180, at: '10:00' }),
    sales(date, 1_000_000 * CNY, { revision: 9 }),
  ]);

describe('36. what is told', () => {
  const dates = fc.constantFrom(...datesBetween('2024-07-24', '2024-08-31'));

  it('36. says missed only of what no later day can change: no later fact earns it', () => {
    fc.assert(
      fc.property(arrivals(SUMMER), dates, (facts, asOf) => {
        const desk = new Desk().learn(...facts.filter(({ on }) => on <= asOf).map(({ fact }) => fact));
        desk.run(asOf);
        const missed = [...toldOn(desk, asOf)].filter(([, { outcome }]) => outcome === 'missed');
        const end = addDays(asOf, 60);
        desk.learn(...everything(asOf));
        for (const date of [addDays(asOf, 31), end]) {
          const earned = desk.evaluate(date).decisions.filter(({ outcome }) => outcome === 'earned');
          const names = new Set(earned.map(({ occasion }) => occasion));
          expect(missed.filter(([occasion]) => names.has(occasion))).toEqual([]);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('36. never tells a distance below zero, whatever the ledger has and whatever date is asked about', () => {
    fc.assert(
      fc.property(arrivals(SUMMER), dates, dates, (facts, ranOn, asOf) => {
        const desk = new Desk().learn(...facts.map(({ fact }) => fact));
        desk.run(ranOn);
        for (const { why } of toldOn(desk, asOf).values()) expect(why).not.toMatch(/(^|[ (])-\d|(^| )0 /);
      }),
      { numRuns: 150 },
    );
  });

  it.each([
    ['w1/cold-2', '1 valid session more by 1 September 2024 for 20,000 exposures (1 so far).'],
    [
      'w1/growth-1',
      '1,000.00 CNY more by 1 September 2024 for 20,000 exposures (net sales 0.00 of 1,000.00 CNY).',
    ],
    [
      'first-jump/10000',
      '10,000.00 CNY more by 31 August 2024 for 10,000 exposures (net sales 0.00 of 10,000.00 CNY).',
    ],
    ['opening-sprint/2024-08-03', '75 minutes more by 3 August 2024 for 5,000 exposures (45 of 120).'],
  ])('36. within reach on the day is pending, with the distance: %s', (occasion, why) => {
    const desk = decided('2024-08-03', merchant(), session('2024-08-03'));
    expect(told(desk, '2024-08-03', occasion)).toMatchObject({ outcome: 'pending', why });
  });

  it('36. the last day still counts, and on the day after it the same is missed', () => {
    const desk = decided('2024-08-03', merchant(), session('2024-08-03'));
    expect(told(desk, '2024-09-01', 'w1/growth-1')?.outcome).toBe('pending');
    expect(told(desk, '2024-09-02', 'w1/growth-1')).toMatchObject({
      outcome: 'missed',
      why: '1,000.00 CNY short of 20,000 exposures when it ended on 1 September 2024 (net sales 0.00 of 1,000.00 CNY).',
    });
    expect(told(desk, '2024-08-04', 'opening-sprint/2024-08-03')?.outcome).toBe('missed');
  });

  it('36. a window can still open, and a first jump can be made in any month to come', () => {
    const desk = decided('2024-08-20', merchant());
    expect(told(desk, '2024-08-20', 'w1')).toMatchObject({ outcome: 'pending', reason: 'never-live' });
    desk.learn(merchant('m-1', { closedOn: '2024-08-10', revision: 2 }));
    expect(told(desk, '2024-08-20', 'w1')?.outcome).toBe('missed');

    const jumper = decided('2024-07-31', merchant(), sales('2024-07-30', 12_000 * CNY));
    jumper.learn(sales('2024-07-30', 12_000 * CNY, { refundedFen: 5_000 * CNY, revision: 2 }));
    expect(told(jumper, '2024-08-20', 'first-jump/10000')).toMatchObject({
      outcome: 'pending',
      why: '3,000.00 CNY short of 10,000 exposures when it ended on 31 July 2024 (net sales 7,000.00 of 10,000.00 CNY).',
    });
    jumper.run('2024-08-20');
    expect(jumper.sum('first-jump/10000')).toBe(0);
    expect(told(jumper, '2024-08-20', 'first-jump/10000')).toMatchObject({
      outcome: 'pending',
      why: '10,000.00 CNY more by 31 August 2024 for 10,000 exposures (net sales 0.00 of 10,000.00 CNY).',
    });
  });

  it('36. to a closed participant nothing is held out', () => {
    const desk = decided('2024-08-05', merchant('m-1', { closedOn: '2024-08-06' }), session('2024-08-03'));
    const closed = 'earned on or after the day the participant closed. Closed on 6 August 2024.';
    expect(told(desk, '2024-08-05', 'w1/cold-2')).toMatchObject({
      outcome: 'pending',
      why: '1 valid session more by 5 August 2024 for 20,000 exposures (1 so far).',
    });
    for (const occasion of ['w1/cold-2', 'w1/growth-1', 'first-jump/10000']) {
      expect(told(desk, '2024-08-06', occasion)).toMatchObject({
        outcome: 'missed',
        reason: 'closed',
        why: `Nothing to be reached: ${closed}`,
      });
    }
    for (const { why } of toldOn(desk, '2024-08-06').values()) expect(why).not.toMatch(/more by|On course/);
  });

  it('36. nor to a sanctioned one, on the dates on which it is refused', () => {
    const facts = [merchant(), session('2024-08-03'), sales('2024-08-04', 12_000 * CNY)];
    const why = 'earned on a date, or for a month, under a sanction.';
    const whole = decided('2024-08-10', ...facts, sanction('2024-08-10', undefined));
    expect(told(whole, '2024-08-10', 'w1/growth-4')).toMatchObject({
      outcome: 'missed',
      reason: 'sanctioned',
      why: `Nothing to be reached: ${why} Sanction x-2024-08-10: fake orders.`,
    });
    expect(told(whole, '2024-08-10', 'first-jump/10000')).toMatchObject({
      outcome: 'pending',
      reason: 'sanctioned',
      why: `10,000 exposures will be refused, decided as of 31 August 2024: ${why} Sanction x-2024-08-10: fake orders.`,
    });
    expect(told(whole, '2024-08-10', 'first-jump/50000')).toMatchObject({
      outcome: 'pending',
      why: `Nothing to be reached by 31 August 2024: ${why} Sanction x-2024-08-10: fake orders.`,
    });

    const paused = decided('2024-08-10', ...facts, sanction('2024-08-10', '2024-08-12'));
    expect(told(paused, '2024-08-10', 'w1/cold-2')).toMatchObject({
      outcome: 'pending',
      why: '1 valid session more by 1 September 2024 for 20,000 exposures (1 so far). What is reached up to 12 August 2024 is refused. Sanction x-2024-08-10: fake orders.',
    });
    const twice = decided(
      '2024-08-10',
      ...facts,
      sanction('2024-08-10', '2024-08-12'),
      sanction('2024-08-12', '2024-08-20'),
    );
    expect(told(twice, '2024-08-10', 'w1/cold-2')?.why).toMatch(
      /What is reached up to 20 August 2024 is refused/,
    );
    expect(told(paused, '2024-08-10', 'first-jump/50000')?.why).toMatch(/^38,000\.00 CNY more by 31 August/);
  });
});

it.each([
  ['2024-08-20', '2024-08-31'],
  ['2024-08-30', '2024-08-31'],
  ['2024-08-31', '2024-09-03'],
  ['2024-09-03', '2024-09-15'],
  ['2024-09-15', '2024-09-30'],
])('36. the month-end run after %s is as of %s', (after, asOf) => {
  expect(nextMonthEnd(TREASURE_HOST, after)).toBe(asOf);
});
