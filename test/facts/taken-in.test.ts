/** Facts on their way in beside others: caps, full items, equal revisions, stalls; and a quarantine that can be worked off. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fact } from '../../shared/facts/schema.ts';
import { ingest } from '../../shared/pipeline/ingest.ts';
import { Judge } from '../../shared/pipeline/judge.ts';
import { dropRow, judgedRows, retryRow, rowsNamed } from '../../shared/pipeline/quarantine.ts';
import { readHistory } from '../../shared/store/histories.ts';
import { attestation, lines, merchant, sales, sanction, session } from '../support/facts.ts';
import { at, stalledBefore } from '../support/stalls.ts';
import { database, type World } from '../support/world.ts';

const db = database();
const ON = '2024-08-10';

const historyOf = (world: World, id = 'm-1') =>
  readHistory(world.table, id, '2024-01-01', { consistent: true });
const open = async (world: World) => (await judgedRows(world.services)).filter(({ closed }) => !closed);

describe('25. a cap', () => {
  it('is part of the write: two writers at once do not reach 201 sessions a day', async () => {
    const world = await db.world();
    const sessions = (start: number, count: number) =>
      Array.from({ length: count }, (_, index) => session('2024-08-01', { id: `s-${start + index}` }));
    await world.ingest(sessions(1_000, 180), ON);
    const services = stalledBefore(world, at('update', ' DAY#2024-08-01'), async () => {
      expect(await world.ingest(sessions(2_000, 20), ON)).toMatchObject({ accepted: 20 });
    });
    const done = await ingest(services, lines(sessions(3_000, 20)), ON);
    expect(done).toMatchObject({ accepted: 0, quarantined: 20 });
    expect((await historyOf(world)).days[0]?.sessions).toHaveLength(200);
    expect((await open(world))[0]?.reason).toMatch(/allowed: at most 200 sessions a participant a day/);
  });

  it.each([
    ['attestations', (id: string) => attestation({ id })],
    ['sanctions', (id: string) => sanction('2024-08-01', '2024-08-01', { id, reason: 'x' })],
  ])('of 1,000 %s a participant keeps whoever came first', async (what, make) => {
    const world = await db.world();
    const facts = Array.from({ length: 1_001 }, (_, index): Fact => make(`f-${10_000 + index}`));
    for (let start = 0; start < facts.length; start += 250)
      await world.ingest(facts.slice(start, start + 250), ON);
    const history = await historyOf(world);
    expect(history[what as 'sanctions']).toHaveLength(1_000);
    expect(await open(world)).toMatchObject([
      { reason: expect.stringContaining(`at most 1000 ${what} a participant`) },
    ]);
  });
});

describe('15. a full item', () => {
  const TEXT = 'x'.repeat(200);
  const longId = (index: number) => String(index).padStart(64, '0');
  /** Of each, a thousand may come; all of these together are more than an item of 400 KB holds. */
  const long = (index: number): Fact[] => [
    attestation({ id: longId(index), verifiedBy: TEXT }),
    sanction('2024-08-01', '2024-08-01', { id: longId(index), reason: TEXT }),
  ];

  it('takes what fits; each of the others is kept aside with the reason, and nothing beside them is lost', async () => {
    const world = await db.world();
    const facts = [
      ...Array.from({ length: 700 }, (_, index) => long(index)).flat(),
      merchant('m-2'),
      sales('2024-08-01', 1, { by: 'm-2' }),
    ];
    const done = await ingest(world.services, lines(facts), ON);
    expect(done.accepted + done.quarantined).toBe(facts.length);
    expect(done.quarantined).toBeGreaterThan(100);
    const { attestations, sanctions } = await historyOf(world);
    expect(attestations.length + sanctions.length).toBe(done.accepted - 2);
    const rows = await open(world);
    expect(rows).toHaveLength(done.quarantined);
    expect(rows[0]?.reason).toBe(
      'item: got m-1 with more than an item holds, 400 KB; allowed: fewer or shorter facts',
    );
    expect((await historyOf(world, 'm-2')).days).toHaveLength(1);
  });

  it('and a participant that the table does not take now stop nobody: all others are written, and it is said', async () => {
    const world = await db.world();
    const services = world.around(async (call, send) => {
      if (at('update', 'P#m-2 DAY#')(call))
        throw Object.assign(new Error('throttled'), { name: 'ThrottlingException' });
      return send();
    });
    const facts = ['m-1', 'm-2', 'm-3'].map((by) => sales('2024-08-01', 1, { by }));
    await expect(ingest(services, lines(facts), ON)).rejects.toThrow('throttled');
    expect((await historyOf(world, 'm-1')).days).toHaveLength(1);
    expect((await historyOf(world, 'm-3')).days).toHaveLength(1);
    expect(await ingest(world.services, lines(facts), ON)).toMatchObject({ accepted: 1, unchanged: 2 });
  });
});

describe('26. an intake that stalls between marker and fact', () => {
  it('for longer than half the grace marks again, so that the fact is decided by the next run', async () => {
    const world = (await db.world({ shards: 1, buckets: 1 })).at(ON, '23:30');
    await world.ingest([merchant()], ON);
    const services = stalledBefore(world, at('update', ' DAY#'), async () => {
      expect(await world.daily(ON)).toMatchObject({ outcome: 'done' });
    });
    await ingest(services, lines([session('2024-08-09')]), ON);
    expect(await world.entries()).toEqual([]);
    expect(await world.daily('2024-08-11')).toMatchObject({ summary: { evaluated: 1, entries: 3 } });
  });

  it('for a moment does not', async () => {
    const world = (await db.world({ shards: 1, buckets: 1 })).at(ON, '12:00');
    const marks: string[] = [];
    const services = world.around(async (call, send) => {
      if (call.verb === 'put-all') marks.push(...call.keys.filter((key) => key.startsWith('DUE#')));
      return send();
    });
    await ingest(services, lines([session('2024-08-09')]), ON);
    expect(marks).toEqual([`DUE#${ON}#0 m-1`]);
  });
});

describe('34. what is refused', () => {
  it('is seen, also when it is all that came that day: in both orders of an equal revision', async () => {
    for (const [first, then] of [
      [100, 200],
      [200, 100],
    ]) {
      const world = await db.world();
      await world.ingest([sales('2024-08-01', first!)], '2024-08-10');
      await world.ingest([sales('2024-08-01', then!)], '2024-08-11');
      const rows = await open(world);
      expect(rows).toMatchObject([
        { conflict: true, reason: expect.stringContaining('revision: got 1 twice') },
      ]);
      const [stands] = (await historyOf(world)).days;
      expect([stands?.sales?.grossFen, JSON.parse(rows[0]!.raw).grossFen].sort()).toEqual([100, 200]);
    }
  });

  it('is the same fact, however its instants and flags are written', async () => {
    const world = await db.world();
    const fact = session('2024-08-01');
    const otherwise = { ...fact, startedAt: '2024-08-01T20:00:00.000900+08:00', withdrawn: false };
    expect(await world.ingest([fact, otherwise], ON)).toMatchObject({
      accepted: 1,
      unchanged: 1,
      quarantined: 0,
    });
  });

  it('or taken in: every line is one of the two, and counted as it is listed', async () => {
    const fact = fc.constantFrom<Fact>(
      merchant(),
      merchant('m-1', { revision: 2 }),
      merchant('m-1', { name: 'other' }),
      sales('2024-08-01', 1),
      sales('2024-08-01', 2),
      sales('2024-08-01', 3, { revision: 2 }),
      session('2024-08-01'),
      session('2024-08-01', { views: 7 }),
      sales('2024-08-20', 1),
    );
    for (const [facts, size] of fc.sample(
      fc.tuple(fc.array(fact, { maxLength: 12 }), fc.integer({ min: 1, max: 4 })),
      { seed: 11, numRuns: 12 },
    )) {
      const world = await db.world();
      let counted = 0;
      let listed = 0;
      for (let start = 0; start < facts.length; start += size) {
        const batch = facts.slice(start, start + size);
        const { quarantined, ...taken } = await world.ingest(batch, ON);
        counted += quarantined;
        listed += Object.values(taken).reduce((sum, one) => sum + one, 0) + quarantined - batch.length;
      }
      const rows = await judgedRows(world.services);
      expect(rows.reduce((sum, { times }) => sum + times, 0)).toBe(counted);
      // Of two in conflict, a newcomer that wins is taken and the one before it is listed: two of one line.
      expect(listed).toBeGreaterThanOrEqual(0);
    }
  });
});

describe('35. the quarantine', () => {
  const bad = { text: JSON.stringify({ ...sales('2024-08-01', 5), orders: -1 }), at: 'sales.ndjson:7' };

  it('says where a row came from, and how often, under an id of its own', async () => {
    const world = await db.world();
    await ingest(world.services, [bad, { ...bad, at: 'copy.ndjson:1' }], ON);
    await ingest(world.services, [bad], '2024-08-11');
    const rows = await open(world);
    expect(rows).toMatchObject([
      { arrivedOn: ON, at: 'sales.ndjson:7', times: 3, reason: expect.stringContaining('orders: got -1') },
    ]);
    expect(rowsNamed(rows, [rows[0]!.id.slice(0, 12)])).toEqual([rows[0]]);
    expect(() => rowsNamed(rows, ['zz'])).toThrow('got "zz", which no row begin with');
  });

  it('closes a row by itself when a good fact of the same key and at least its revision stands', async () => {
    const world = await db.world();
    await ingest(world.services, [bad, 'nonsense'], ON);
    await world.ingest([sales('2024-08-02', 5)], ON);
    expect(await open(world)).toHaveLength(2);
    await world.ingest([sales('2024-08-01', 5)], ON);
    expect(
      (await open(world)).map(({ raw }) => raw),
      'one without a key is closed by hand only',
    ).toEqual(['nonsense']);
  });

  it('closes the loser of a conflict only by a higher revision', async () => {
    const world = await db.world();
    await world.ingest([sales('2024-08-01', 1), sales('2024-08-01', 2)], ON);
    expect(await open(world)).toHaveLength(1);
    await world.ingest([sales('2024-08-01', 3, { revision: 2 })], ON);
    expect(await open(world)).toEqual([]);
  });

  it('tries a row again and says what came of it', async () => {
    const world = (await db.world()).at('2024-08-12');
    const early = { text: JSON.stringify(sales('2024-08-11', 5)), at: 'early.ndjson:1' };
    await ingest(world.services, [early, 'nonsense'], ON);
    const rows = await open(world);
    const outcomes = [];
    for (const row of rows) outcomes.push((await retryRow(world.services, row, 'ops')).outcome);
    expect(outcomes.sort()).toEqual(['accepted', 'refused again']);
    expect((await open(world)).map(({ raw, times }) => [raw, times])).toEqual([['nonsense', 1]]);
    expect((await judgedRows(world.services)).find(({ raw }) => raw === early.text)).toMatchObject({
      state: 'retried',
      by: 'ops',
    });
  });

  it('drops a row for good: the same line again, on any day, does not open it', async () => {
    const world = await db.world();
    await ingest(world.services, ['nonsense'], ON);
    const [row] = await open(world);
    await expect(dropRow(world.services, row!, { by: 'ops', reason: ' \u3000' })).rejects.toThrow(/reason/);
    await dropRow(world.services, row!, { by: 'ops', reason: 'a test of theirs' });
    await ingest(world.services, ['nonsense'], '2024-08-11');
    expect(await open(world)).toEqual([]);
    expect(await judgedRows(world.services)).toMatchObject([
      { state: 'dropped', by: 'ops', why: 'a test of theirs', times: 2 },
    ]);
    await expect(dropRow(world.services, row!, { by: 'other', reason: 'late' })).rejects.toThrow(
      'has been dealt with meanwhile',
    );
  });
});

describe('a dry import', () => {
  it('says what would become of the facts, and writes nothing', async () => {
    const world = await db.world();
    await world.ingest([merchant()], ON);
    const before = await world.scan();
    const given = [...lines([merchant(), sales('2024-08-01', 1)]), 'nonsense'];
    const judge = new Judge(world.table, ON);
    const judged = await judge.judge(given.map((text) => ({ text })));
    expect(judged.counts).toEqual({ accepted: 1, unchanged: 1, superseded: 0, quarantined: 1 });
    // What the first would have written stands for the second.
    const again = await judge.judge(given.map((text) => ({ text })));
    expect(again.counts).toMatchObject({ accepted: 0, unchanged: 2, quarantined: 1 });
    expect(await world.scan()).toEqual(before);
  });
});
