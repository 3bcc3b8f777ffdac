/** Plans shown to an operator: what was asked, and what it rested on, so that applying can tell what has moved. */
import type { Frozen } from '../engine/decision.ts';
import { canonicalJson } from '../values/canonical.ts';
import { awardsFrom, type StoredAwards } from './decisions.ts';
import { getItem, putItem } from './items.ts';
import { expiry, keys, type Table } from './table.ts';

export interface PlannedRun {
  /** The hash of the plan's manifest: what people call the plan. */
  manifest: string;
  /** The input that planned it, with the dates it came to. */
  input: Record<string, unknown>;
  policy: Record<string, string>;
  /** The limit of each node of the budget. */
  limits: Record<string, number>;
  /** The decisions that it would freeze. */
  frozen: Frozen;
  plannedBy: string;
  plannedAt: string;
}

/** Keeps a plan for as long as facts are kept. It holds nothing: any number may wait side by side. */
export async function keepPlanned(
  table: Table,
  program: string,
  plan: PlannedRun,
  nowMs: number,
): Promise<void> {
  await putItem(table, {
    ...keys.planned(program, plan.manifest),
    ...plan,
    frozen: canonicalJson(plan.frozen),
    expiresAt: expiry(nowMs),
  });
}

/** A plan by its hash, read strongly. */
export async function readPlanned(
  table: Table,
  program: string,
  manifest: string,
): Promise<PlannedRun | undefined> {
  const item = await getItem(table, keys.planned(program, manifest));
  if (item === undefined) return undefined;
  const { pk: _pk, sk: _sk, expiresAt: _expiresAt, ...plan } = item;
  return { ...plan, frozen: awardsFrom(JSON.parse(String(plan.frozen)) as StoredAwards) } as PlannedRun;
}
