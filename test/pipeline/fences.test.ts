/**
 * A process that stalls at one very call, and wakes after others have finished: whatever it then does changes
 * nothing of theirs (laws 7, 8, 9).
 */
import { describe, expect, it } from 'vitest';
import { allocate } from '../../shared/pipeline/allocate.ts';
import { openRun } from '../../shared/pipeline/open-run.ts';
import { resumeRun, runHere } from '../../shared/pipeline/run-here.ts';
import { parseRunInput } from '../../shared/pipeline/run-input.ts';
import { CATALOGUE } from '../../shared/policy/catalogue.ts';
import { setLimit } from '../../shared/store/budget.ts';
import { readControl } from '../../shared/store/control.ts';
import { readRun, readRuns } from '../../shared/store/runs.ts';
import { CNY, merchant, sales, session } from '../support/facts.ts';
import { faultsOf } from '../support/programs.ts';
import { at, diesAfter, nth, stalledAfter, stalledBefore } from '../support/stalls.ts';
import { database, grantedFrom, LEASE_MS, PROGRAM, type World } from '../support/world.ts';

const db = database();
const DAILY = { job: 'daily', to: '2024-08-02' };
const SIZE = { shards: 1, buckets: 1 };

/** A merchant that is owed 60,000 exposures: a session, and sales of 5,000 CNY; and a pool of so many. */
async function someone(limit = 100_000_000_000): Promise<World> {
  const catalogue = CATALOGUE.map((program) => ({
    ...program,
    pools: { ...program.pools, exposure: { unit: 'exposure' as const, limit } },
  }));
  const world = (await db.world({ ...SIZE, catalogue })).at('2024-08-02');
  await world.ingest(host('m-1'), '2024-08-02');
  return world;
}

const host = (by: string) => [
  merchant(by),
  session('2024-08-01', { by }),
  sales('2024-08-01', 5_000 * CNY, { by }),
];
const OWED = 80_000;

/** What holds once all have finished: pools say what entries do, nothing is reserved, nothing is wrong. */
async function expectSound(world: World): Promise<void> {
  const { limit, left, reserved } = await world.pool();
  const granted = grantedFrom(await world.entries());
  expect({ left, reserved }).toEqual({ left: limit - granted, reserved: 0 });
  expect(granted).toBeLessThanOrEqual(limit);
  expect(await faultsOf(world)).toEqual([]);
}

const states = async (world: World) =>
  (await readRuns(world.table, PROGRAM)).map(({ runId, state }) => `${runId} ${state}`);

describe('16. an opening that wakes late', () => {
  it('releases nothing of a successor: what is granted stays within the limit', async () => {
    const world = await someone(OWED);
    const budget = nth(1, at('update', ' BUDGET'));
    let slow: Promise<unknown> = Promise.resolve();
    // The successor has reserved, and has not written an entry yet, when the first one wakes at its opening.
    let wake: () => void = () => {};
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const stalled = stalledBefore(world, budget, () => woken);
    slow = world.run(DAILY, { runId: 'slow', services: stalled }).catch((error) => error);
    await expect
      .poll(async () => (await readControl(world.table, PROGRAM)).writer, { timeout: 300_000 })
      .toBe('slow');
    await world.ingest(host('m-2'), '2024-08-02');
    world.wait(LEASE_MS);
    const services = stalledBefore(world, at('put-if-absent', ' GRANT#'), async () => {
      wake();
      await slow;
    });
    await world.run(DAILY, { runId: 'fast', services });
    expect(String(await slow)).toMatch(/held by run fast|overtaken/);
    expect(grantedFrom(await world.entries())).toBe(OWED);
    await expectSound(world);
  });
});

describe('17. a reservation that comes late', () => {
  it.each(['before', 'after'])(
    'strands nothing when it stalls %s another run has planned, applied and closed',
    async (when) => {
      const world = await someone();
      const stall = when === 'before' ? stalledBefore : stalledAfter;
      const second = nth(2, at('update', ' BUDGET'));
      const services = stall(world, second, async () => {
        world.wait(LEASE_MS);
        await world.run(DAILY, { runId: 'fast' });
      });
      await expect(world.run(DAILY, { runId: 'slow', services })).rejects.toThrow(/overtaken/);
      expect(await states(world)).toEqual(['slow abandoned', 'fast closed']);
      await expectSound(world);
    },
  );
});

describe('18. a settlement that comes late', () => {
  it('changes nothing, and is known to be done', async () => {
    const world = await someone();
    const settle = nth(3, at('update', ' BUDGET'));
    const services = stalledBefore(world, settle, async () => {
      world.wait(LEASE_MS);
      await world.ingest(host('m-2'), '2024-08-02');
      await world.run(DAILY, { runId: 'fast' });
    });
    expect(await world.run(DAILY, { runId: 'slow', services })).toMatchObject({ outcome: 'done' });
    expect(grantedFrom(await world.entries())).toBe(2 * OWED);
    await expectSound(world);
  });
});

describe('19. a record that is written late', () => {
  it.each([
    ['put', at('put-if-absent', ' ID#slow')],
    ['moved to applying', nth(1, at('update', ' ID#slow'))],
    ['given its summary', nth(2, at('update', ' ID#slow'))],
    ['closed', nth(3, at('update', ' ID#slow'))],
  ])('changes no end: when it is %s after others have finished', async (_, call) => {
    const world = await someone();
    const services = stalledBefore(world, call, async () => {
      world.wait(LEASE_MS);
      await world.run(DAILY, { runId: 'fast' });
    });
    await world.run(DAILY, { runId: 'slow', services }).catch(() => {});
    const ended = await states(world);
    expect(ended).toHaveLength(2);
    for (const run of ended) expect(run).toMatch(/ (closed|abandoned)$/);
    expect(await readRun(world.table, PROGRAM, 'fast')).toMatchObject({ state: 'closed' });
    await expectSound(world);
  });

  it('of a schedule that fires again after it was closed by its successor makes it no second run', async () => {
    const world = await someone();
    const services = stalledAfter(world, at('update', ' CONTROL'), async () => {
      world.wait(LEASE_MS);
      await world.run({ job: 'daily', scheduledAt: '2024-08-03T04:30:00+08:00' });
    });
    await world.daily('2024-08-02', services).catch(() => {});
    expect(await world.daily('2024-08-02')).toMatchObject({ outcome: 'duplicate' });
    expect(await states(world)).toEqual([
      'treasure-host.daily.2024-08-02 abandoned',
      'treasure-host.daily.2024-08-02#2 closed',
    ]);
    await expectSound(world);
  });

  it.each([
    ['in planning', nth(1, at('update', ' CONTROL'))],
    ['in applying', nth(2, at('update', ' CONTROL'))],
    ['after it was closed', nth(3, at('update', ' CONTROL'))],
  ])(
    'is made good by whoever opens next, when a run dies %s right after the control item moved',
    async (_, call) => {
      const world = await someone();
      await expect(world.run(DAILY, { runId: 'dead', services: diesAfter(world, call) })).rejects.toThrow();
      await world.wait(LEASE_MS).run(DAILY, { runId: 'next' });
      for (const run of await states(world)) expect(run).toMatch(/^(dead (abandoned|closed)|next closed)$/);
      expect(await readRun(world.table, PROGRAM, 'dead')).toBeDefined();
      await expectSound(world);
    },
  );
});

describe('what a successor has to know', () => {
  it('of the runs that were displaced one after the other is kept until it is on record', async () => {
    const world = await someone();
    await expect(
      world.run(DAILY, { runId: 'first', services: diesAfter(world, at('put-if-absent', ' ID#first')) }),
    ).rejects.toThrow();
    for (const runId of ['second', 'third']) {
      world.wait(LEASE_MS);
      const services = diesAfter(world, at('update', ' CONTROL'));
      await expect(world.run(DAILY, { runId, services })).rejects.toThrow();
    }
    await world.wait(LEASE_MS).run(DAILY, { runId: 'last' });
    expect((await states(world)).sort()).toEqual([
      'first abandoned',
      'last closed',
      'second abandoned',
      'third abandoned',
    ]);
    await expectSound(world);
  });

  it('of a shard that failed is on record before the move to applying: the watermark stays', async () => {
    const world = await someone();
    await world.daily('2024-08-01');
    await world.at('2024-08-03').ingest([session('2024-08-02', { at: '21:00' })], '2024-08-03');
    const input = parseRunInput({ program: PROGRAM, requestedBy: 'test', job: 'daily', to: '2024-08-02' });
    const opening = await openRun(world.services, input, 'dead');
    if (opening.next !== 'evaluate') throw new Error('it does not open');
    // The shard of everyone who is due fails as a whole; and the run dies as soon as it has moved on.
    const failed = { shard: 0, error: 'Lambda.Unknown: gone' };
    const dying = diesAfter(world, at('update', ' CONTROL'));
    await expect(allocate(dying, opening.run, [failed])).rejects.toThrow();
    world.wait(LEASE_MS);
    const before = await readControl(world.table, PROGRAM);
    expect(before.state).toBe('applying');
    await resumeRun(world.services, PROGRAM, 'dead', 'by-hand');
    const after = await readControl(world.table, PROGRAM);
    expect(after).toMatchObject({ state: 'idle', watermark: before.watermark });
    expect(await world.run({ job: 'daily', to: '2024-08-02' })).toMatchObject({
      summary: { evaluated: 1, entries: 1 },
    });
    await expectSound(world);
  });
});

describe('20. a run that saw the program before another closed', () => {
  it('does not take the as-of back: it opens again by what is now, and is refused', async () => {
    const world = await someone();
    await world.run(DAILY, { runId: 'first' });
    const services = stalledBefore(world, at('update', ' CONTROL'), async () => {
      await world.at('2024-08-12').run({ job: 'daily', to: '2024-08-12' }, { runId: 'fast' });
    });
    await expect(world.run({ job: 'daily', to: '2024-08-02' }, { runId: 'slow', services })).rejects.toThrow(
      'asOf: got 2024-08-02; allowed: at least 2024-08-12',
    );
    expect((await readControl(world.table, PROGRAM)).closedAsOf).toBe('2024-08-12');
    await expectSound(world);
  });
});

describe('23. a run id by hand that was used before', () => {
  it('is refused, and the older record stays as it was', async () => {
    const world = await someone();
    await world.run(DAILY, { runId: 'mine' });
    const before = await readRun(world.table, PROGRAM, 'mine');
    await expect(world.run(DAILY, { runId: 'mine' })).rejects.toThrow(
      'run: got "mine"; allowed: an id that no run of treasure-host has had',
    );
    expect(await readRun(world.table, PROGRAM, 'mine')).toEqual(before);
  });
});

describe('24. an answer that was lost', () => {
  const scheduled = { job: 'daily', scheduledAt: '2024-08-03T04:30:00+08:00' };
  const again = (world: World, opener: string, services = world.services) =>
    runHere(services, parseRunInput({ program: PROGRAM, requestedBy: 'test', ...scheduled }), opener);

  it('to taking the program is given again to whoever took it', async () => {
    const world = (await someone()).at('2024-08-03');
    const services = diesAfter(world, at('update', ' CONTROL'));
    await expect(again(world, 'execution', services)).rejects.toThrow('the process died');
    expect(await again(world, 'execution')).toMatchObject({ outcome: 'done', summary: { entries: 5 } });
    await expectSound(world);
  });

  it('to a takeover is given again to whoever took over, and holds the program for nobody else', async () => {
    const world = (await someone()).at('2024-08-03');
    const dying = diesAfter(world, at('put-if-absent', ' GRANT#'));
    await expect(world.run(DAILY, { runId: 'dead', services: dying })).rejects.toThrow();
    world.wait(LEASE_MS);
    const services = diesAfter(world, at('update', ' CONTROL'));
    await expect(again(world, 'execution', services)).rejects.toThrow('the process died');
    expect(await again(world, 'execution')).toMatchObject({ outcome: 'done', finished: ['dead'] });
    expect(await world.entries()).toHaveLength(5);
    await expectSound(world);
  });
});

describe('a limit that is lowered while a run plans', () => {
  it('is kept to: the plan is funded again by what is left then', async () => {
    const world = await someone(OWED);
    const services = stalledBefore(world, nth(2, at('update', ' BUDGET')), async () => {
      const change = { from: OWED, to: 50_000, by: 'ops', reason: 'less', at: '2024-08-02T00:00:00Z' };
      expect(await setLimit(world.table, PROGRAM, { pool: 'exposure' }, change)).toBe(true);
    });
    await world.run(DAILY, { services });
    expect(grantedFrom(await world.entries())).toBe(50_000);
    await expectSound(world);
  });
});
