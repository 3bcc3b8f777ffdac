/** What takes everyone: sums the shards' tallies, and freezes the pools and ranks that have fallen due. */
import pMap from 'p-map';
import type { Award, Frozen } from '../engine/decision.ts';
import { freezeDue } from '../engine/freeze.ts';
import { mergeTallies, type Tally } from '../engine/tally.ts';
import type { Program } from '../policy/schema.ts';
import { awardsFrom, freeze, type StoredAwards } from '../store/decisions.ts';
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
import { agenciesFrom, type StoredAgencies, tallyFrom } from './stored.ts';

/** What the last evaluating stage needs: whom it looks at, the members' sums, and the decisions made now. */
export interface Context {
  ids: string[];
  /** By agency and month; absent when a shard failed, for then no sum is whole. */
  agencies?: Tally['agencies'];
  frozen: Frozen;
}

/** What {@link decide} stored. */
export async function readContext({ plans }: Services, hash: string): Promise<Context> {
  const { ids, agencies, frozen } = JSON.parse(await plans.get(hash)) as {
    ids: string[];
    agencies?: StoredAgencies;
    frozen: StoredAwards;
  };
  return {
    ids,
    ...(agencies === undefined ? {} : { agencies: agenciesFrom(agencies) }),
    frozen: awardsFrom(frozen),
  };
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
  if (!isComplete(outcomes)) return storeJson(services, { ids: last, frozen: new Map() } satisfies Context);
  const tallies = await pMap(
    evaluatedShards(outcomes).flatMap(({ tally }) => tally ?? []),
    async (hash) => tallyFrom(await plans.get(hash)),
    { concurrency: 8 },
  );
  const tally = mergeTallies(program, tallies);
  const { agencies, profiles } = await knownAgencies(services, run, program, tally);
  const due = freezeDue(program, run, await frozenFor(services, run), { ...tally, agencies }, profiles);
  const planned = await approvedPlan(services, run);
  if (planned !== undefined) checkFrozen(planned, due);
  const frozen = new Map<string, Award>();
  for (const [name, award] of due) {
    // A plan that was shown freezes nothing before all of it is known to stand.
    const keeps = run.dryRun || planned !== undefined;
    frozen.set(name, keeps ? award : await freeze(table, run.program, name, award, run.runId));
  }
  const holders = [...frozen.values()].flatMap(({ shares }) => [...shares.keys()]);
  const ids = [...new Set([...last, ...agencies.keys(), ...holders])].sort();
  return storeJson(services, { ids, agencies, frozen } satisfies Context);
}

/**
 * The agencies among those that members name, but for whom the run leaves out: a membership in an id that is none counts
 * for nothing (law 13).
 */
async function knownAgencies(
  { table }: Services,
  { without = [] }: Run,
  { platform }: Program,
  { agencies }: Tally,
) {
  const named = [...agencies.keys()].filter((id) => !without.includes(id)).sort();
  const profiles = (await readProfiles(table, named)).filter(
    ({ participant }) => participant?.kind === 'agency' && participant.platform === platform,
  );
  const sums = profiles.map(({ participantId }) => [participantId, agencies.get(participantId)!] as const);
  return { agencies: new Map(sums), profiles };
}
