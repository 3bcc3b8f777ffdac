/** Frozen decisions: what takes everyone is decided once, put if absent before it is funded, and read ever after. */
import type { Award, Frozen } from '../engine/decision.ts';
import { canonicalJson } from '../values/canonical.ts';
import { getItem, type Item, itemsIn, putIfAbsent } from './items.ts';
import { keys, type Table } from './table.ts';

/** All frozen decisions of a program by `incentive/month`, read strongly. */
export async function readFrozen(table: Table, program: string): Promise<Frozen> {
  const { pk, sk } = keys.decided(program, '');
  const frozen = new Map<string, Award>();
  for await (const item of itemsIn(table, { pk, startsWith: sk }))
    frozen.set(String(item.decision), awardOf(item));
  return frozen;
}

/** Freezes a decision, unless it is frozen already. @returns the one that stands. */
export async function freeze(
  table: Table,
  program: string,
  decision: string,
  award: Award,
  runId: string,
): Promise<Award> {
  const key = keys.decided(program, decision);
  if (await putIfAbsent(table, { ...key, decision, shares: canonicalJson(award.shares), runId }))
    return award;
  const there = await getItem(table, key);
  if (there === undefined) throw new Error(`${program}: ${decision} is decided, and is not there`);
  return awardOf(there);
}

/** Awards as their canonical JSON has them: the pairs of each map. */
export type StoredAwards = [name: string, award: { shares: [string, number][] }][];

export function awardsFrom(stored: StoredAwards): Frozen {
  return new Map(stored.map(([name, { shares }]) => [name, { shares: new Map(shares) }]));
}

function awardOf({ shares }: Item): Award {
  return { shares: new Map(JSON.parse(String(shares)) as [string, number][]) };
}
