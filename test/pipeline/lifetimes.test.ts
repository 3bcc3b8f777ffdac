/** A summer lived day by day, with facts that come late, ends with the ledger of one backfill of all of it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { datesBetween, lastDay, monthOf } from '../../shared/values/calendar.ts';
import { CNY, merchant, sales, session } from '../support/facts.ts';
import { database, type World } from '../support/world.ts';
import { type Arrival, arrivals } from '../support/worlds.ts';

const db = database();
const SIZE = { shards: 2, buckets: 2 };
const SPAN = { from: '2024-07-20', to: '2024-08-20', late: 10, maxFacts: 12 };
const LAST = '2024-08-31';

const merchants = ['m-1', 'm-10', 'm-2'];
const worlds = fc
  .tuple(...merchants.map((by) => arrivals({ ...SPAN, by })))
  .map((each): Arrival[] => each.flat());

/** Facts on the day they arrive; on some days a run, at the end of months a month end. */
async function live(world: World, facts: readonly Arrival[], runsOn: (date: string) => boolean) {
  for (const date of datesBetween(SPAN.from, LAST)) {
    const told = facts.filter(({ on }) => on === date).map(({ fact }) => fact);
    if (told.length > 0) await world.at(date, '22:00').ingest(told, date);
    if (date >= '2024-07-24' && (runsOn(date) || date === LAST)) await world.daily(date);
    if (date === lastDay(monthOf(date))) await world.monthEnd(monthOf(date));
  }
}

async function fillBack(world: World, facts: readonly Arrival[]) {
  await world.at(LAST, '22:00').ingest(
    facts.map(({ fact }) => fact),
    LAST,
  );
  await world.backfill('2024-06-20', LAST);
}

describe('a summer', () => {
  it('lived day by day comes to what one backfill comes to, whatever days had no run', async () => {
    const summers = fc.sample(fc.tuple(worlds, fc.array(fc.boolean(), { minLength: 43, maxLength: 43 })), {
      seed: 20240724,
      numRuns: 4,
      unbiased: true,
    });
    let rows = 0;
    for (const [facts, coins] of summers) {
      const [lived, filled] = [await db.world(SIZE), await db.world(SIZE)];
      await live(lived, facts, (date) => coins[datesBetween(SPAN.from, date).length - 1] ?? true);
      await fillBack(filled, facts);
      const ledger = await lived.ledger();
      expect(ledger).toEqual(await filled.ledger());
      rows += ledger.length;
      for (const world of [lived, filled]) {
        const { limit, left, reserved } = await world.pool();
        const granted = (await world.entries()).reduce(
          (sum, { pool, amount }) => sum + (pool === 'exposure' ? amount : 0),
          0,
        );
        expect({ left, reserved }).toEqual({ left: limit - granted, reserved: 0 });
      }
    }
    expect(rows).toBeGreaterThan(40);
  }, 60_000);

  it('run again, by hand, adds no entry', async () => {
    const [facts = []] = fc.sample(worlds, { seed: 7, numRuns: 1, unbiased: true });
    const world = await db.world(SIZE);
    await fillBack(world, facts);
    const entries = await world.entries();
    expect(entries.length).toBeGreaterThan(10);
    await world.backfill('2024-06-20', LAST);
    await world.run({ job: 'daily', to: LAST });
    await world.run({ job: 'month-end', to: LAST });
    await world.ingest(
      facts.map(({ fact }) => fact),
      LAST,
    );
    await world.backfill('2024-06-20', LAST);
    expect(await world.entries()).toEqual(entries);
  });

  it('whose month end fails to run is paid by the next one, also whom nothing made due since', async () => {
    const world = await db.world(SIZE);
    await world
      .at('2024-08-10', '22:00')
      .ingest([merchant(), sales('2024-08-10', 20_000 * CNY)], '2024-08-10');
    await world.daily('2024-08-10');
    await world.at('2024-09-10', '22:00').ingest([merchant('m-2')], '2024-09-10');
    await world.daily('2024-09-10');
    await world.monthEnd('2024-09');
    expect(await world.ledger()).toEqual(['m-1 treasure-host first-jump/10000 exposure 10000']);
  });

  it('with days on which no run was made is healed by the next run', async () => {
    const world = await db.world(SIZE);
    for (const day of ['01', '02', '03']) {
      const date = `2024-08-${day}`;
      const by = `m-${day}`;
      await world.at(date, '22:00').ingest([merchant(by), session(date, { by })], date);
    }
    await world.daily('2024-08-05');
    const paid = new Set((await world.entries()).map(({ participantId }) => participantId));
    expect([...paid]).toEqual(['m-01', 'm-02', 'm-03']);
  });

  it('facts of the night of a run are decided by the next, if that one did not see them', async () => {
    const world = await db.world(SIZE);
    await world.daily('2024-08-01');
    await world.at('2024-08-02', '04:45').ingest([merchant(), session('2024-08-01')], '2024-08-02');
    await world.daily('2024-08-02');
    expect(await world.ledger()).toHaveLength(3);
  });
});
