/** Random seasons, short: a longer variant is among the slow tests. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { database } from '../support/world.ts';
import { expectSameEnd, learnAtOnce, live, seasons } from './seasons.ts';

const db = database();
const SIZE = { shards: 2, buckets: 2 };
/** Around a month end. */
const SPAN = { from: '2024-07-26', to: '2024-08-04', last: '2024-09-16', late: 8, maxFacts: 14 };

it('however a season went, it ends as one clean run over all of it', async () => {
  let [failures, lowered, rows] = [0, 0, 0];
  await fc.assert(
    fc.asyncProperty(seasons(SPAN), async (season) => {
      const [lived, clean] = [await db.world(SIZE), await db.world(SIZE)];
      failures += await live(lived, season, SPAN);
      await learnAtOnce(clean, season, SPAN);
      await expectSameEnd(lived, clean);
      lowered += (await lived.entries()).filter(({ amount }) => amount < 0).length;
      rows += (await clean.ledger()).length;
    }),
    { seed: 20240724, numRuns: 5, unbiased: true },
  );
  expect(failures).toBeGreaterThan(5);
  expect(lowered).toBeGreaterThan(5);
  expect(rows).toBeGreaterThan(30);
}, 120_000);
