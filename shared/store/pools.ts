/**
 * Pools: a limit, what is left of it, and one reservation a run. A pool is reserved before the first entry that
 * draws on it and settled after the last, so that what is granted never passes the limit (law 7).
 */
import { budgetNodes } from '../policy/budget.ts';
import type { Program } from '../policy/schema.ts';
import type { Unit } from '../values/units.ts';
import { type Item, itemsIn, putIfAbsent, updateIf } from './items.ts';
import { keys, type Table } from './table.ts';

/** A pool as it stands: `limit = granted + reserved + left`. */
export interface Pool {
  pool: string;
  unit: Unit;
  limit: number;
  left: number;
  /** What unsettled runs hold, by run id. */
  reservations: Readonly<Record<string, number>>;
  /** Changes of the limit, the first first. */
  changes: readonly LimitChange[];
}

const RESERVATION = 'r#';

/** Makes the nodes of a program's budget that are missing, at the limits of its policy. */
export async function ensurePools(table: Table, program: Program): Promise<void> {
  for (const { node, unit, limit } of budgetNodes(program)) {
    await putIfAbsent(table, { ...keys.pool(program.program, node), unit, limit, left: limit });
  }
}

/** The pools of a program, read strongly, by name. */
export async function readPools(table: Table, program: string): Promise<Pool[]> {
  const pools: Pool[] = [];
  for await (const item of itemsIn(table, { pk: keys.pool(program, '').pk })) pools.push(decodePool(item));
  return pools;
}

/**
 * Reserves for a run. Reserving the same again is success.
 * @returns false when the pool has less left than that, or the run holds another reservation.
 */
export async function reserve(
  table: Table,
  program: string,
  pool: string,
  runId: string,
  amount: number,
): Promise<boolean> {
  const done = await updateIf(table, keys.pool(program, pool), {
    update: 'SET #left = #left - :amount, #run = :amount',
    condition: '#left >= :amount AND attribute_not_exists(#run)',
    names: { '#left': 'left', '#run': `${RESERVATION}${runId}` },
    values: { ':amount': amount },
  });
  if (done) return true;
  const now = (await readPools(table, program)).find((candidate) => candidate.pool === pool);
  return now?.reservations[runId] === amount;
}

/**
 * Ends a run's reservation: what was not used, and what the run took back, returns to the pool. Settling again
 * changes nothing.
 */
export async function settle(
  table: Table,
  program: string,
  pool: string,
  runId: string,
  { reserved, used, lowered }: { reserved: number; used: number; lowered: number },
): Promise<void> {
  if (used > reserved)
    throw new Error(`run ${runId} used ${used} of pool ${pool}, more than its ${reserved}`);
  await updateIf(table, keys.pool(program, pool), {
    update: 'SET #left = #left + :back REMOVE #run',
    condition: '#run = :reserved',
    names: { '#left': 'left', '#run': `${RESERVATION}${runId}` },
    values: { ':back': reserved - used + lowered, ':reserved': reserved },
  });
}

/** A change of a limit, on the record. */
export interface LimitChange {
  from: number;
  to: number;
  by: string;
  reason: string;
  at: string;
}

/**
 * Changes the limit of a pool as it was read; what is left changes with it.
 * @returns false when the pool has changed since, or less is left than the limit is lowered by: what is granted or
 * reserved cannot be taken back from it.
 */
export async function setLimit(
  table: Table,
  program: string,
  pool: Pool,
  change: LimitChange,
): Promise<boolean> {
  return updateIf(table, keys.pool(program, pool.pool), {
    update:
      'SET #limit = :to, #left = #left + :by, #changes = list_append(if_not_exists(#changes, :none), :change)',
    condition: '#limit = :from AND #left >= :lowered',
    names: { '#limit': 'limit', '#left': 'left', '#changes': 'changes' },
    values: {
      ':from': change.from,
      ':to': change.to,
      ':by': change.to - change.from,
      ':lowered': Math.max(0, change.from - change.to),
      ':none': [],
      ':change': [change],
    },
  });
}

/**
 * Releases every reservation of a program. Only for the holder of its control item, before it plans: whoever
 * reserved then is dead, and has written nothing on it.
 */
export async function releaseAll(table: Table, program: string): Promise<void> {
  for (const { pool, reservations } of await readPools(table, program)) {
    for (const [runId, reserved] of Object.entries(reservations)) {
      await settle(table, program, pool, runId, { reserved, used: 0, lowered: 0 });
    }
  }
}

function decodePool(item: Item): Pool {
  const reservations = Object.entries(item)
    .filter(([attribute]) => attribute.startsWith(RESERVATION))
    .map(([attribute, amount]) => [attribute.slice(RESERVATION.length), Number(amount)]);
  return {
    pool: String(item.sk),
    unit: item.unit,
    limit: Number(item.limit),
    left: Number(item.left),
    reservations: Object.fromEntries(reservations),
    changes: (item.changes ?? []) as LimitChange[],
  };
}
