/** What holds of the engine whatever happens: random merchants, random lateness, random runs. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addDays, datesBetween } from '../../shared/values/calendar.ts';
import { Desk } from '../support/engine.ts';
import { type Arrival, arrivals } from '../support/worlds.ts';

const RUNS = 150;
/** All of it lies within 120 days before the last run, and a month ends after the last fact. */
const SUMMER = { from: '2024-06-25', to: '2024-08-31', late: 20 };
const LAST_RUN = '2024-09-30';

const deskOf = (facts: readonly Arrival[]) => new Desk().learn(...facts.map(({ fact }) => fact));

/** Learns what arrives day by day, and runs on some of the days. */
function dayByDay(facts: readonly Arrival[], runsOn: (date: string) => boolean, to = LAST_RUN): Desk {
  const desk = new Desk();
  for (const date of datesBetween('2024-06-25', to)) {
    desk.learn(...facts.filter(({ on }) => on === date).map(({ fact }) => fact));
    if (runsOn(date)) desk.run(date);
  }
  return desk;
}

describe('the engine', () => {
  it('is idempotent: planning again right after writing gives an empty plan', () => {
    fc.assert(
      fc.property(
        arrivals(SUMMER),
        fc.constantFrom('2024-07-31', '2024-08-15', '2024-08-31'),
        (facts, asOf) => {
          const desk = deskOf(facts);
          desk.run(asOf);
          expect(desk.plan(asOf)).toEqual([]);
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('is confluent: late facts and any daily runs end with the sums of one clean run', () => {
    fc.assert(
      fc.property(arrivals(SUMMER), fc.infiniteStream(fc.boolean()), (facts, coins) => {
        const clean = deskOf(facts);
        clean.run(LAST_RUN);
        const lived = dayByDay(facts, () => coins.next().value);
        lived.run(LAST_RUN);
        expect(lived.sums).toEqual(clean.sums);
      }),
      { numRuns: RUNS },
    );
  });

  it('does not mind the order of facts', () => {
    const shuffled = arrivals(SUMMER).chain((facts) =>
      fc.tuple(fc.constant(facts), fc.shuffledSubarray(facts, { minLength: facts.length })),
    );
    fc.assert(
      fc.property(shuffled, ([facts, other]) => {
        expect(deskOf(other).plan(LAST_RUN)).toEqual(deskOf(facts).plan(LAST_RUN));
      }),
      { numRuns: RUNS },
    );
  });

  it('forgets nothing as the horizon moves: half a year of daily runs comes to what all facts come to', () => {
    const year = { from: '2024-06-25', to: '2025-01-31', late: 20, maxFacts: 60 };
    fc.assert(
      fc.property(arrivals(year), (facts) => {
        const lived = dayByDay(facts, () => true, '2025-03-31');
        const clean = deskOf(facts);
        clean.run('2025-03-31', '2024-01-01');
        expect(lived.sums).toEqual(clean.sums);
      }),
      { numRuns: 40 },
    );
  });

  it('never passes a cap, writes integers only, and never holds less than nothing', () => {
    fc.assert(
      fc.property(arrivals(SUMMER), fc.infiniteStream(fc.boolean()), (facts, coins) => {
        const desk = dayByDay(facts, () => coins.next().value);
        const total = (prefix: string) =>
          desk.entries.reduce(
            (sum, { occasion, amount }) => sum + (occasion.startsWith(prefix) ? amount : 0),
            0,
          );
        expect(total('w1/cold')).toBeLessThanOrEqual(60_000);
        expect(total('w1/growth')).toBeLessThanOrEqual(200_000);
        expect(total('first-jump/')).toBeLessThanOrEqual(300_000);
        expect(total('opening-sprint/')).toBeLessThanOrEqual(35_000);
        for (const { amount } of desk.entries) expect(Number.isSafeInteger(amount)).toBe(true);
        for (const sum of Object.values(desk.sums)) expect(Number.parseInt(sum, 10)).toBeGreaterThan(0);
      }),
      { numRuns: RUNS },
    );
  });

  it('numbers the entries of an occasion from 1 without a gap', () => {
    fc.assert(
      fc.property(arrivals(SUMMER), (facts) => {
        const desk = dayByDay(facts, () => true);
        const byOccasion = Map.groupBy(desk.entries, ({ occasion }) => occasion);
        for (const entries of byOccasion.values()) {
          expect(entries.map(({ n }) => n)).toEqual(entries.map((_, index) => index + 1));
        }
      }),
      { numRuns: 50 },
    );
  });

  it('decides nothing before its day: no entry is earned after the as-of of its run', () => {
    fc.assert(
      fc.property(arrivals(SUMMER), (facts) => {
        const desk = deskOf(facts);
        for (const asOf of datesBetween('2024-08-25', addDays('2024-08-25', 10))) {
          for (const { earnedOn } of desk.run(asOf)) expect(earnedOn <= asOf).toBe(true);
        }
      }),
      { numRuns: 50 },
    );
  });
});
