/** Frozen decisions: what takes everyone is decided once, put if absent before it is funded, and read ever after. */
import type { Frozen } from '../engine/decision.ts';
import { getItem, itemsIn, putIfAbsent } from './items.ts';
import { keys, type Table } from './table.ts';

/** All frozen decisions of a program by `incentive/month`, read strongly. */
export async function readFrozen(table: Table, program: string): Promise<Frozen> {
  const { pk, sk } = keys.decided(program, '');
  const frozen: Record<string, Record<string, number>> = {};
  for await (const { decision, shares } of itemsIn(table, { pk, startsWith: sk }))
    frozen[String(decision)] = shares;
  return frozen;
}

/** Freezes a decision, unless it is frozen already. @returns the one that stands. */
export async function freeze(
  table: Table,
  program: string,
  decision: string,
  shares: Readonly<Record<string, number>>,
  runId: string,
): Promise<Readonly<Record<string, number>>> {
  const key = keys.decided(program, decision);
  if (await putIfAbsent(table, { ...key, decision, shares, runId })) return shares;
  return (await getItem(table, key))?.shares ?? {};
}
