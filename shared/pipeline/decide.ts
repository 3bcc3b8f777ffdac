/** What takes everyone: sums the shards' tallies, and freezes the pools and ranks that have fallen due. */
import pMap from 'p-map';
import type { Frozen } from '../engine/decision.ts';
import { freezeDue } from '../engine/freeze.ts';
import { mergeTallies, type Tally } from '../engine/tally.ts';
import { freeze } from '../store/decisions.ts';
import { readProfiles } from '../store/histories.ts';
import type { Run } from '../store/runs.ts';
import { approvedPlan, checkFrozen } from './approved.ts';
import {
  evaluatedShards,
  frozenFor,
  isComplete,
  readDeferred,
  type ShardOutcome,
  storeJson,
} from './evaluation.ts';
import { pinnedProgram } from './policy-in-force.ts';
import type { Services } from './services.ts';

/** What the last evaluating stage needs: whom it looks at, the members' sums, and the decisions made now. */
export interface Context {
  ids: string[];
  /** By agency and month; absent when a shard failed, for then no sum is whole. */
  agencies?: Tally['agencies'];
  frozen: Frozen;
}

/** What {@link decide} stored. */
export async function readContext({ plans }: Services, hash: string): Promise<Context> {
  return JSON.parse(await plans.get(hash)) as Context;
}

/**
 * Decides for a run that looks at everyone. When any shard or participant failed, nothing is decided and nobody's
 * sum is known: it stays due (law 6).
 * @returns the hash of the stored {@link Context}.
 */
export async function decide(
  services: Services,
  run: Run,
  outcomes: readonly ShardOutcome[],
): Promise<string> {
  const { table, plans } = services;
  const program = pinnedProgram(services, run);
  const { last } = await readDeferred(services, outcomes);
  if (!isComplete(outcomes)) return storeJson(services, { ids: last, frozen: {} } satisfies Context);
  const tallies = await pMap(
    evaluatedShards(outcomes).flatMap(({ tally }) => tally ?? []),
    async (hash) => JSON.parse(await plans.get(hash)) as Tally,
    { concurrency: 8 },
  );
  const tally = mergeTallies(program, tallies);
  const agencies = Object.keys(tally.agencies).sort();
  const due = freezeDue(
    program,
    run,
    await frozenFor(services, run),
    tally,
    await readProfiles(table, agencies),
  );
  const planned = await approvedPlan(services, run);
  if (planned !== undefined) checkFrozen(planned, due);
  const frozen: Record<string, Frozen[string]> = {};
  for (const [name, shares] of Object.entries(due)) {
    // A plan that was shown freezes nothing before all of it is known to stand.
    const keeps = run.dryRun || planned !== undefined;
    frozen[name] = keeps ? shares : await freeze(table, run.program, name, shares, run.runId);
  }
  const holders = Object.values(frozen).flatMap((shares) => Object.keys(shares));
  const ids = [...new Set([...last, ...agencies, ...holders])].sort();
  return storeJson(services, { ids, agencies: tally.agencies, frozen } satisfies Context);
}
