/**
 * Two programs over one random season: lived day by day, with month ends as the schedules have them and facts in
 * random order, it comes to what one backfill of everything comes to.
 *
 * A frozen decision stands whatever comes later. So that it can be compared, facts come late, but never later than
 * the first decision that they can change.
 */
import { describe, expect, it } from 'vitest';
import { identityOf } from '../../shared/facts/identity.ts';
import type { Fact } from '../../shared/facts/schema.ts';
import { CATALOGUE } from '../../shared/policy/catalogue.ts';
import { readFrozen } from '../../shared/store/decisions.ts';
import { type Random, seeded } from '../../shared/synthetic/random.ts';
import { generateWorld } from '../../shared/synthetic/world.ts';
import {
  addDays,
  datesBetween,
  dayNumber,
  earlier,
  lastDay,
  later,
  monthOf,
} from '../../shared/values/calendar.ts';
import { CNY, merchant, sales, sanction, session } from '../support/facts.ts';
import { agency, arrive, creator, faultsOf, member, monthEnd } from '../support/programs.ts';
import { database, PROGRAM, type World } from '../support/world.ts';

const db = database();
const SIZE = { shards: 2, buckets: 2 };
const FROM = '2024-06-10';
const LAST = '2024-09-16';
/** So many days after a month ends, month-end runs look at it. */
const LAGS = [0, 3, 15];
/** Facts come every third day, so none comes more than three days late: a month's are there when it is frozen. */
const ARRIVES_EVERY = 3;

/** Agencies with members enough, creators over the floor: what random worlds of a few have none of. */
function handMade(random: Random): Fact[] {
  const facts: Fact[] = [];
  for (const id of ['h-1', 'h-2']) {
    // Its own fees, which its members' sales give back to it.
    facts.push(agency(id), sales('2024-08-15', 0, { by: id, feesFen: random.int(1, 9_999) }));
    for (let number = 1; number <= 5 + random.int(0, 1); number++) {
      const by = `${id}.m-${number}`;
      const half = random.percent(30) ? { from: '2024-08-12' } : {};
      facts.push(member(by, random.percent(15) ? 'h-1' : id, half));
      for (const month of ['07', '08']) {
        for (let count = random.int(1, 3); count > 0; count--) {
          const date = `2024-${month}-${random.int(10, 31)}`;
          facts.push(session(date, { by, at: `1${count}:00` }));
          const grossFen = random.int(100, 40_000) * CNY;
          facts.push(sales(date, grossFen, { by, feesFen: Math.floor(grossFen / 21) }));
        }
      }
    }
  }
  for (const by of ['e-1', 'e-2']) {
    facts.push(merchant(by, { platform: 'channels', entityId: 'e-0' }));
    for (const date of datesBetween('2024-06-12', '2024-06-17')) {
      facts.push(session(date, { by }), sales(date, random.int(500, 40_000) * CNY, { by }));
    }
  }
  for (const id of ['k-1', 'k-2', 'k-3']) {
    facts.push(creator(id), sales('2024-08-20', random.int(90, 150) * 10_000 * CNY, { by: id }));
    facts.push(session('2024-08-20', { by: id, views: random.int(1, 9) }));
  }
  if (random.percent(50)) facts.push(sanction('2024-08-05', '2024-08-06', { by: 'k-2' }));
  if (random.percent(50)) facts.push(sanction('2024-08-30', undefined, { by: 'h-2' }));
  return facts;
}

/** Every version of every fact with the day on which it comes: in any order, and a little late. */
function season(seed: number): Map<string, Fact[]> {
  const random = seeded(seed);
  const synthetic = generateWorld({ seed, merchants: 4, from: FROM, to: '2024-08-31' });
  const told = [...synthetic.map(({ fact }) => fact), ...handMade(random)];
  const days = new Map<string, Fact[]>(datesBetween(FROM, LAST).map((date) => [date, []]));
  for (const fact of told) {
    const { day } = identityOf(fact);
    // What is about no day is known at the start, for it bears on every decision.
    const on = day === undefined ? FROM : arrivalOf(addDays(later(day, FROM), random.int(0, 1)));
    const facts = days.get(on)!;
    facts.splice(random.int(0, facts.length), 0, fact);
  }
  return days;
}

function arrivalOf(date: string): string {
  const since = dayNumber(date) - dayNumber(FROM);
  return earlier(addDays(FROM, Math.ceil(since / ARRIVES_EVERY) * ARRIVES_EVERY), LAST);
}

async function live(world: World, days: Map<string, Fact[]>, random: Random) {
  for (const [date, facts] of days) {
    if (facts.length > 0) await arrive(world, date, ...facts);
    for (const { program } of CATALOGUE) {
      // A schedule that is missed now and then is made good by the next one.
      if (random.percent(6)) {
        world.at(addDays(date, 1), '04:30');
        await world.run({ program, job: 'daily', scheduledAt: `${addDays(date, 1)}T04:30:00+08:00` });
      }
      for (const lag of LAGS) {
        // An event has no lags, and the other program no June.
        if (program === PROGRAM ? date < '2024-07-31' : lag > 0) continue;
        const end = addDays(date, -lag);
        if (end === lastDay(monthOf(end)) && end >= FROM) await monthEnd(world, monthOf(end), lag, program);
      }
    }
  }
}

async function fillBack(world: World, days: Map<string, Fact[]>, random: Random) {
  const all = [...days.values()].flat();
  const shuffled = all.map((fact) => ({ fact, at: random.int(0, 1_000_000) })).sort((a, b) => a.at - b.at);
  await arrive(world, LAST, ...shuffled.map(({ fact }) => fact));
  for (const { program } of CATALOGUE) {
    world.at(addDays(LAST, 1), '05:00');
    await world.run({ program, job: 'backfill', from: FROM, to: LAST });
  }
}

describe('a season of two programs', () => {
  it.each([1, 2])(
    'lived day by day comes to what one backfill of it comes to, season %i',
    async (seed) => {
      const days = season(seed);
      const [lived, filled] = [await db.world(SIZE), await db.world(SIZE)];
      await live(lived, days, seeded(seed));
      await fillBack(filled, days, seeded(seed + 100));
      const ledger = await lived.ledger();
      expect(ledger).toEqual(await filled.ledger());
      for (const { program } of CATALOGUE) {
        expect(await readFrozen(lived.table, program)).toEqual(await readFrozen(filled.table, program));
        for (const world of [lived, filled]) expect(await faultsOf(world, program)).toEqual([]);
      }
      for (const incentive of [
        'agency-pool',
        'top-creator',
        'agency-growth',
        'fee-cashback',
        'growth-card',
        'fee-rate',
      ]) {
        expect(
          ledger.some((row) => row.includes(` ${incentive}`)),
          incentive,
        ).toBe(true);
      }
    },
    120_000,
  );
});
