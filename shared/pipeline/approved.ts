/** Applying a plan that an operator has seen: what still stands of it is written, the rest is left due. */

import { type PlannedRun, readPlanned } from '../store/approvals.ts';
import { readPools } from '../store/budget-item.ts';
import { freeze } from '../store/decisions.ts';
import { type Run, recordProgress } from '../store/runs.ts';
import { canonicalJson, contentHash } from '../values/canonical.ts';
import { InputError } from '../values/validation.ts';
import { evaluatedShards, isComplete, markAgain, type ShardOutcome, type ShardResult } from './evaluation.ts';
import { type Left, type Manifest, paidByNode, paidOf, readManifest, readPart, without } from './plan.ts';
import type { Services } from './services.ts';
import { addClaim, addListing, noListing } from './totals.ts';

/** Of a hundred participants, this many may have moved; with more, the plan has to be looked at again. */
const MOVED_PERCENT = 1;
const MOVED_SHOWN = 100;

/** The plan that a run is to apply. @throws {@link InputError} when it is not kept, or rests on another policy. */
export async function approvedPlan({ table }: Services, run: Run): Promise<PlannedRun | undefined> {
  if (run.plan === undefined) return undefined;
  const planned = await readPlanned(table, run.program, run.plan);
  if (planned === undefined) {
    throw new InputError(`plan: got ${run.plan}; allowed: the hash of a plan of ${run.program} that is kept`);
  }
  return planned;
}

/** @throws {@link InputError} when the run would freeze other decisions than were shown. */
export function checkFrozen(planned: PlannedRun, frozen: PlannedRun['frozen']): void {
  if (canonicalJson(planned.frozen) !== canonicalJson(frozen))
    refuse(planned, 'pools or ranks would be decided otherwise');
}

/**
 * Keeps, of what the shards found, the participants whose changes are those that were shown. The others are named
 * on the run's record and due again. What the plan decides for everyone is frozen here, once all of it stands.
 * @throws {@link InputError} when the policy or a limit moved, when more than 1% of the participants did, or when
 * the plan decides what takes everyone and anyone did, or could not be evaluated.
 */
export async function keepApproved(
  services: Services,
  run: Run,
  outcomes: readonly ShardOutcome[],
): Promise<readonly ShardResult[]> {
  const shards = evaluatedShards(outcomes);
  const planned = await approvedPlan(services, run);
  if (planned === undefined) return shards;
  if (canonicalJson(planned.policy) !== canonicalJson(run.policy)) refuse(planned, 'the policy has changed');
  const limits = new Map(
    (await readPools(services.table, run.program)).map(({ pool, limit }) => [pool, limit]),
  );
  for (const [node, limit] of Object.entries(planned.limits)) {
    const now = limits.get(node);
    if (now !== limit) refuse(planned, `the limit of ${node} was ${limit} and is ${now}`);
  }
  const { parts } = await readManifest(services.plans, planned.manifest);
  const shown = await hashesOf(services, parts);
  const now = await hashesOf(
    services,
    shards.flatMap(({ part }) => part ?? []),
  );
  const all = new Set([...shown.keys(), ...now.keys()]);
  const moved = new Set([...all].filter((id) => shown.get(id) !== now.get(id)));
  if (planned.frozen.size > 0) {
    if (moved.size > 0) refuse(planned, `${moved.size} participants have moved, and it decides for all`);
    if (!isComplete(outcomes)) refuse(planned, 'not everyone could be evaluated, and it decides for all');
    await freezeShown(services, run, planned);
  }
  if (moved.size === 0) return shards;
  if (moved.size * 100 > all.size * MOVED_PERCENT)
    refuse(planned, `${moved.size} of ${all.size} participants have moved`);
  await markAgain(services, run, [...moved]);
  await recordProgress(services.table, run, { moved: [...moved].sort().slice(0, MOVED_SHOWN) });
  return Promise.all(shards.map((shard) => without(services.plans, shard, moved)));
}

/**
 * Funds a plan that was shown as it was shown: nobody gets less, and nobody more.
 * @returns undefined for a plan that nobody was shown, and for one applied partly, when it can no longer be funded.
 * @throws {@link InputError} when a pool can no longer fund what was shown.
 */
export async function asShown(
  services: Services,
  run: Run,
  parts: readonly string[],
  left: Left,
): Promise<Manifest | undefined> {
  const planned = await approvedPlan(services, run);
  if (planned === undefined) return undefined;
  const { cuts, reserved } = await readManifest(services.plans, planned.manifest);
  const needed: Record<string, number> = Object.fromEntries(Object.keys(reserved).map((node) => [node, 0]));
  for (const hash of parts) {
    for (const [node, amount] of paidByNode(await readPart(services.plans, hash), cuts))
      addClaim(needed, node, amount);
  }
  const short = Object.entries(needed).filter(([node, amount]) => amount > (left.get(node) ?? 0));
  if (short.length === 0) return { parts: [...parts], cuts, reserved: needed };
  if (run.partly) return undefined;
  const named = short.map(
    ([node, amount]) => `${node} has ${left.get(node) ?? 0} left of the ${amount} shown`,
  );
  refuse(planned, `${named.join(', ')} (apply --partly writes what can be funded, and lists the rest)`);
}

/** Records what was shown and is not funded any more: of a plan that is applied partly. */
export async function recordUnfunded(services: Services, run: Run, { parts, cuts }: Manifest): Promise<void> {
  const planned = await approvedPlan(services, run);
  if (planned === undefined || !run.partly) return;
  const shown = await readManifest(services.plans, planned.manifest);
  const unfunded = noListing();
  for (const hash of parts) {
    for (const { participantId, changes } of (await readPart(services.plans, hash)).participants) {
      for (const change of changes) {
        const missing = paidOf(change, participantId, shown.cuts) - paidOf(change, participantId, cuts);
        if (missing > 0) addListing(unfunded, `${participantId} ${change.occasion} ${missing}`);
      }
    }
  }
  if (unfunded.count > 0) await recordProgress(services.table, run, { unfunded });
}

async function freezeShown({ table }: Services, run: Run, planned: PlannedRun): Promise<void> {
  for (const [name, award] of planned.frozen) {
    const frozen = await freeze(table, run.program, name, award, run.runId);
    if (canonicalJson(frozen) !== canonicalJson(award)) refuse(planned, `${name} has been decided otherwise`);
  }
}

function refuse({ manifest }: PlannedRun, why: string): never {
  throw new InputError(`plan: ${manifest} no longer stands: ${why}. Nothing was written; plan again`);
}

/** The hash of each participant's changes in some parts. */
async function hashesOf({ plans }: Services, parts: readonly string[]): Promise<Map<string, string>> {
  const hashes = new Map<string, string>();
  for (const hash of parts) {
    for (const { participantId, changes } of (await readPart(plans, hash)).participants) {
      hashes.set(participantId, contentHash(changes));
    }
  }
  return hashes;
}
