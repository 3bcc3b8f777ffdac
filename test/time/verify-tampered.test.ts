/** Verification of entries against the plans that wrote them: whatever is changed, taken away or put in is named. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Entry } from '../../shared/engine/history.ts';
import { abandonByHand } from '../../shared/pipeline/abandon.ts';
import { resumeRun } from '../../shared/pipeline/run-here.ts';
import { readControl } from '../../shared/store/control.ts';
import { deleteItem, putItem } from '../../shared/store/items.ts';
import { readRun } from '../../shared/store/runs.ts';
import { keys } from '../../shared/store/table.ts';
import { canonicalJson } from '../../shared/values/canonical.ts';
import { CNY, merchant, sales, session } from '../support/facts.ts';
import { at, diesAfter, nth } from '../support/stalls.ts';
import { database, LEASE_MS, PROGRAM, type World } from '../support/world.ts';
import { CLEAN, verified } from './operator.ts';
import { live, seasons } from './seasons.ts';

const db = database();
const SIZE = { shards: 2, buckets: 2 };
const FIRST = `${PROGRAM}.daily.2024-08-01`;
type Item = Record<string, unknown> & { pk: string; sk: string };

let prepared: Record<string, unknown>[] = [];
/** Two runs: one pays two merchants, of whom the pool cannot pay the second in full; the next lowers what the first has. */
beforeAll(async () => {
  const world = (await db.world(SIZE)).at('2024-08-01');
  const facts = ['m-1', 'm-2'].flatMap((by) => [
    merchant(by),
    session('2024-08-01', { by }),
    sales('2024-08-01', 2_000 * CNY, { by }),
  ]);
  await world.ingest(facts, '2024-08-01');
  await world.daily('2024-08-01');
  const refund = sales('2024-08-01', 2_000 * CNY, { refundedFen: 1_500 * CNY, revision: 2 });
  await world.ingest([refund], '2024-08-02');
  await world.daily('2024-08-02');
  prepared = await world.scan();
});

async function afterTwoRuns(): Promise<World> {
  return (await db.copy(prepared, SIZE)).at('2024-08-03');
}

async function entryItem(world: World, participantId: string, occasion: string, n = 1): Promise<Item> {
  const { pk, sk } = keys.entry(participantId, PROGRAM, occasion, n);
  const found = (await world.scan()).find((item) => item.pk === pk && item.sk === sk);
  return found as Item;
}

describe('37. an entry whose field was changed is named, with what its plan says:', () => {
  it.each<[keyof Entry, unknown, string]>([
    ['earnedOn', '2024-07-31', '"2024-07-31", and the plan of run X says "2024-08-01"'],
    ['evidence', { session: 'another' }, '{"session":"another"}, and the plan of run X says {'],
    [
      'policy',
      '2024-07-24@000000000000',
      '"2024-07-24@000000000000", and the plan of run X says "2024-07-24@',
    ],
    ['reason', 'pool-exhausted', '"pool-exhausted", and the plan of run X says "earned"'],
    ['unit', 'fen', '"fen", and the plan of run X says "exposure"'],
    ['pool', 'cash', '"cash", and the plan of run X says "exposure"'],
    ['limitedBy', 'new-host', '"new-host", and the plan of run X says none'],
    ['incentive', 'steady', '"steady", and the plan of run X says "new-host"'],
    ['readsFrom', '2024-08-01', '"2024-08-01", and the plan of run X says "2024-07-02"'],
    ['shortfall', 5, '5, and the plan of run X says none'],
    ['kind', 'adjustment', '"adjustment", and the plan of run X says "grant"'],
    ['amount', 20_001, '20001, and the plan of run X says 20000'],
    [
      'recordedAt',
      '2024-08-01T20:30:01.000Z',
      '"2024-08-01T20:30:01.000Z", and the plan of run X says "2024-08-01T20:30:00.000Z"',
    ],
  ])('%s', async (field, value, says) => {
    const world = await afterTwoRuns();
    const item = await entryItem(world, 'm-2', 'w1/cold-1');
    await putItem(world.table, { ...item, [field]: value });
    const { differences, mends } = await verified(world);
    const named = differences.findIndex((what) =>
      what.startsWith(`m-2 w1/cold-1 entry 1: ${field} is ${says.replace('X', FIRST)}`),
    );
    expect(named, differences.join('\n')).toBeGreaterThanOrEqual(0);
    expect(mends[named]).toBe('restore it from a backup of the table, for no run rewrites it');
    await putItem(world.table, item);
    expect(await verified(world)).toMatchObject(CLEAN);
  });

  it('runId: it is no entry of the one run, and missing from the other', async () => {
    const world = await afterTwoRuns();
    const item = await entryItem(world, 'm-2', 'w1/cold-1');
    const second = `${PROGRAM}.daily.2024-08-02`;
    await putItem(world.table, { ...item, runId: second });
    const { differences } = await verified(world);
    expect(differences).toContain(`m-2 w1/cold-1 entry 1: is of run ${second}, and run ${FIRST} wrote it`);
    expect(differences).toContain(`m-2 w1/cold-1 entry 1: is of run ${second}, whose plan has no such entry`);
  });

  it.each(['participantId', 'occasion', 'n', 'program', 'ledgerPk', 'ledgerSk'])(
    '%s: its keys say otherwise',
    async (field) => {
      const world = await afterTwoRuns();
      const item = await entryItem(world, 'm-2', 'w1/cold-1');
      await putItem(world.table, { ...item, [field]: field === 'n' ? 2 : 'other' });
      const { differences } = await verified(world);
      expect(differences.join('\n')).toContain('its keys or its amount are not those of an entry');
    },
  );

  it('an amount that is no whole number is named, and stops nothing', async () => {
    const world = await afterTwoRuns();
    const item = await entryItem(world, 'm-2', 'w1/cold-1');
    await putItem(world.table, { ...item, amount: 'lots' });
    const { differences } = await verified(world);
    expect(differences).toContain('m-2 w1/cold-1 entry 1: its keys or its amount are not those of an entry');
  });
});

describe('37. entries that came and went are named:', () => {
  it('one that is gone', async () => {
    const world = await afterTwoRuns();
    await deleteItem(world.table, keys.entry('m-2', PROGRAM, 'w1/perk-matchmaking', 1));
    expect((await verified(world)).differences).toEqual([
      `run ${FIRST} says it wrote 8 entries, and the ledger has 7`,
      `m-2 w1/perk-matchmaking entry 1: is gone, and run ${FIRST} wrote it`,
      'm-2 w1/perk-matchmaking: the ledger is off by 1 count, because earned',
    ]);
  });

  it('one that no plan has', async () => {
    const world = await afterTwoRuns();
    const { ledgerSk, ...item } = await entryItem(world, 'm-2', 'w1/cold-1');
    const place = keys.entry('m-2', PROGRAM, 'w1/cold-2', 1);
    const more = {
      ...item,
      ...place,
      ledgerSk: String(ledgerSk).replace('cold-1', 'cold-2'),
      occasion: 'w1/cold-2',
    };
    await putItem(world.table, more);
    const { differences } = await verified(world);
    expect(differences).toContain(`m-2 w1/cold-2 entry 1: is of run ${FIRST}, whose plan has no such entry`);
  });
});

describe('37. entries whose plan is not kept any more', () => {
  it('are counted as unproven, and not called wrong', async () => {
    const world = await afterTwoRuns();
    await forget(world, FIRST);
    expect(await verified(world)).toMatchObject({ ...CLEAN, unproven: 8 });
  });

  it('are judged by the sums that the record of their run has', async () => {
    const world = await afterTwoRuns();
    await forget(world, FIRST);
    const item = await entryItem(world, 'm-2', 'w1/cold-1');
    await putItem(world.table, { ...item, incentive: 'steady' });
    const { differences, unproven } = await verified(world);
    expect(unproven).toBe(8);
    expect(differences).toEqual([
      expect.stringMatching(
        `^run ${FIRST} says of its entries incentives .*, and the ledger .*"steady exposure"`,
      ),
    ]);
  });

  it('so are those whose plan is damaged', async () => {
    const world = await afterTwoRuns();
    const { manifest = '' } = (await readRun(world.table, PROGRAM, FIRST))!;
    const chunk = keys.planPart(manifest, 0);
    await putItem(world.table, { ...chunk, bytes: Buffer.from('something else') });
    expect(await verified(world)).toMatchObject({ ...CLEAN, unproven: 8 });
  });
});

async function forget(world: World, runId: string): Promise<void> {
  const { manifest = '' } = (await readRun(world.table, PROGRAM, runId))!;
  await deleteItem(world.table, keys.planPart(manifest, 0));
}

describe('37. a run that died while it applied', () => {
  async function died(): Promise<World> {
    const world = await afterTwoRuns();
    await world.ingest(
      [session('2024-08-01', { at: '22:00' }), session('2024-08-01', { by: 'm-2', at: '22:00' })],
      '2024-08-03',
    );
    const services = diesAfter(world, nth(1, at('put-if-absent', 'GRANT#')));
    const run = world.run({ job: 'daily', to: '2024-08-03' }, { runId: 'dying', services });
    await expect(run).rejects.toThrow('died');
    return world.wait(LEASE_MS);
  }

  it('is all that is wrong: its reservation is no stray, and what it wrote is counted when it settles', async () => {
    const world = await died();
    expect((await world.pool()).reserved).toBeGreaterThan(0);
    expect((await world.entries()).some(({ runId }) => runId === 'dying')).toBe(true);
    const { differences, mends } = await verified(world);
    expect(differences).toEqual(['run dying died while applying']);
    expect(mends).toEqual(['hongbao runs resume dying --program treasure-host']);
    expect(await resumeRun(world.services, PROGRAM, 'dying', 'by-hand')).toBe('finished');
    expect(await verified(world)).toMatchObject(CLEAN);
  });

  it('finished by a successor, its entries are compared with its plan', async () => {
    const world = await died();
    await resumeRun(world.services, PROGRAM, 'dying', 'by-hand');
    const own = (await world.entries()).find(({ runId }) => runId === 'dying')!;
    await putItem(world.table, {
      ...(await entryItem(world, own.participantId, own.occasion)),
      earnedOn: '2024-07-30',
    });
    expect((await verified(world)).differences).toEqual([
      `${own.participantId} ${own.occasion} entry 1: earnedOn is "2024-07-30", and the plan of run dying says "2024-08-01"`,
    ]);
  });

  it('given up, what it had reserved is named with what frees it', async () => {
    const world = await died();
    await forget(world, 'dying');
    await abandonByHand(world.services, PROGRAM, 'dying', { by: 'ops', reason: 'its plan is gone' });
    const { differences, mends } = await verified(world);
    expect(differences).toEqual([
      expect.stringMatching(/^pool exposure holds \d+ for a run that is not open$/),
    ]);
    expect(mends).toEqual(['hongbao budget recount --program treasure-host --reason TEXT']);
  });
});

it('37. a plan that was taken over before it was on record is on record when its run closes', async () => {
  const world = await afterTwoRuns();
  await world.ingest([session('2024-08-01', { at: '22:00' })], '2024-08-03');
  const dies = diesAfter(world, nth(2, at('update', 'CONTROL')));
  await expect(
    world.run({ job: 'daily', to: '2024-08-03' }, { runId: 'dying', services: dies }),
  ).rejects.toThrow('died');
  expect((await readControl(world.table, PROGRAM)).state).toBe('applying');
  expect((await readRun(world.table, PROGRAM, 'dying'))?.manifest).toBeUndefined();
  await resumeRun(world.wait(LEASE_MS).services, PROGRAM, 'dying', 'by-hand');
  expect(await verified(world)).toMatchObject(CLEAN);
});

describe('37. in random seasons', () => {
  const SPAN = { from: '2024-07-26', to: '2024-08-04', last: '2024-09-16', late: 8, maxFacts: 14 };

  it('any change of any field of any entry is named, and so is one that is gone; untouched, there is none', async () => {
    let changed = 0;
    await fc.assert(
      fc.asyncProperty(
        seasons(SPAN),
        fc.array(fc.record({ entry: fc.nat(), field: fc.nat(), to: fc.constantFrom(...CHANGES) }), {
          minLength: 12,
          maxLength: 12,
        }),
        async (season, changes) => {
          const world = await db.world(SIZE);
          await live(world, season, SPAN);
          expect((await verified(world)).differences).toEqual([]);
          const items = (await world.scan()).filter(({ sk }) => String(sk).startsWith('GRANT#')) as Item[];
          if (items.length === 0) return;
          for (const { entry, field, to } of changes) {
            const item = items[entry % items.length]!;
            const fields = Object.keys(item).filter((name) => name !== 'pk' && name !== 'sk');
            const name = fields[field % fields.length]!;
            const changedTo = to(item[name]);
            // The keys of the index are texts.
            const value =
              changedTo !== undefined && name.startsWith('ledger') ? String(changedTo) : changedTo;
            if (canonicalJson(value) === canonicalJson(item[name])) continue;
            await (value === undefined
              ? deleteItem(world.table, { pk: item.pk, sk: item.sk })
              : putItem(world.table, { ...item, [name]: value }));
            const what = `${name} of ${item.sk} of ${item.pk}: ${JSON.stringify(value)}`;
            expect((await verified(world)).differences.length, what).toBeGreaterThan(0);
            await putItem(world.table, item);
            changed++;
          }
          expect((await verified(world)).differences).toEqual([]);
        },
      ),
      { seed: 20240724, numRuns: 5, unbiased: true, endOnFailure: true },
    );
    expect(changed).toBeGreaterThan(40);
  }, 300_000);
});

/** Small changes of any value; undefined: the entry goes. */
const CHANGES: ((value: unknown) => unknown)[] = [
  () => undefined,
  (value) => (typeof value === 'number' ? value + 1 : typeof value === 'string' ? `${value}0` : { more: 1 }),
  (value) => (typeof value === 'number' ? 0 - value - 1 : typeof value === 'string' ? value.slice(1) : {}),
  (value) => (typeof value === 'object' ? { ...value, more: 1 } : String(value).length),
];
