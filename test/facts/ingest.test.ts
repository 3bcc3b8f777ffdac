/** Facts on their way into the table: each fact once, whatever the order, the company and the company it keeps. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Day } from '../../shared/engine/history.ts';
import type { Fact } from '../../shared/facts/schema.ts';
import { ingest } from '../../shared/pipeline/ingest.ts';
import { readDue } from '../../shared/store/due.ts';
import { readHistory } from '../../shared/store/histories.ts';
import { readQuarantine } from '../../shared/store/quarantine.ts';
import { lines, merchant, sales, sanction, session } from '../support/facts.ts';
import { Crash, faulty } from '../support/faults.ts';
import { database, type World } from '../support/world.ts';

const db = database();
const ON = '2024-08-10';

const historyOf = (world: World, id = 'm-1') =>
  readHistory(world.table, id, '2024-01-01', { consistent: true });
const due = (world: World, date = ON) => readDue(world.table, [date], [0, 1, 2, 3]);

/** The order of attributes in an item says nothing. */
const inOrder = (day: Day) => ({ ...day, sessions: day.sessions.toSorted((a, b) => a.startMs - b.startMs) });

const FACTS: Fact[] = [
  merchant(),
  session('2024-08-01'),
  session('2024-08-01', { at: '10:00' }),
  session('2024-08-01', { revision: 2, views: 5 }),
  sales('2024-08-01', 100),
  sales('2024-08-01', 90, { revision: 2 }),
  sales('2024-08-02', 100),
  sanction('2024-08-01', undefined),
  sanction('2024-08-01', '2024-08-03', { revision: 2 }),
];

describe('ingestion', () => {
  it('ends with the same history, whatever the order and the batches', async () => {
    const orders = fc.sample(fc.shuffledSubarray(FACTS, { minLength: FACTS.length }), {
      seed: 3,
      numRuns: 6,
    });
    const histories = [];
    for (const [index, facts] of orders.entries()) {
      const world = await db.world();
      const size = index + 1;
      for (let start = 0; start < facts.length; start += size)
        await world.ingest(facts.slice(start, start + size), ON);
      await world.ingest(facts.slice(0, 3), ON);
      const { days, ...rest } = await historyOf(world);
      histories.push({ ...rest, days: days.map(inOrder) });
    }
    for (const history of histories) expect(history).toEqual(histories[0]);
    expect(histories[0]?.days.map(({ sales: day }) => day?.grossFen)).toEqual([90, 100]);
  });

  it('loses nothing to writers at the same time', async () => {
    const world = await db.world();
    const dates = ['2024-08-01', '2024-08-02', '2024-08-03', '2024-08-04', '2024-08-05', '2024-08-06'];
    const writers = [3, 6, 1, 5, 2, 4].map((revision) => (date: string) => [
      sales(date, revision, { revision }),
      session(date, { id: `s-${revision}` }),
    ]);
    for (const date of dates) await Promise.all(writers.map((write) => world.ingest(write(date), ON)));
    const { days } = await historyOf(world);
    expect(days.map((day) => day.sales?.grossFen)).toEqual(dates.map(() => 6));
    expect(days.map((day) => day.sessions.length)).toEqual(dates.map(() => 6));
  });

  it('counts what became of each fact', async () => {
    const world = await db.world();
    const counts = await world.ingest([sales('2024-08-01', 2, { revision: 2 }), sales('2024-08-02', 1)], ON);
    expect(counts).toEqual({ accepted: 2, unchanged: 0, superseded: 0, quarantined: 0 });
    const again = [sales('2024-08-01', 2, { revision: 2 }), sales('2024-08-01', 1)];
    expect(await world.ingest(again, ON)).toEqual({
      accepted: 0,
      unchanged: 1,
      superseded: 1,
      quarantined: 0,
    });
  });

  it('marks due whom a fact changes, and nobody for what changes nothing', async () => {
    const world = await db.world();
    await world.ingest([sales('2024-08-01', 1)], ON);
    expect(await due(world)).toEqual(['m-1']);
    await world.ingest([sales('2024-08-01', 1)], '2024-08-11');
    expect(await due(world, '2024-08-11')).toEqual([]);
  });

  it('keeps a bad fact aside whole, with its reason, and takes the good ones beside it', async () => {
    const world = await db.world();
    const long = JSON.stringify(merchant('m-2', { name: '红'.repeat(100_000) }));
    const counts = await ingest(world.services, ['nonsense', '', '  ', long, ...lines([merchant()])], ON);
    expect(counts).toEqual({ accepted: 1, unchanged: 0, superseded: 0, quarantined: 2 });
    const kept = await readQuarantine(world.table);
    expect(kept.map(({ raw }) => raw).sort()).toEqual(['nonsense', long].sort());
    expect(kept.find(({ raw }) => raw === long)?.reason).toContain('name: got "红红');
    expect((await historyOf(world)).participant).toMatchObject({ id: 'm-1' });
    expect((await historyOf(world, 'm-2')).participant).toBeUndefined();
  });

  it.each([
    ['one after the other', 1],
    ['in one batch', 2],
  ])(
    'of an equal revision, one stands and the other is kept aside, whichever came first: %s',
    async (_, size) => {
      const versions = [sales('2024-08-01', 1), sales('2024-08-01', 2)];
      const outcomes = [];
      for (const order of [versions, versions.toReversed()]) {
        const world = await db.world();
        for (let start = 0; start < 2; start += size)
          await world.ingest(order.slice(start, start + size), ON);
        const [day] = (await historyOf(world)).days;
        const kept = await readQuarantine(world.table);
        outcomes.push({
          stands: day?.sales?.grossFen,
          kept: kept.map(({ raw, reason }) => [JSON.parse(raw), reason]),
        });
      }
      expect(outcomes[0]).toEqual(outcomes[1]);
      expect(outcomes[0]?.kept).toHaveLength(1);
      expect(outcomes[0]?.kept[0]?.[1]).toContain('revision: got 1 twice with other content');
    },
  );

  it('refuses the 201st session of a day, and still takes new versions of the 200', async () => {
    const world = await db.world();
    const sessions = Array.from({ length: 201 }, (_, index) =>
      session('2024-08-01', { id: `s-${1000 + index}` }),
    );
    expect(await world.ingest(sessions, ON)).toMatchObject({ accepted: 200, quarantined: 1 });
    const more = [session('2024-08-01', { id: 's-1000', revision: 2 }), session('2024-08-02', { id: 's-9' })];
    expect(await world.ingest(more, ON)).toMatchObject({ accepted: 2, quarantined: 0 });
    const [kept] = await readQuarantine(world.table);
    expect(kept?.reason).toBe(
      'id: got broadcast s-1200 on 2024-08-01; allowed: at most 200 sessions a participant a day',
    );
  });

  it('that dies halfway leaves nobody with new facts who is not due', async () => {
    for (let call = 1; call <= 6; call++) {
      const world = await db.world();
      const { client } = faulty(world.table.client, 'dies', call);
      const facts = lines([
        merchant(),
        session('2024-08-01'),
        merchant('m-2'),
        sales('2024-08-01', 1, { by: 'm-2' }),
      ]);
      await ingest(world.through(client), facts, ON).catch((error) => expect(error).toBeInstanceOf(Crash));
      for (const id of ['m-1', 'm-2']) {
        const { participant, days } = await historyOf(world, id);
        if (participant !== undefined || days.length > 0) expect(await due(world)).toContain(id);
      }
      await ingest(world.services, facts, ON);
      expect(await due(world)).toEqual(['m-1', 'm-2']);
    }
  });

  it('whose answer to a write is lost takes the fact once', async () => {
    const world = await db.world();
    const { client } = faulty(world.table.client, 'unheard', 4);
    const facts = lines([sales('2024-08-01', 1)]);
    await expect(ingest(world.through(client), facts, ON)).rejects.toThrow(Crash);
    expect(await ingest(world.services, facts, ON)).toMatchObject({ unchanged: 1, quarantined: 0 });
  });
});
