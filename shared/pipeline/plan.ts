/** A plan: parts with the changes of each participant, and the manifest that names them and says what is funded. */
import { type Claim, type Cut, funded, nodesOf } from '../engine/allocate.ts';
import type { Change } from '../engine/history.ts';
import type { PlanStore } from '../store/plans.ts';
import { canonicalJson, textHash } from '../values/canonical.ts';
import { at, plus } from '../values/sums.ts';
import { addClaim } from './totals.ts';

/** The changes of one shard's participants; a participant is in exactly one part of a plan (law 13). */
export interface Part {
  participants: Planned[];
}

/** What is planned for one participant. */
export interface Planned {
  participantId: string;
  changes: Change[];
  /** The entity whose shops it was decided with, if any. */
  entity?: string;
}

/** Names a whole plan by content: its parts, and where each pool that binds ends. */
export interface Manifest {
  parts: string[];
  cuts: Record<string, Cut>;
  /** What is reserved for it by pool; 0 where it only lowers. */
  reserved: Record<string, number>;
}

/** What may be drawn on: what is left of each pool and limit, by name. */
export type Left = ReadonlyMap<string, number>;

/** Stores a part; one without a change is no part. */
export async function storePart(plans: PlanStore, part: Part): Promise<string | undefined> {
  return part.participants.length === 0 ? undefined : plans.put(canonicalJson(part));
}

export async function readPart(plans: PlanStore, hash: string): Promise<Part> {
  return JSON.parse(await plans.get(hash)) as Part;
}

export async function readManifest(plans: PlanStore, hash: string): Promise<Manifest> {
  return JSON.parse(await plans.get(hash)) as Manifest;
}

/** The hash under which a manifest is stored. */
export function manifestText(manifest: Manifest): { text: string; hash: string } {
  const text = canonicalJson(manifest);
  return { text, hash: textHash(text) };
}

/** How many lowerings of a part wait for an operator. */
export function heldIn({ participants }: Part): number {
  return participants.flatMap(({ changes }) => changes.filter(({ hold }) => hold === 'put')).length;
}

/** What a change still claims, once the cuts of the narrower nodes are made. */
function claimOf(change: Change, participantId: string, cuts: Manifest['cuts']): Claim {
  const { earnedOn, occasion, amount, limitedBy } = change;
  const claim = { earnedOn, occasion, amount, participantId };
  return limitedBy === undefined ? claim : { ...claim, amount: funded(claim, at(cuts, limitedBy)) };
}

/** What a change is paid under all cuts. What it lowers, and what has no pool, needs no funding. */
export function paidOf(change: Change, participantId: string, cuts: Manifest['cuts']): number {
  if (change.pool === undefined || change.amount <= 0) return change.amount;
  const claim = claimOf(change, participantId, cuts);
  return Math.min(claim.amount, funded(claim, at(cuts, change.pool)));
}

/** What a part is paid under all cuts, by node. */
export function paidByNode({ participants }: Part, cuts: Manifest['cuts']): Map<string, number> {
  const paid = new Map<string, number>();
  for (const { participantId, changes } of participants) {
    for (const change of changes.filter(({ amount }) => amount > 0)) {
      const amount = paidOf(change, participantId, cuts);
      for (const node of nodesOf(change)) paid.set(node, plus(paid.get(node) ?? 0, amount));
    }
  }
  return paid;
}

/** The claims of a part on one node; on a pool, after the cuts of the incentives below it. */
export function claimsOn(part: Part, node: string, cuts: Manifest['cuts']): Claim[] {
  return part.participants.flatMap(({ participantId, changes }) =>
    changes
      .filter((change) => nodesOf(change).includes(node) && change.amount > 0)
      .map((change) => claimOf(change, participantId, node === change.pool ? cuts : {}))
      .filter(({ amount }) => amount > 0),
  );
}

/** What shards claimed and what they lower, by node of the budget. */
export interface Demand {
  claimed: Record<string, number>;
  /** Nodes that something returns to. */
  lowers: string[];
}

export function demandOf(part: Part): Demand {
  const claimed: Record<string, number> = {};
  const lowers = new Set<string>();
  for (const { changes } of part.participants) {
    for (const change of changes) {
      if (change.hold !== undefined) continue;
      for (const node of nodesOf(change)) {
        if (change.amount > 0) addClaim(claimed, node, change.amount);
        if (change.amount < 0) lowers.add(node);
      }
    }
  }
  return { claimed, lowers: [...lowers] };
}

/** What a shard found, without the changes of some participants. */
export async function without<T extends Demand & { part?: string; changed: number }>(
  plans: PlanStore,
  shard: T,
  ids: ReadonlySet<string>,
): Promise<T> {
  if (shard.part === undefined) return shard;
  const { participants } = await readPart(plans, shard.part);
  const part = { participants: participants.filter(({ participantId }) => !ids.has(participantId)) };
  const { part: _part, ...rest } = shard;
  const hash = await storePart(plans, part);
  return {
    ...(rest as T),
    ...(hash === undefined ? {} : { part: hash }),
    ...demandOf(part),
    changed: part.participants.length,
  };
}
