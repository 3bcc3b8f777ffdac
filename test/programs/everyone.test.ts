/** Partial never decides global: pools, ranks and agencies' sums are decided by whole runs only (law 6). */
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, it } from 'vitest';
import { allocate } from '../../shared/pipeline/allocate.ts';
import { applyPart } from '../../shared/pipeline/apply-part.ts';
import { closeRun } from '../../shared/pipeline/close-run.ts';
import { decide } from '../../shared/pipeline/decide.ts';
import { evaluateEntities } from '../../shared/pipeline/evaluate-entities.ts';
import { evaluateLast } from '../../shared/pipeline/evaluate-last.ts';
import { evaluateShard } from '../../shared/pipeline/evaluate-shard.ts';
import type { ShardOutcome } from '../../shared/pipeline/evaluation.ts';
import { openRun } from '../../shared/pipeline/open-run.ts';
import { parseRunInput } from '../../shared/pipeline/run-input.ts';
import { CNY, sales } from '../support/facts.ts';
import {
  agencyWith,
  amounts,
  arrive,
  creator,
  faultsOf,
  frozenNames,
  monthEnd,
} from '../support/programs.ts';
import { database, PROGRAM, type World } from '../support/world.ts';

const db = database();

/** What only a whole run decides, in August: the pool, the rank, and two sums of an agency. */
const ALL = {
  'a-1 agency-growth/2024-08': 25_000,
  'a-1 agency-pool/2024-08': 100_000_000,
  'a-1 fee-cashback/2024-08': 3_000,
  'c-1 top-creator/2024-08': 10_000_000,
};
const FROZEN = ['agency-pool/2024-08', 'top-creator/2024-08'];

async function decidedForAll(world: World): Promise<Record<string, number>> {
  const kinds = ['agency-growth', 'agency-pool', 'fee-cashback', 'top-creator'];
  const rows = await Promise.all(kinds.map((kind) => amounts(world, kind)));
  return Object.fromEntries(
    rows
      .flatMap((row) => Object.entries(row))
      .filter(([row]) => row.startsWith('a-') || row.startsWith('c-'))
      .filter(([row]) => !row.startsWith('a-1.m')),
  );
}

let world: World;
beforeEach(async () => {
  world = await db.world({ shards: 2 });
  const facts = [
    ...agencyWith('a-1', { fen: 100_000 * CNY, feesFen: 10_000 }),
    creator('c-1'),
    sales('2024-08-10', 1_000_000 * CNY, { by: 'c-1' }),
  ];
  await arrive(world, '2024-08-31', ...facts);
});

/** A client through which one participant cannot be read. */
function without(client: DynamoDBDocumentClient, participantId: string): DynamoDBDocumentClient {
  const send = client.send.bind(client) as (command: unknown) => Promise<unknown>;
  return Object.assign(Object.create(client), {
    send: (command: { input?: { ExpressionAttributeValues?: Record<string, unknown> } }) => {
      const { ':pk': pk, ':from': from } = command.input?.ExpressionAttributeValues ?? {};
      if (pk === `P#${participantId}` && from !== undefined) throw new Error('not to be read');
      return send(command);
    },
  }) as DynamoDBDocumentClient;
}

/** A month end as the state machine runs it, whose outcomes of the first stage a test may change. */
async function runStages(change: (first: ShardOutcome[]) => ShardOutcome[]): Promise<void> {
  const { services } = world.at('2024-09-16', '05:00');
  const input = { program: PROGRAM, job: 'month-end', scheduledAt: '2024-09-16T05:00:00+08:00' };
  const opening = await openRun(services, parseRunInput({ ...input, requestedBy: 'test' }), 'stages');
  if (opening.next !== 'evaluate') throw new Error(opening.next);
  const { run, shards } = opening;
  const first = change(await Promise.all(shards.map((shard) => evaluateShard(services, run, shard))));
  const entities = await Promise.all(shards.map((shard) => evaluateEntities(services, run, shard, first)));
  const context = await decide(services, run, [...first, ...entities]);
  const last = await Promise.all(shards.map((shard) => evaluateLast(services, run, shard, context)));
  const outcomes = [...first, ...entities, ...last];
  const { manifest, parts } = await allocate(services, run, outcomes);
  const applied = await Promise.all(parts.map((part) => applyPart(services, run, manifest, part)));
  await closeRun(services, run, manifest, applied, outcomes);
}

describe('what takes everyone', () => {
  it('is decided by a month end in which everyone was evaluated', async () => {
    await runStages((first) => first);
    expect(await decidedForAll(world)).toEqual(ALL);
    expect(await frozenNames(world)).toEqual(expect.arrayContaining(FROZEN));
    expect(await faultsOf(world)).toEqual([]);
  });

  it('is never decided by a daily run', async () => {
    await world.daily('2024-09-15');
    expect(await decidedForAll(world)).toEqual({});
    expect(await frozenNames(world)).toEqual([]);
    expect(await amounts(world, 'first-jump')).not.toEqual({});
  });

  it('is never decided by a run of named participants, even if all are named', async () => {
    world.at('2024-09-16');
    const participants = ['a-1', 'c-1', 'a-1.m-1', 'a-1.m-2', 'a-1.m-3', 'a-1.m-4', 'a-1.m-5'];
    await world.backfill('2024-08-01', '2024-09-15', { participants });
    expect(await decidedForAll(world)).toEqual({});
    expect(await frozenNames(world)).toEqual([]);
    expect(await amounts(world, 'first-jump')).not.toEqual({});
  });

  it.each([0, 1])(
    'is never decided by a run of which shard %i failed, and is by the next',
    async (failed) => {
      await runStages((first) =>
        first.map((outcome) =>
          outcome.shard === failed ? { shard: failed, error: 'out of memory' } : outcome,
        ),
      );
      expect(await decidedForAll(world)).toEqual({});
      expect(await frozenNames(world)).toEqual([]);
      await monthEnd(world, '2024-09', 0);
      expect(await decidedForAll(world)).toEqual(ALL);
      expect(await faultsOf(world)).toEqual([]);
    },
  );

  it.each(['a-1.m-1', 'c-1'])(
    'is never decided by a run in which %s failed, and is by the next',
    async (id) => {
      world.at('2024-09-16', '05:00');
      const services = world.through(without(db.client(), id));
      const outcome = await world.run(
        { job: 'month-end', scheduledAt: '2024-09-16T05:00:00+08:00' },
        { services },
      );
      expect(outcome).toMatchObject({ summary: { failed: 1, failures: [`${id}: not to be read`] } });
      expect(await decidedForAll(world)).toEqual({});
      expect(await frozenNames(world)).toEqual([]);
      await monthEnd(world, '2024-09', 0);
      expect(await decidedForAll(world)).toEqual(ALL);
    },
  );

  it('once given to an agency, is left alone by a run that does not know its members', async () => {
    await monthEnd(world, '2024-08', 15);
    expect(await decidedForAll(world)).toEqual(ALL);
    await arrive(world, '2024-09-20', { ...sales('2024-08-10', 1, { by: 'a-1.m-1' }), revision: 2 });
    await world.daily('2024-09-20');
    world.at('2024-09-22');
    await world.backfill('2024-08-01', '2024-09-21', { participants: ['a-1', 'c-1'] });
    const services = world.through(without(db.client(), 'a-1.m-2'));
    await world.run({ job: 'backfill', from: '2024-08-01', to: '2024-09-21' }, { services });
    expect(await decidedForAll(world)).toEqual(ALL);
  });
});
