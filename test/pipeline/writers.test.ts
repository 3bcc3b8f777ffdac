/** One writer at a time, as-of never back, and what a run refuses before it writes anything. */
import { describe, expect, it } from 'vitest';
import { runHere } from '../../shared/pipeline/run-here.ts';
import { parseRunInput } from '../../shared/pipeline/run-input.ts';
import { CATALOGUE } from '../../shared/policy/catalogue.ts';
import { InputError } from '../../shared/values/validation.ts';
import { CNY, merchant, sales, session } from '../support/facts.ts';
import { Crash, faulty, withSend } from '../support/faults.ts';
import { asText, database, LEASE_MS, PROGRAM, type World } from '../support/world.ts';

const db = database();

async function someone(): Promise<World> {
  const world = (await db.world({ shards: 1, buckets: 1 })).at('2024-08-02');
  await world.ingest([merchant(), session('2024-08-01'), sales('2024-08-01', 2_000 * CNY)], '2024-08-02');
  return world;
}

const DAILY = { job: 'daily', to: '2024-08-02' };

describe('two runs at once', () => {
  it('by hand: one writes, the other is refused with the id of the first', async () => {
    const world = await someone();
    const both = await Promise.allSettled([
      world.run(DAILY, { runId: 'one' }),
      world.run(DAILY, { runId: 'two' }),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const refused = both.find((each): each is PromiseRejectedResult => each.status === 'rejected');
    expect(String(refused?.reason)).toMatch(
      /HeldError: treasure-host is held by run (one|two) until 2024-08-02T/,
    );
    const runIds = new Set((await world.entries()).map(({ runId }) => runId));
    expect(runIds.size).toBe(1);
    expect(await world.entries()).toHaveLength(4);
  });

  it('of one schedule that fired twice: the second is a duplicate, at once and later', async () => {
    const world = await someone();
    const both = await Promise.all([world.daily('2024-08-02'), world.daily('2024-08-02')]);
    expect(both.map(({ outcome }) => outcome).sort()).toEqual(['done', 'duplicate']);
    expect(await world.daily('2024-08-02')).toEqual({
      outcome: 'duplicate',
      runId: 'treasure-host.daily.2024-08-02',
    });
    expect(await world.entries()).toHaveLength(4);
  });

  it('a schedule that died and fires again finishes what it began', async () => {
    const world = await someone();
    const dying = faulty(world.table.client, 'dies', 20);
    await expect(world.daily('2024-08-02', world.through(dying.client))).rejects.toThrow(Crash);
    expect(await world.daily('2024-08-02')).toMatchObject({ outcome: 'duplicate' });
    const dead = await world.entries();
    expect(dead.length).toBeLessThan(4);
    world.wait(LEASE_MS);
    await world.run({ job: 'daily', scheduledAt: '2024-08-03T04:30:00+08:00' });
    expect(await world.entries()).toHaveLength(4);
  });

  it('a writer that was overtaken while it planned writes nothing', async () => {
    const world = await someone();
    let overtake = true;
    const slow = world.around(async ({ keys: [key = ''] }, send) => {
      // Who is due is asked after it took the program.
      if (overtake && key.startsWith('DUE#')) {
        overtake = false;
        world.wait(LEASE_MS);
        await world.run(DAILY, { runId: 'fast' });
      }
      return send();
    });
    await expect(world.run(DAILY, { runId: 'slow', services: slow })).rejects.toThrow(/overtaken/);
    expect(new Set((await world.entries()).map(({ runId }) => runId))).toEqual(new Set(['fast']));
    expect((await world.pool()).reserved).toBe(0);
  });

  it('a writer that was overtaken while it applied only helps: its run is closed by then, in its name', async () => {
    const world = await someone();
    let overtake = true;
    const slow = world.around(async ({ keys: [key = ''] }, send) => {
      if (overtake && key.includes(' GRANT#')) {
        overtake = false;
        world.wait(LEASE_MS);
        await world.run(DAILY, { runId: 'fast' });
      }
      return send();
    });
    expect(await world.run(DAILY, { runId: 'slow', services: slow })).toMatchObject({ outcome: 'done' });
    const entries = await world.entries();
    expect(new Set(entries.map(({ runId }) => runId))).toEqual(new Set(['slow']));
    expect(entries).toHaveLength(4);
    const { limit, left, reserved } = await world.pool();
    expect({ left, reserved }).toEqual({ left: limit - 40_000, reserved: 0 });
  });

  it('a schedule that is overtaken by itself leaves the pool as its successor left it', async () => {
    const world = await someone();
    let overtake = true;
    let reserves = 0;
    const fast = world.around(async ({ verb, keys: [key = ''] }, send) => {
      const answer = await send();
      // The successor has reserved, and is about to move on; meanwhile the dead one wakes up.
      if (verb === 'update' && key.endsWith(' BUDGET') && ++reserves === 2) {
        wake?.();
        await slowEnds;
      }
      return answer;
    });
    let wake: (() => void) | undefined;
    let slowEnds: Promise<unknown> = Promise.resolve();
    let fastEnds: Promise<unknown> = Promise.resolve();
    let opened = false;
    const slow = world.around(async ({ verb, keys: [key = ''] }, send) => {
      const budget = verb === 'update' && key.endsWith(' BUDGET');
      if (budget && opened && overtake) {
        overtake = false;
        const woken = new Promise<void>((resolve) => {
          wake = resolve;
        });
        world.wait(LEASE_MS);
        fastEnds = world.run({ job: 'daily', scheduledAt: '2024-08-03T04:30:00+08:00' }, { services: fast });
        await woken;
      }
      opened ||= budget;
      return send();
    });
    slowEnds = world.daily('2024-08-02', slow).catch((error) => error);
    expect(String(await slowEnds)).toContain('overtaken');
    await fastEnds;
    expect(await world.entries()).toHaveLength(4);
    const { limit, left, reserved } = await world.pool();
    expect({ left, reserved }).toEqual({ left: limit - 40_000, reserved: 0 });
  });
});

describe('as-of', () => {
  it('never goes back: a run as of a day before the last closed one is refused', async () => {
    const world = await someone();
    await world.run(DAILY);
    const before = asText(await world.scan());
    await expect(world.run({ job: 'daily', to: '2024-08-01' })).rejects.toThrow(
      new InputError(
        'run input: asOf: got 2024-08-01; allowed: at least 2024-08-02, the last closed as-of: what was decided then is not undone by looking back',
      ),
    );
    expect(asText(await world.scan())).toBe(before);
  });

  it('of a backfill of old dates is that of the last run', async () => {
    const world = await someone();
    await world.run(DAILY);
    const done = await world.backfill('2024-07-01', '2024-07-31');
    expect(done).toMatchObject({ run: { asOf: '2024-08-02' }, summary: { entries: 0 } });
  });

  it('that a run by hand took ahead does not stop the schedules of the night', async () => {
    const world = await someone();
    await world.run({ ...DAILY, to: '2024-08-02' });
    expect(await world.daily('2024-08-01')).toMatchObject({ outcome: 'done', run: { asOf: '2024-08-02' } });
    await world.at('2024-09-01', '03:00').run({ job: 'daily', to: '2024-09-01' });
    expect(await world.monthEnd('2024-08')).toMatchObject({ outcome: 'done', run: { asOf: '2024-09-01' } });
    expect(await world.monthEnd('2024-08')).toMatchObject({ outcome: 'duplicate' });
  });
});

describe('a run that makes no sense', () => {
  it.each([
    [
      'a day to come',
      { job: 'daily', to: '2024-08-03' },
      'to: got 2024-08-03; allowed: at most today, 2024-08-02',
    ],
    ['an as-of to come', { ...DAILY, asOf: '2024-08-03' }, 'asOf: got 2024-08-03; allowed: at most today'],
    [
      'an as-of before its range',
      { ...DAILY, asOf: '2024-08-01' },
      'asOf: got 2024-08-01; allowed: at least to',
    ],
    [
      'a range that ends before it starts',
      { job: 'backfill', from: '2024-08-02', to: '2024-08-01' },
      'from: got 2024-08-02; allowed: at most to, 2024-08-01',
    ],
    [
      'a part of a month',
      { job: 'month-end', to: '2024-07-30' },
      'allowed: the first and the last day of one month',
    ],
    [
      'a month 13',
      { job: 'month-end', to: '2024-13-31' },
      'to: got "2024-13-31"; allowed: a calendar date as YYYY-MM-DD',
    ],
    ['30 February', { job: 'daily', to: '2024-02-30' }, 'to: got "2024-02-30"; allowed: a calendar date'],
    ['no date', { job: 'daily' }, 'to: got nothing; allowed: a date, or scheduledAt in its place'],
    [
      'an instant that is none',
      { job: 'daily', scheduledAt: 'noon' },
      'scheduledAt: got "noon"; allowed: an ISO 8601 instant',
    ],
    [
      'a backfill without a range',
      { job: 'backfill', to: '2024-08-01' },
      'from: got nothing; allowed: a date',
    ],
    [
      'named participants of a daily run',
      { ...DAILY, participants: ['m-1'] },
      'participants: got ["m-1"]; allowed: nothing',
    ],
    [
      'no participants',
      { job: 'backfill', from: '2024-08-01', to: '2024-08-01', participants: [] },
      'at least one participant',
    ],
    ['an unknown job', { ...DAILY, job: 'hourly' }, 'job: got "hourly"; allowed: daily, month-end, backfill'],
    ['an unknown key', { ...DAILY, force: true }, 'force: unknown key'],
    [
      'an unknown program',
      { ...DAILY, program: 'gold-rush' },
      'program: got "gold-rush"; allowed: treasure-host',
    ],
  ])('%s is refused, and nothing is written', async (_, input, message) => {
    const world = await someone();
    const before = asText(await world.scan());
    const refused = (async () => world.run(input))();
    await expect(refused).rejects.toThrow(InputError);
    await expect(refused).rejects.toThrow(message);
    expect(asText(await world.scan())).toBe(before);
  });

  it('a policy version that was used with other content is refused, and nothing is written', async () => {
    const world = await someone();
    await world.run(DAILY);
    const before = asText(await world.scan());
    const catalogue = CATALOGUE.map((program) => ({
      ...program,
      versions: program.versions.map((version) => ({ ...version, validSession: { minMinutes: 31 } })),
    }));
    const input = parseRunInput({ ...DAILY, program: PROGRAM, requestedBy: 'test' });
    await expect(runHere({ ...world.services, catalogue }, input, 'x')).rejects.toThrow(
      /version 2024-07-24: got content \w+; allowed: \w+, with which it was first used on 2024-08-02T/,
    );
    expect(asText(await world.scan())).toBe(before);
  });
});

describe('a dry run', () => {
  it('says what would be written, and writes nothing at all', async () => {
    const world = await someone();
    const before = asText(await world.scan());
    const done = await world.run({ ...DAILY, dryRun: true });
    expect(done).toMatchObject({
      outcome: 'done',
      summary: { evaluated: 1, changed: 1, planned: 4, raised: { exposure: 40_000 } },
    });
    expect(asText(await world.scan())).toBe(before);
  });

  it('may look back, and does not wait for a writer', async () => {
    const world = await someone();
    await world.run(DAILY);
    const dying = faulty(world.table.client, 'dies', 14);
    await expect(world.run(DAILY, { services: world.through(dying.client) })).rejects.toThrow(Crash);
    const done = await world.run({ job: 'daily', to: '2024-08-01', dryRun: true });
    expect(done).toMatchObject({ outcome: 'done', summary: { planned: 0 } });
  });
});

describe('a participant that cannot be evaluated', () => {
  it('fails alone, is named, and is due again', async () => {
    const world = await someone();
    await world.ingest([merchant('m-2'), session('2024-08-01', { by: 'm-2' })], '2024-08-02');
    let poisoned = true;
    const poison = withSend(world.table.client, async (send) => {
      const answer = (await send()) as { Items?: { pk?: string; sk?: string }[] };
      const bad = answer?.Items?.some(({ pk, sk }) => poisoned && pk === 'P#m-1' && sk === 'PROFILE');
      if (bad) throw new Error('this item cannot be read');
      return answer;
    });
    const done = await world.daily('2024-08-02', world.through(poison));
    expect(done).toMatchObject({
      summary: { failed: 1, failures: ['m-1: this item cannot be read'] },
    });
    expect(new Set((await world.entries()).map(({ participantId }) => participantId))).toEqual(
      new Set(['m-2']),
    );
    poisoned = false;
    expect(await world.daily('2024-08-03')).toMatchObject({ summary: { evaluated: 1, entries: 4 } });
  });
});
