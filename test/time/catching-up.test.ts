/** Schedules that did not fire, fired twice or fired while the day had not ended; and backfills of any range. */
import { describe, expect, it } from 'vitest';
import { HeldError } from '../../shared/pipeline/run-here.ts';
import { readControl } from '../../shared/store/control.ts';
import { readDue } from '../../shared/store/due.ts';
import { readRuns } from '../../shared/store/runs.ts';
import { datesBetween } from '../../shared/values/calendar.ts';
import { CNY, merchant, sales, session } from '../support/facts.ts';
import { Crash, faulty } from '../support/faults.ts';
import { agencyWith, amounts, arrive, frozenNames, monthEnd } from '../support/programs.ts';
import { database, LEASE_MS, PROGRAM, type World } from '../support/world.ts';
import { CLEAN, recordOf, verified } from './operator.ts';

const db = database();
const SIZE = { shards: 1, buckets: 1 };

const control = (world: World) => readControl(world.table, PROGRAM);

/** A merchant that goes live every day, each session arriving on its evening; runs on some of the days. */
async function season(from: string, to: string, runsOn: (date: string) => boolean): Promise<World> {
  const world = await db.world(SIZE);
  await arrive(world, from, merchant());
  for (const date of datesBetween(from, to)) {
    await arrive(world, date, session(date, { minutes: 120 }), sales(date, 4_000 * CNY));
    if (runsOn(date)) await world.daily(date);
  }
  return world;
}

describe('a schedule that did not fire for five days', () => {
  it('is made good by the next run, which names the days', async () => {
    const fired = (date: string) => date === '2024-08-01' || date === '2024-08-07';
    const missed = await season('2024-08-01', '2024-08-07', fired);
    const run = (await readRuns(missed.table, PROGRAM)).at(-1);
    expect(run).toMatchObject({
      runId: 'treasure-host.daily.2024-08-07',
      since: '2024-08-02',
      to: '2024-08-07',
      watermark: '2024-08-07',
      arrivals: datesBetween('2024-08-02', '2024-08-07'),
    });
    const daily = await season('2024-08-01', '2024-08-07', () => true);
    expect(await missed.ledger()).toEqual(await daily.ledger());
    expect((await missed.ledger()).length).toBeGreaterThan(10);
    expect(await control(missed)).toMatchObject({ watermark: '2024-08-07', closedAsOf: '2024-08-07' });
    expect(await verified(missed)).toMatchObject(CLEAN);
  });

  it('a run the day after one covers that day only', async () => {
    const world = await season('2024-08-01', '2024-08-02', () => true);
    expect((await readRuns(world.table, PROGRAM)).at(-1)).toMatchObject({
      since: '2024-08-02',
      to: '2024-08-02',
    });
  });

  it('the first run of all covers everything there is, and says no date', async () => {
    const world = await season('2024-08-01', '2024-08-03', (date) => date === '2024-08-03');
    const [run] = await readRuns(world.table, PROGRAM);
    expect(run).not.toHaveProperty('since');
    expect(run).toMatchObject({ arrivals: datesBetween('2024-08-01', '2024-08-03') });
  });

  it('on a month end: the next one decides both months, and says how far it has decided', async () => {
    const facts = (month: string) =>
      agencyWith('a-1', { on: `${month}-10`, fen: 900_000 * CNY, feesFen: 10_000 * CNY });
    const lived = async (fires: boolean) => {
      const world = await db.world(SIZE);
      await arrive(world, '2024-08-31', ...facts('2024-08'));
      if (fires) {
        await monthEnd(world, '2024-08');
        expect(await control(world)).toMatchObject({ decidedThrough: '2024-08' });
        await monthEnd(world, '2024-08', 15);
      } else expect(await control(world)).not.toHaveProperty('decidedThrough');
      await arrive(world, '2024-09-30', ...facts('2024-09').filter(({ type }) => type !== 'participant'));
      await monthEnd(world, '2024-09', 15);
      expect(await control(world)).toMatchObject({ decidedThrough: '2024-09' });
      return world;
    };
    const [missed, fired] = [await lived(false), await lived(true)];
    expect(await amounts(missed, 'agency-')).toEqual(await amounts(fired, 'agency-'));
    expect(await amounts(missed, 'agency-pool')).toMatchObject({ 'a-1 agency-pool/2024-08': 100_000_000 });
    expect(await amounts(missed, 'fee-cashback')).toEqual(await amounts(fired, 'fee-cashback'));
    expect(await frozenNames(missed)).toEqual(await frozenNames(fired));
    expect(await verified(missed)).toMatchObject(CLEAN);
  });

  it('an older month end by hand does not take back how far it has decided', async () => {
    const world = await season('2024-08-01', '2024-08-02', () => true);
    await monthEnd(world, '2024-09');
    await world.run({ job: 'month-end', from: '2024-08-01', to: '2024-08-31' });
    expect(await control(world)).toMatchObject({ decidedThrough: '2024-09' });
  });
});

describe('the watermark never passes a day that could still fill', () => {
  it.each([
    ['at 23:59 of the day itself', '2024-08-02', '23:59', '2024-08-01'],
    ['at 00:30 of the next day, in its last hour of grace', '2024-08-03', '00:30', '2024-08-01'],
    ['at 00:59 still', '2024-08-03', '00:59', '2024-08-01'],
    ['at 01:01 it has ended', '2024-08-03', '01:01', '2024-08-02'],
  ])('%s', async (_, date, time, watermark) => {
    const world = await db.world(SIZE);
    await arrive(world, '2024-08-01', merchant(), session('2024-08-01'));
    await world.daily('2024-08-01');
    await arrive(world, '2024-08-02', session('2024-08-02'));
    await world.at(date, time).run({ job: 'daily', to: '2024-08-02' });
    expect(await control(world)).toMatchObject({ watermark, closedAsOf: '2024-08-02' });
    // What comes after the run, on a day that it had read, is looked at by the next one.
    await world.ingest([merchant('m-2'), session('2024-08-02', { by: 'm-2' })], '2024-08-02');
    if (watermark === '2024-08-02') return;
    await world.daily('2024-08-03');
    expect(await world.ledger()).toContain('m-2 treasure-host w1/cold-1 exposure 20000');
    expect(await verified(world)).toMatchObject(CLEAN);
  });

  it('a run that looks ahead reads the open day, and leaves it to the next', async () => {
    const world = (await db.world(SIZE)).at('2024-08-02', '10:00');
    await world.ingest([merchant(), session('2024-08-02', { at: '08:00' })], '2024-08-02');
    expect(await world.run({ job: 'daily', to: '2024-08-01' })).toMatchObject({ summary: { evaluated: 1 } });
    expect(await control(world)).toMatchObject({ watermark: '2024-08-01' });
    expect(await world.daily('2024-08-02')).toMatchObject({ summary: { evaluated: 1, entries: 3 } });
  });

  it('nor goes back when an older day is run again', async () => {
    const world = await season('2024-08-01', '2024-08-03', () => true);
    await world.run({ job: 'daily', to: '2024-08-01', asOf: '2024-08-03' });
    expect(await control(world)).toMatchObject({ watermark: '2024-08-03', closedAsOf: '2024-08-03' });
  });
});

describe('a schedule that fires twice', () => {
  it.each(['daily', 'month-end'] as const)(
    '%s: the second is a duplicate, and says of which run',
    async (job) => {
      const world = await season('2024-08-01', '2024-08-02', () => false);
      const [date, id] = job === 'daily' ? ['2024-08-03', '2024-08-02'] : ['2024-09-01', '2024-08-31'];
      world.at(date, '05:00');
      const fire = () => world.run({ job, scheduledAt: `${date}T05:00:00+08:00` });
      expect(await fire()).toMatchObject({ outcome: 'done', run: { runId: `${PROGRAM}.${job}.${id}` } });
      const entries = await world.entries();
      expect(await fire()).toEqual({ outcome: 'duplicate', runId: `${PROGRAM}.${job}.${id}` });
      expect(await world.entries()).toEqual(entries);
      expect(await readRuns(world.table, PROGRAM)).toHaveLength(1);
    },
  );

  it('at once: one run, and the other is a duplicate of it', async () => {
    const world = await season('2024-08-01', '2024-08-02', () => false);
    const both = await Promise.all([1, 2, 3].map(() => world.daily('2024-08-02')));
    expect(both.map(({ outcome }) => outcome).sort()).toEqual(['done', 'duplicate', 'duplicate']);
    for (const one of both) {
      if (one.outcome === 'duplicate') expect(one.runId).toBe(`${PROGRAM}.daily.2024-08-02`);
    }
    expect(await readRuns(world.table, PROGRAM)).toHaveLength(1);
    expect(await verified(world)).toMatchObject(CLEAN);
  });
});

describe('a backfill', () => {
  it('of all days is one pass, and comes to what a run a day would have', async () => {
    const [filled, lived] = [
      await season('2024-08-01', '2024-08-10', () => false),
      await season('2024-08-01', '2024-08-10', () => true),
    ];
    const done = await filled.at('2024-08-10', '23:00').backfill('2024-08-01', '2024-08-10');
    expect(done).toMatchObject({ run: { full: true }, summary: { evaluated: 1 } });
    expect(await filled.ledger()).toEqual(await lived.ledger());
    expect(await readRuns(filled.table, PROGRAM)).toHaveLength(1);
    expect(await verified(filled)).toMatchObject(CLEAN);
  });

  it('of named participants looks at nobody else, and leaves the watermark where it is', async () => {
    const world = (await db.world(SIZE)).at('2024-08-02');
    for (const by of ['m-1', 'm-2']) {
      await world.ingest([merchant(by), session('2024-08-01', { by })], '2024-08-02');
    }
    const named = { participants: ['m-2', 'nobody'] };
    const done = await world.backfill('2024-08-01', '2024-08-02', named);
    expect(done).toMatchObject({ run: { full: false, participants: named.participants } });
    expect(new Set((await world.entries()).map(({ participantId }) => participantId))).toEqual(
      new Set(['m-2']),
    );
    expect(await control(world)).not.toHaveProperty('watermark');
    expect(await world.daily('2024-08-02')).toMatchObject({ summary: { entries: 3 } });
  });

  it('widens the horizon when its range asks for it', async () => {
    const world = (await db.world(SIZE)).at('2025-06-30');
    const horizonOf = async (from: string, to = '2025-06-30') => {
      const done = await world.backfill(from, to, { dryRun: true });
      return done.outcome === 'done' ? done.run.horizon : '';
    };
    expect(await horizonOf('2025-06-01')).toBe('2025-03-02');
    expect(await horizonOf('2024-12-01')).toBe('2024-10-31');
    expect(await horizonOf('2024-01-01')).toBe('2023-12-01');
    // Its first month needs the whole month before it.
    expect(await horizonOf('2025-01-15')).toBe('2024-12-01');
  });

  it('is refused with the holder’s id while a writer is alive, and finishes it when it is dead', async () => {
    const world = await season('2024-08-01', '2024-08-02', () => false);
    world.at('2024-08-03', '04:30');
    const { client } = faulty(world.table.client, 'dies', 20);
    await expect(world.daily('2024-08-02', world.through(client))).rejects.toThrow(Crash);
    const refused = world.backfill('2024-08-01', '2024-08-02');
    await expect(refused).rejects.toThrow(HeldError);
    await expect(refused).rejects.toMatchObject({ holder: `${PROGRAM}.daily.2024-08-02` });
    world.wait(LEASE_MS);
    const done = await world.backfill('2024-08-01', '2024-08-02');
    expect(await recordOf(world, done)).toMatchObject({ state: 'closed' });
    expect(await verified(world)).toMatchObject(CLEAN);
  });

  it('leaves nothing undone for the daily run: it is not asked to look again', async () => {
    const world = await season('2024-08-01', '2024-08-05', () => false);
    await world.at('2024-08-06', '02:00').backfill('2024-08-01', '2024-08-05');
    expect(await control(world)).toMatchObject({ watermark: '2024-08-05' });
    expect(await readDue(world.table, ['2024-08-06'], [0])).toEqual([]);
    expect(await world.daily('2024-08-06')).toMatchObject({ summary: { evaluated: 0, entries: 0 } });
  });
});
