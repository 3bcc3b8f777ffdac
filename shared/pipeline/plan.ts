/** A plan: parts with the changes of each participant, and the manifest that names them and says what is funded. */
import type { Claim, Cut } from '../engine/allocate.ts';
import type { Change } from '../engine/reconcile.ts';
import type { PlanStore } from '../store/plans.ts';
import { canonicalJson, textHash } from '../values/canonical.ts';
import { addTo } from './totals.ts';

/** The changes of one shard's participants; a participant is in exactly one part of a plan. */
export interface Part {
  participants: { participantId: string; changes: Change[] }[];
}

/** Names a whole plan by content: its parts, and where each pool that binds ends. */
export interface Manifest {
  parts: string[];
  cuts: Record<string, Cut>;
  /** What is reserved for it by pool; 0 where it only lowers. */
  reserved: Record<string, number>;
}

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

/** The claims of a part on one pool. */
export function claimsOn(part: Part, pool: string): Claim[] {
  return part.participants.flatMap(({ participantId, changes }) =>
    changes
      .filter((change) => change.pool === pool && change.amount > 0)
      .map(({ earnedOn, occasion, amount }) => ({ earnedOn, occasion, amount, participantId })),
  );
}

/** What shards claimed and what they lower, by pool. */
export interface Demand {
  claimed: Record<string, number>;
  /** Pools that something returns to. */
  lowers: string[];
}

export function demandOf(part: Part): Demand {
  const claimed: Record<string, number> = {};
  const lowers = new Set<string>();
  for (const { changes } of part.participants) {
    for (const { pool, amount } of changes) {
      if (pool === undefined) continue;
      if (amount > 0) addTo(claimed, pool, amount);
      if (amount < 0) lowers.add(pool);
    }
  }
  return { claimed, lowers: [...lowers] };
}
