/** Third stage: funds the plan from the pools, names it, and moves the run from planning to applying. */
import { type Cut, cutAmong, dateOfCut } from '../engine/allocate.ts';
import { budgetNodes } from '../policy/budget.ts';
import { findProgram } from '../policy/catalogue.ts';
import { release, reserve } from '../store/budget.ts';
import { readBudget } from '../store/budget-item.ts';
import { abandon, displacedBy, type Hold, readControl, startApplying } from '../store/control.ts';
import { type Run, recordAbandoned, recordProgress } from '../store/runs.ts';
import type { BusinessDate } from '../values/calendar.ts';
import { compareCodeUnits } from '../values/canonical.ts';
import { plus } from '../values/sums.ts';
import { asShown, keepApproved, recordUnfunded } from './approved.ts';
import { isComplete, type ShardOutcome, type ShardResult } from './evaluation.ts';
import { onePartEach } from './one-part.ts';
import { claimsOn, type Left, type Manifest, manifestText, readPart } from './plan.ts';
import type { Services } from './services.ts';
import { addClaim } from './totals.ts';

/** A plan that is named and funded. */
export interface Allocation {
  manifest: string;
  parts: string[];
}

/** Operators lower limits now and then: losing to them this often is no race any more. */
const ATTEMPTS = 10;

/**
 * If all claims on a pool fit, their total is reserved; if not, what is left is, and the plan says where the
 * queue ends. Losing a race for a pool's last units, to an operator who lowers its limit, starts it over.
 * @throws Error when the run was overtaken, {@link InputError} when a plan that was shown no longer stands.
 */
export async function allocate(
  services: Services,
  run: Run,
  outcomes: readonly ShardOutcome[],
): Promise<Allocation> {
  const shards = await keepApproved(services, run, await onePartEach(services, run, outcomes));
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { plan, hash } = await fund(services, run, shards);
    if (run.dryRun) return { manifest: hash, parts: plan.parts };
    const amounts = new Map(Object.entries(plan.reserved));
    const outcome = await reserve(services.table, run.program, run.epoch, amounts);
    if (outcome === 'overtaken') throw overtaken(run);
    if (outcome === 'short') continue;
    await recordUnfunded(services, run, plan);
    await moveOn(services, run, hash, outcomes);
    return { manifest: hash, parts: plan.parts };
  }
  throw new Error(
    `the budget of ${run.program} was lowered under run ${run.runId} ${ATTEMPTS} times: try again`,
  );
}

/** The plan of what the shards found, funded by what is left now, and stored. */
async function fund(services: Services, run: Run, shards: readonly ShardResult[]) {
  const left = await available(services, run);
  const parts = shards.flatMap(({ part }) => part ?? []);
  const plan = (await asShown(services, run, parts, left)) ?? (await cutToFit(services, run, shards, left));
  const { text, hash } = manifestText(plan);
  await services.plans.put(text);
  return { plan, hash };
}

/** Cuts each pool that has less left than is claimed. */
async function cutToFit(
  services: Services,
  run: Run,
  shards: readonly ShardResult[],
  left: Left,
): Promise<Manifest> {
  const parts = shards.flatMap(({ part }) => part ?? []);
  const claimed = claimedByPool(shards);
  const plan: Manifest = { parts, cuts: {}, reserved: {} };
  for (const [node, total] of narrowestFirst(run, services, claimed)) {
    const available = left.get(node);
    if (available === undefined) throw new Error(`${run.program} has no pool or limit ${node}`);
    plan.reserved[node] = Math.min(total, available);
    const cut = total > available ? await findCut(services, parts, node, available, plan.cuts) : undefined;
    if (cut !== undefined) plan.cuts[node] = cut;
  }
  return plan;
}

/** Limits of incentives are cut before the pools that they draw on. */
function narrowestFirst(
  run: Run,
  { catalogue }: Services,
  claimed: Record<string, number>,
): [string, number][] {
  const pools = new Set(Object.keys(findProgram(run.program, catalogue).pools));
  return Object.entries(claimed).sort(
    ([a], [b]) => Number(pools.has(a)) - Number(pools.has(b)) || compareCodeUnits(a, b),
  );
}

/** Claims on each pool, with 0 for one that something only returns to: its settlement is known by its reservation. */
function claimedByPool(shards: readonly ShardResult[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { claimed, lowers } of shards) {
    for (const [pool, amount] of Object.entries(claimed)) addClaim(sums, pool, amount);
    for (const pool of lowers) addClaim(sums, pool, 0);
  }
  return sums;
}

/**
 * What this run may reserve. What an earlier try of this very step has reserved stands as it is: funded by that, the
 * plan comes out the same.
 */
async function available({ table, catalogue }: Services, run: Run): Promise<Left> {
  const limits = budgetNodes(findProgram(run.program, catalogue)).map(
    ({ node, limit }) => [node, limit] as const,
  );
  if (run.fresh) return new Map(limits);
  const { pools, reservations } = await readBudget(table, run.program);
  const reserved = run.dryRun ? undefined : reservations.get(run.epoch);
  const left = [...pools.values()].map(
    ({ pool, left }) => [pool, reserved === undefined ? left : (reserved.get(pool) ?? 0)] as const,
  );
  return new Map([...limits, ...left]);
}

/**
 * Two passes over the parts, holding the claims of one date only: a million claims stay in little memory.
 * @returns undefined when the cuts already made leave enough.
 */
async function findCut(
  { plans }: Services,
  parts: readonly string[],
  node: string,
  available: number,
  cuts: Manifest['cuts'],
): Promise<Cut | undefined> {
  const byDate = new Map<BusinessDate, number>();
  for (const hash of parts) {
    for (const { earnedOn, amount } of claimsOn(await readPart(plans, hash), node, cuts))
      byDate.set(earnedOn, plus(byDate.get(earnedOn) ?? 0, amount));
  }
  const short = dateOfCut(byDate, available);
  if (short === undefined) return undefined;
  const claims = [];
  for (const hash of parts) {
    claims.push(
      ...claimsOn(await readPart(plans, hash), node, cuts).filter(({ earnedOn }) => earnedOn === short.date),
    );
  }
  return cutAmong(claims, short.left);
}

/**
 * From planning to applying. What a successor that finishes this plan has to know is on record before the move.
 * When the hold was lost, the reservation is left to whoever opens next: it may be that this very plan was taken over.
 */
async function moveOn(
  services: Services,
  run: Run,
  manifest: string,
  outcomes: readonly ShardOutcome[],
): Promise<void> {
  const failedShards = outcomes.flatMap((outcome) =>
    'error' in outcome ? `${outcome.shard}: ${outcome.error}` : [],
  );
  if (!isComplete(outcomes)) {
    const failed = failedShards.length === 0 ? {} : { failedShards };
    await recordProgress(services.table, run, { ...failed, incomplete: true });
  }
  if (!(await startApplying(services.table, run, manifest))) throw overtaken(run);
  await recordProgress(services.table, run, { state: 'applying', manifest });
}

function overtaken({ runId }: Run): Error {
  return new Error(`run ${runId} was overtaken by another while it was planning; it wrote nothing`);
}

/**
 * Gives a run up before it applied anything: the program is free, its reservation returns. The control item moves
 * first and says who was displaced; whoever opens next makes good what is not done after it.
 */
export async function abandonRun({ table }: Services, hold: Hold, failure: string): Promise<void> {
  const control = await readControl(table, hold.program);
  const { epoch, state, planEpoch = hold.epoch, displaced = [] } = control;
  if (epoch !== hold.epoch || state !== 'planning') return;
  const ended = [...displaced, ...displacedBy(control, failure)];
  if (!(await abandon(table, hold, ended))) return;
  for (const one of ended) await recordAbandoned(table, one.run, one.failure);
  await release(table, hold.program, planEpoch);
}
