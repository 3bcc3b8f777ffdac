/** What was asked, known and done: an auditor's answer, run by run. */
import { beforeAll, describe, expect, it } from 'vitest';
import { readManifest, readPart } from '../../shared/pipeline/plan.ts';
import { findProgram } from '../../shared/policy/catalogue.ts';
import { versionHashes } from '../../shared/policy/versions.ts';
import { readPlanned } from '../../shared/store/approvals.ts';
import { type RunRecord, readRuns } from '../../shared/store/runs.ts';
import { CNY, merchant, sales, session } from '../support/facts.ts';
import { Crash, withSend } from '../support/faults.ts';
import { database, LEASE_MS, PROGRAM, type World } from '../support/world.ts';
import { apply, plan, recordOf } from './operator.ts';

const db = database();
const SIZE = { shards: 1, buckets: 1 };
const WHY = 'sales of August came late';
const SECOND = 1_000;

let world: World;
let record: RunRecord;
beforeAll(async () => {
  world = (await db.world(SIZE)).at('2024-08-02');
  await world.ingest([merchant(), session('2024-08-01'), sales('2024-08-01', 2_000 * CNY)], '2024-08-02');
  const input = { job: 'backfill', from: '2024-08-01', to: '2024-08-02', requestedBy: 'desk-7', reason: WHY };
  const slow = world.through(world.table.client);
  const services = { ...slow, codeVersion: '1.2.3', now: () => world.wait(SECOND).services.now() };
  record = await recordOf(world, await world.run(input, { services }));
});

describe('a run keeps', () => {
  it('its input, who asked and why', () => {
    expect(record).toMatchObject({
      job: 'backfill',
      from: '2024-08-01',
      to: '2024-08-02',
      asOf: '2024-08-02',
      horizon: '2024-04-04',
      full: true,
      requestedBy: 'desk-7',
      reason: WHY,
    });
  });

  it('the hashes of the policy and the version of the code', () => {
    expect(record).toMatchObject({ policy: versionHashes(findProgram(PROGRAM)), codeVersion: '1.2.3' });
  });

  it('its counts, and how long it took', () => {
    expect(record).toMatchObject({
      state: 'closed',
      summary: { evaluated: 1, changed: 1, failed: 0, planned: 4, entries: 4, raised: { exposure: 40_000 } },
    });
    const took = Date.parse(record.closedAt ?? '') - Date.parse(record.openedAt);
    expect(took).toBeGreaterThanOrEqual(SECOND);
    expect(took).toBeLessThan(LEASE_MS);
  });

  it('the hash of its plan, whose parts can be read back: what each entry rested on', async () => {
    const { parts, reserved, cuts } = await readManifest(world.services.plans, record.manifest ?? '');
    expect({ reserved, cuts }).toEqual({ reserved: { exposure: 40_000 }, cuts: {} });
    const [part] = await Promise.all(parts.map((hash) => readPart(world.services.plans, hash)));
    const changes = part?.participants[0]?.changes ?? [];
    const entries = await world.entries();
    const amountsOf = (all: readonly { occasion: string; amount: number }[]) =>
      Object.fromEntries(all.map(({ occasion, amount }) => [occasion, amount]));
    expect(amountsOf(changes)).toEqual(amountsOf(entries));
    expect(changes).toHaveLength(entries.length);
    expect(changes.find(({ occasion }) => occasion === 'w1/growth-1')).toMatchObject({
      reason: 'earned',
      evidence: { netFen: 2_000 * CNY },
    });
  });
});

it('a plan that was shown and applied is on the record of its run, with who planned it', async () => {
  world.at('2024-08-03');
  await world.ingest([session('2024-08-03')], '2024-08-03');
  const { difference } = await plan(world, { job: 'daily', to: '2024-08-03', requestedBy: 'desk-8' });
  const applied = await recordOf(world, await apply(world, difference.plan));
  expect(applied).toMatchObject({ plan: difference.plan, manifest: difference.plan });
  expect(await readPlanned(world.table, PROGRAM, difference.plan)).toMatchObject({
    plannedBy: 'desk-8',
    plannedAt: new Date('2024-08-03T12:00:00+08:00').toISOString(),
  });
});

it('a run that was given up is on record with why', async () => {
  world.at('2024-08-04');
  let recorded = false;
  const client = withSend(world.table.client, async (send, command) => {
    if (recorded) throw new Crash(command);
    recorded = command === 'PutCommand ID#given-up';
    return send();
  });
  const services = world.through(client);
  const dying = world.run({ job: 'daily', to: '2024-08-04' }, { runId: 'given-up', services });
  await expect(dying).rejects.toThrow(Crash);
  await world.wait(LEASE_MS).run({ job: 'daily', to: '2024-08-04' });
  expect((await readRuns(world.table, PROGRAM)).find(({ runId }) => runId === 'given-up')).toMatchObject({
    state: 'abandoned',
    failure: 'its lease ended while it was planning',
  });
});
