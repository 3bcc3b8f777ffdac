/** Third stage: funds the plan from the pools, names it, and moves the run from planning to applying. */
import { type Cut, cutAmong, dateOfCut } from '../engine/allocate.ts';
import { budgetNodes } from '../policy/budget.ts';
import { findProgram } from '../policy/catalogue.ts';
import { abandon, type Hold, readControl, startApplying } from '../store/control.ts';
import { readPools, reserve, settle } from '../store/pools.ts';
import { type Run, recordProgress } from '../store/runs.ts';
import type { BusinessDate } from '../values/calendar.ts';
import { compareCodeUnits } from '../values/canonical.ts';
import { keepApproved } from './approved.ts';
import type { ShardOutcome, ShardResult } from './evaluation.ts';
import { claimsOn, type Manifest, manifestText, readPart } from './plan.ts';
import type { Services } from './services.ts';
import { addTo } from './totals.ts';

/** A plan that is named and funded. */
export interface Allocation {
  manifest: string;
  parts: string[];
}

/**
 * If all claims on a pool fit, their total is reserved; if not, what is left is, and the plan says where the
 * queue ends. Losing a race for a pool's last units, to an operator who lowers its limit, starts it over.
 * @throws Error when the run was overtaken.
 */
export async function allocate(
  services: Services,
  run: Run,
  outcomes: readonly ShardOutcome[],
): Promise<Allocation> {
  const shards = await keepApproved(services, run, outcomes);
  const parts = shards.flatMap(({ part }) => part ?? []);
  const claimed = claimedByPool(shards);
  const cuts: Record<string, Cut> = {};
  const reserved: Record<string, number> = {};
  const left = await available(services, run);
  for (const node of narrowestFirst(run, services, Object.keys(claimed))) {
    const available = left[node];
    const total = claimed[node] ?? 0;
    if (available === undefined) throw new Error(`${run.program} has no pool or limit ${node}`);
    reserved[node] = Math.min(total, available);
    const cut = total > available ? await findCut(services, parts, node, available, cuts) : undefined;
    if (cut !== undefined) cuts[node] = cut;
  }
  const plan: Manifest = { parts, cuts, reserved };
  const { text, hash } = manifestText(plan);
  await services.plans.put(text);
  if (run.dryRun) return { manifest: hash, parts };
  if (!(await reserveAll(services, run, reserved))) {
    await release(services, run, reserved);
    if ((await readControl(services.table, run.program)).epoch !== run.epoch) throw overtaken(run);
    return allocate(services, run, outcomes);
  }
  const failedShards = outcomes.flatMap((outcome) =>
    'error' in outcome ? `${outcome.shard}: ${outcome.error}` : [],
  );
  // Before the move: a successor that finishes this plan has to know.
  if (failedShards.length > 0) await recordProgress(services.table, run, { failedShards });
  if (!(await startApplying(services.table, run, hash))) {
    await release(services, run, reserved);
    throw overtaken(run);
  }
  await recordProgress(services.table, run, { state: 'applying', manifest: hash });
  return { manifest: hash, parts };
}

/** Limits of incentives are cut before the pools that they draw on. */
function narrowestFirst(run: Run, { catalogue }: Services, nodes: readonly string[]): string[] {
  const { pools } = findProgram(run.program, catalogue);
  return nodes.toSorted((a, b) => Number(a in pools) - Number(b in pools) || compareCodeUnits(a, b));
}

/** Claims on each pool, with 0 for one that something only returns to: its settlement is known by its reservation. */
function claimedByPool(shards: readonly ShardResult[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { claimed, lowers } of shards) {
    for (const [pool, amount] of Object.entries(claimed)) addTo(sums, pool, amount);
    for (const pool of lowers) addTo(sums, pool, 0);
  }
  return sums;
}

/** What this run may reserve: what is left, and what an earlier try of this very stage reserved already. */
async function available({ table, catalogue }: Services, run: Run): Promise<Record<string, number>> {
  const limits = budgetNodes(findProgram(run.program, catalogue)).map(
    ({ node, limit }) => [node, limit] as const,
  );
  if (run.fresh) return Object.fromEntries(limits);
  const left = (await readPools(table, run.program)).map(
    ({ pool, left, reservations }) => [pool, left + (reservations[run.runId] ?? 0)] as const,
  );
  return Object.fromEntries([...limits, ...left]);
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
  const byDate: Record<BusinessDate, number> = {};
  for (const hash of parts) {
    for (const { earnedOn, amount } of claimsOn(await readPart(plans, hash), node, cuts))
      addTo(byDate, earnedOn, amount);
  }
  const short = dateOfCut(new Map(Object.entries(byDate)), available);
  if (short === undefined) return undefined;
  const claims = [];
  for (const hash of parts) {
    claims.push(
      ...claimsOn(await readPart(plans, hash), node, cuts).filter(({ earnedOn }) => earnedOn === short.date),
    );
  }
  return cutAmong(claims, short.left);
}

async function reserveAll({ table }: Services, run: Run, reserved: Manifest['reserved']): Promise<boolean> {
  for (const [pool, amount] of Object.entries(reserved)) {
    if (!(await reserve(table, run.program, pool, run.runId, amount))) return false;
  }
  return true;
}

function overtaken({ runId }: Run): Error {
  return new Error(`run ${runId} was overtaken by another while it was planning; it wrote nothing`);
}

/** Releases what a run reserved, unless another start of the same run holds the program: then it is that one's. */
async function release({ table }: Services, run: Hold, amounts: Manifest['reserved']): Promise<void> {
  const { epoch, writer } = await readControl(table, run.program);
  if (epoch !== run.epoch && writer === run.runId) return;
  const held = new Map(
    (await readPools(table, run.program)).map(({ pool, reservations }) => [pool, reservations[run.runId]]),
  );
  for (const pool of Object.keys(amounts)) {
    const reserved = held.get(pool);
    if (reserved !== undefined) {
      await settle(table, run.program, pool, run.runId, { reserved, used: 0, lowered: 0 });
    }
  }
}

/** Gives a run up before it applied anything: its reservations return, and the program is free. */
export async function abandonRun(services: Services, run: Hold, failure: string): Promise<void> {
  const { table } = services;
  const { epoch, state } = await readControl(table, run.program);
  if (epoch !== run.epoch || state !== 'planning') return;
  // Recorded first: once the program is free, nobody would know to do it.
  await recordProgress(table, run, { state: 'abandoned', failure });
  if (!(await abandon(table, run))) return;
  const pools = await readPools(table, run.program);
  await release(services, run, Object.fromEntries(pools.map(({ pool }) => [pool, 0])));
}
