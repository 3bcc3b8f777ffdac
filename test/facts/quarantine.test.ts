/** The quarantine over days: a line is one row, nothing in it is unseen, and what a person dropped stays so. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ingest } from '../../shared/pipeline/ingest.ts';
import { addIngested, noneIngested } from '../../shared/pipeline/merge-facts.ts';
import { dropRow, judgedRows, retryRow } from '../../shared/pipeline/quarantine.ts';
import { readHistory } from '../../shared/store/histories.ts';
import { merchant, sales, session } from '../support/facts.ts';
import { database, type World } from '../support/world.ts';

const db = database();
const ON = '2024-08-10';
const rowsOf = (world: World) => judgedRows(world.services);
const openOf = async (world: World) => (await rowsOf(world)).filter(({ closed }) => !closed);
const told = (...facts: (object | string)[]) =>
  facts.map((fact) => ({ text: typeof fact === 'string' ? fact : JSON.stringify(fact) }));

describe('34. what is refused is seen', () => {
  it('34. the 201st session is listed when it is its day only arrival', async () => {
    const world = await db.world();
    const sessions = Array.from({ length: 200 }, (_, index) => session('2024-08-01', { id: `s-${index}` }));
    await world.ingest(sessions, '2024-08-10');
    await world.ingest([session('2024-08-01', { id: 'one-more' })], '2024-08-11');
    expect(await openOf(world)).toMatchObject([
      { arrivedOn: '2024-08-11', reason: expect.stringMatching(/200 sessions/) },
    ]);
  });

  it('34. the loser of an equal revision is one row, whichever of the two came first, and retried it loses again', async () => {
    const versions = [sales('2024-08-01', 100), sales('2024-08-01', 200)];
    const ids = [];
    for (const order of [versions, versions.toReversed()]) {
      const world = (await db.world()).at(ON);
      for (const fact of order) await world.ingest([fact], ON);
      const [row] = await openOf(world);
      expect(await retryRow(world.services, row!, 'ops')).toMatchObject({
        outcome: 'refused again',
        reason: expect.stringMatching(/^revision: got 1 twice/),
      });
      ids.push((await openOf(world)).map(({ id, times }) => [id, times]));
    }
    expect(ids[0]).toEqual(ids[1]);
    expect(ids[0]).toHaveLength(1);
  });

  it('34. a line that was refused for its date, retried and taken in, is open again when it loses a conflict', async () => {
    const world = (await db.world()).at('2024-08-12');
    const [one, other] = [sales('2024-08-01', 1), sales('2024-08-01', 2)];
    await world.ingest([one, other], '2024-07-31');
    for (const row of await openOf(world)) await retryRow(world.services, row, 'ops');
    const open = await openOf(world);
    expect(open.some(({ conflict }) => conflict)).toBe(true);
    await world.ingest([one, other], '2024-08-13');
    expect((await openOf(world)).every(({ reason }) => reason.startsWith('revision: got 1 twice'))).toBe(
      true,
    );
    await world.ingest([sales('2024-08-01', 3, { revision: 2 })], '2024-08-13');
    expect(await openOf(world)).toEqual([]);
  });
});

describe('35. a row', () => {
  it('35. that lost a conflict stays its loser, whatever else is said of the line later', async () => {
    const world = await db.world();
    const lines = [sales('2024-08-01', 1), sales('2024-08-01', 2)];
    await world.ingest(lines, ON);
    const [lost] = await openOf(world);
    await ingest(world.services, told(lost!.raw), '2024-07-31');
    expect(await openOf(world)).toMatchObject([
      { id: lost!.id, conflict: true, reason: lost!.reason, times: 2 },
    ]);
  });

  it('35. that a person dropped is opened by no machine: not by its line from another place on another day', async () => {
    const world = await db.world();
    await ingest(world.services, told('no fact'), ON);
    const [row] = await openOf(world);
    await dropRow(world.services, row!, { by: 'ops', reason: 'a test of theirs' });
    await ingest(world.services, [{ text: 'no fact', at: 'again.ndjson:7' }], '2024-08-12');
    expect(await openOf(world)).toEqual([]);
    expect(await rowsOf(world)).toMatchObject([{ arrivedOn: ON, state: 'dropped', by: 'ops', times: 2 }]);
  });

  it('35. whose instant no clock knows does not keep the others from being listed', async () => {
    const world = await db.world();
    const leap = { ...session('2017-01-01'), startedAt: '2016-12-31T23:59:60Z', views: -1 };
    await ingest(world.services, told(leap, 'no fact'), ON);
    expect(await openOf(world)).toHaveLength(2);
  });

  it('28. holds halves of surrogate pairs as the escapes that mean them', async () => {
    const world = await db.world();
    await ingest(world.services, told('{"name":"a\uD83D","type":"participant"}'), ON);
    expect((await openOf(world))[0]?.raw).toBe('{"name":"a\\ud83d","type":"participant"}');
  });
});

describe('34. any lines in any order', () => {
  const sessionTold = fc
    .record({ views: fc.nat({ max: 2 }), revision: fc.nat({ max: 2 }), zone: fc.constantFrom('Z', '.000Z') })
    .map(({ views, revision, zone }) => {
      const one = session('2024-08-01', { views, revision });
      const startedAt = one.startedAt.replace('.000Z', zone);
      return { ...one, startedAt, ...(views === 1 ? { withdrawn: false } : {}) };
    });
  const salesTold = fc
    .record({
      gross: fc.integer({ min: -1, max: 2 }),
      revision: fc.nat({ max: 2 }),
      date: fc.constantFrom('2024-08-01', '2024-08-11'),
    })
    .map(({ gross, revision, date }) => sales(date, gross, { revision }));
  const profileTold = fc
    .record({ name: fc.constantFrom('a', 'b', '\uFFFD'), revision: fc.nat({ max: 2 }) })
    .map(({ name, revision }) => merchant('m-1', { name, revision }));
  const any = fc.oneof<fc.Arbitrary<object | string>[]>(
    sessionTold,
    salesTold,
    profileTold,
    fc.constantFrom('x', '{}', ''),
  );
  const plan = fc.array(any, { minLength: 1, maxLength: 12 }).chain((all) =>
    fc.record({
      all: fc.constant(all),
      order: fc.shuffledSubarray(all, { minLength: all.length }),
      size: fc.integer({ min: 1, max: 5 }),
    }),
  );

  async function take(world: World, facts: readonly (object | string)[], size: number) {
    const counts = noneIngested();
    for (let start = 0; start < facts.length; start += size)
      addIngested(counts, await ingest(world.services, told(...facts.slice(start, start + size)), ON));
    return counts;
  }

  it('34. end in the same facts and the same open rows, equal revisions included; each is taken, known, passed by or listed', async () => {
    await fc.assert(
      fc.asyncProperty(plan, async ({ all, order, size }) => {
        const [world, other] = [await db.world(), await db.world()];
        const counts = await take(world, all, all.length);
        await take(other, order, size);
        await take(other, all, 1);
        const standing = (one: World) => readHistory(one.table, 'm-1', '2024-01-01', { consistent: true });
        expect(await standing(other)).toEqual(await standing(world));
        const ids = async (one: World) => (await openOf(one)).map(({ id }) => id).sort();
        expect(await ids(other)).toEqual(await ids(world));
        const texts = all.filter((one) => one !== '');
        // Of a conflict that the newcomer wins, both are counted.
        const sum = counts.accepted + counts.unchanged + counts.superseded + counts.quarantined;
        expect(sum).toBeGreaterThanOrEqual(texts.length);
        const listed = (await rowsOf(world)).reduce((total, { times }) => total + times, 0);
        expect(listed).toBe(counts.quarantined);
      }),
      { numRuns: 25 },
    );
  });
});
