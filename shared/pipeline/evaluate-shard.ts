/** Second stage: what each participant of a shard should have, against what it has. Writes no entry. */
import pMap from 'p-map';
import { evaluate } from '../engine/evaluate.ts';
import { reconcile } from '../engine/reconcile.ts';
import { findProgram } from '../policy/catalogue.ts';
import type { Program } from '../policy/schema.ts';
import { versionHashes } from '../policy/versions.ts';
import { markDue, readDue } from '../store/due.ts';
import { readHistory } from '../store/histories.ts';
import type { Run } from '../store/runs.ts';
import { addDays } from '../values/calendar.ts';
import { canonicalJson } from '../values/canonical.ts';
import type { Shard } from './open-run.ts';
import { type Demand, demandOf, type Part, storePart } from './plan.ts';
import type { Services } from './services.ts';

/** What a shard found. Small, because a state machine carries it; the changes themselves are in the part. */
export interface ShardResult extends Demand {
  shard: number;
  part?: string;
  evaluated: number;
  changed: number;
  /** Participants that could not be evaluated: they are due again. */
  failed: number;
  /** The first failures, for people. */
  failures: string[];
}

/** A shard whose function failed as a whole, as its state machine reports it. */
export interface ShardFailure {
  shard: number;
  error: string;
}

export type ShardOutcome = ShardResult | ShardFailure;

/** The shards that were evaluated. */
export function evaluatedShards(outcomes: readonly ShardOutcome[]): ShardResult[] {
  return outcomes.filter((outcome): outcome is ShardResult => !('error' in outcome));
}

const READERS = 16;
const FAILURES_SHOWN = 5;

/**
 * Evaluates the participants of a shard. One that fails is named, marked due again, and stops no other.
 * @throws Error when the policy deployed here is not the one that the run pinned.
 */
export async function evaluateShard(
  services: Services,
  run: Run,
  { shard, of }: Shard,
): Promise<ShardResult> {
  const { table, catalogue } = services;
  const program = findProgram(run.program, catalogue);
  if (canonicalJson(versionHashes(program)) !== canonicalJson(run.policy)) {
    throw new Error(`run ${run.runId} pinned another policy than the one deployed here: start it again`);
  }
  const buckets = Array.from({ length: table.buckets }, (_, bucket) => bucket).filter(
    (bucket) => bucket % of === shard,
  );
  const due = run.participants?.toSorted() ?? (await readDue(table, run.arrivals, buckets));
  const failed: { participantId: string; error: string }[] = [];
  const planned = await pMap(
    due,
    async (participantId) => {
      try {
        return { participantId, changes: await changesOf(services, program, run, participantId) };
      } catch (error) {
        failed.push({ participantId, error: error instanceof Error ? error.message : String(error) });
        return { participantId, changes: [] };
      }
    },
    { concurrency: READERS },
  );
  if (!run.dryRun)
    await markAgain(
      services,
      run,
      failed.map(({ participantId }) => participantId),
    );
  const part: Part = { participants: planned.filter(({ changes }) => changes.length > 0) };
  const hash = await storePart(services.plans, part);
  return {
    shard,
    ...(hash === undefined ? {} : { part: hash }),
    ...demandOf(part),
    evaluated: due.length,
    changed: part.participants.length,
    failed: failed.length,
    failures: failed.slice(0, FAILURES_SHOWN).map(({ participantId, error }) => `${participantId}: ${error}`),
  };
}

async function changesOf({ table }: Services, program: Program, run: Run, participantId: string) {
  const { horizon, consistent } = run;
  const history = await readHistory(table, participantId, horizon, { consistent });
  return reconcile(evaluate(program, history, run), horizon);
}

/** Makes participants due again, on the day after the run's as-of: a bucket that its watermark does not pass. */
export async function markAgain(
  { table, now }: Services,
  run: Pick<Run, 'asOf'>,
  participantIds: readonly string[],
): Promise<void> {
  await markDue(table, addDays(run.asOf, 1), participantIds, now());
}
