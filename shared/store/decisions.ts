/** Frozen decisions: what takes everyone is decided once, put if absent before it is funded, and read ever after. */
import type { Award, Frozen } from '../engine/decision.ts';
import { canonicalJson } from '../values/canonical.ts';
import { getItem, type Item, itemsIn, putIfAbsent } from './items.ts';
import { keys, type Table } from './table.ts';

/** All frozen decisions of a program by `incentive/month`, read strongly. */
export async function readFrozen(table: Table, program: string): Promise<Frozen> {
  return new Map((await readAwards(table, program)).map(({ name, award }) => [name, award]));
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

/** An operator's decision on an award, for the record. */
export interface Closed {
  by: string;
  reason: string;
  at: string;
}

/** An award as it is kept: decided by a run, or closed by an operator. */
export interface StoredAward {
  name: string;
  award: Award;
  runId?: string;
  closed?: Closed;
}

/** Closes an award that is not decided: nobody gets anything of it. @returns false when it is decided already. */
export function closeAward(table: Table, program: string, name: string, closed: Closed): Promise<boolean> {
  return putIfAbsent(table, { ...keys.decided(program, name), decision: name, shares: '[]', closed });
}

/** All awards of a program that are decided or closed, by name. */
export async function readAwards(table: Table, program: string): Promise<StoredAward[]> {
  const { pk, sk } = keys.decided(program, '');
  const awards: StoredAward[] = [];
  for await (const item of itemsIn(table, { pk, startsWith: sk })) {
    const { decision, runId, closed } = item;
    const who = closed === undefined ? { runId: String(runId) } : { closed: closed as Closed };
    awards.push({ name: String(decision), award: awardOf(item), ...who });
  }
  return awards;
}

/** Awards as their canonical JSON has them: the pairs of each map. */
export type StoredAwards = [name: string, award: { shares: [string, number][]; closed?: true }][];

export function awardsFrom(stored: StoredAwards): Frozen {
  return new Map(stored.map(([name, award]) => [name, { ...award, shares: new Map(award.shares) }]));
}

function awardOf({ shares, closed }: Item): Award {
  const pairs = JSON.parse(String(shares)) as [string, number][];
  return { shares: new Map(pairs), ...(closed === undefined ? {} : { closed: true as const }) };
}
