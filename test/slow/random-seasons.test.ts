/** Random seasons, long. The same each time, so that a change is what breaks them; HONGBAO_SEED tries others. */
import fc from 'fast-check';
import { it } from 'vitest';
import { database } from '../support/world.ts';
import { expectSameEnd, learnAtOnce, live, seasons } from '../time/seasons.ts';

const db = database();
const SIZE = { shards: 2, buckets: 2 };
const SPAN = { from: '2024-07-20', to: '2024-09-05', last: '2024-10-16', late: 20, maxFacts: 25 };
const seed = Number(process.env.HONGBAO_SEED ?? 20240724);

it(`however a season went, it ends as one clean run over all of it (seed ${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(seasons(SPAN), async (season) => {
      const [lived, clean] = [await db.world(SIZE), await db.world(SIZE)];
      await live(lived, season, SPAN);
      await learnAtOnce(clean, season, SPAN);
      await expectSameEnd(lived, clean);
    }),
    { seed, numRuns: 5, interruptAfterTimeLimit: 300_000 },
  );
});
