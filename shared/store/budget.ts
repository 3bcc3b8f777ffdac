/**
 * The budget of a program: the limits of its pools, and of incentives below them, in **one item**, so that whatever
 * must change together does. `limit = granted + reserved + left` of each at every instant (law 7), whatever crashes,
 * or stalls and wakes:
 *
 * - The item has a `fence`. An opening that plans raises it to its epoch and releases what is reserved below it, in
 *   one update. Reserving needs the fence to be one's own epoch: whoever wakes late reserves nothing.
 * - A reservation is named by the epoch that planned it, which a run that is taken over keeps. Settling names it.
 *   One that is not there was settled when `settledEpoch` has reached it, and is lost otherwise, which is said aloud.
 */
import { budgetNodes } from '../policy/budget.ts';
import type { Program } from '../policy/schema.ts';
import { InputError, parseInput, reasonSchema } from '../values/validation.ts';
import {
  type Amounts,
  type Budget,
  type BudgetChange,
  BudgetUpdate,
  encodeAmounts,
  NO_BUDGET,
  of,
  type Pool,
  readBudget,
} from './budget-item.ts';
import { putIfAbsent } from './items.ts';
import { keys, type Table } from './table.ts';

const ATTEMPTS = 20;

/**
 * Makes the limits of a program's policy that are missing. A limit in policy counts at first use only.
 * @throws {@link InputError} when a policy gives a pool another unit than it was made with.
 */
export async function ensureBudget(table: Table, program: Program): Promise<void> {
  await change(table, program.program, (budget, update) => {
    addMissing(program, budget, update);
    return update.isEmpty ? 'done' : 'write';
  });
}

/**
 * Opens the budget for a run that plans: raises the fence to its epoch, and releases what is reserved below it.
 *
 * @param keep epochs whose reservations stay: of runs that were given up while they applied, of which nobody knows
 * what they had granted. Only a recount frees those.
 * @returns the budget as it was opened; undefined when another run has opened it since: this one was overtaken.
 */
export async function openBudget(
  table: Table,
  program: Program,
  { epoch, keep }: { epoch: number; keep: readonly number[] },
): Promise<Budget | undefined> {
  const opened = await change(table, program.program, (budget, update) => {
    if (budget.fence >= epoch) return 'done';
    for (const dead of budget.reservations.keys()) if (!keep.includes(dead)) giveBack(budget, dead, update);
    update.expect('fence', budget.fence);
    update.set('fence', epoch);
    addMissing(program, budget, update);
    return 'write';
  });
  if (opened.fence > epoch) return undefined;
  // As it now is: what is left counts what was released.
  const budget = await readBudget(table, program.program);
  return budget.fence === epoch ? budget : undefined;
}

/**
 * Reserves for the run of an epoch, all of its pools at once. Reserving the same again is success. Another reservation
 * of the same epoch is never replaced: its plan may be under way.
 *
 * @returns `short` when a pool has less left than that, `overtaken` when the fence or the reservation is another's.
 */
export async function reserve(
  table: Table,
  program: string,
  epoch: number,
  amounts: Amounts,
): Promise<'reserved' | 'short' | 'overtaken'> {
  let outcome: 'reserved' | 'short' | 'overtaken' = 'reserved';
  await change(table, program, ({ fence, reservations, pools }, update) => {
    const before = reservations.get(epoch);
    const short = [...amounts].some(([pool, amount]) => amount > (pools.get(pool)?.left ?? 0));
    const same = before !== undefined && encodeAmounts(before) === encodeAmounts(amounts);
    if (same) outcome = 'reserved';
    else if (fence !== epoch || before !== undefined) outcome = 'overtaken';
    else outcome = short ? 'short' : 'reserved';
    if (same || outcome !== 'reserved') return 'done';
    for (const [pool, amount] of amounts) {
      update.expectAtLeast(of.left(pool), amount);
      update.add(of.left(pool), -amount);
    }
    update.expect('fence', epoch);
    update.expect(of.reservation(epoch), undefined);
    update.set(of.reservation(epoch), encodeAmounts(amounts));
    return 'write';
  });
  return outcome;
}

/** What a run comes to, when it settles. */
export interface Settlement {
  /** What it granted, and what it took back, of each pool. */
  used: Amounts;
  lowered: Amounts;
  /** The pools that could not pay all that it claimed. */
  cut: readonly string[];
  /** Whether it looked at everyone who is owed anything, so that a pool it did not cut owes nobody. */
  all: boolean;
}

/**
 * Ends the reservation of a run: what was not used, and what the run took back, returns. Settling again changes
 * nothing. Money that comes back to a pool that had run short counts as a raise.
 *
 * @throws Error when more was used than reserved, or when the reservation is gone and was never settled.
 */
export async function settle(
  table: Table,
  program: string,
  planEpoch: number,
  { used, lowered, cut, all }: Settlement,
): Promise<void> {
  await change(table, program, (budget, update) => {
    const reserved = budget.reservations.get(planEpoch);
    if (reserved === undefined) {
      if (budget.settledEpoch >= planEpoch) return 'done';
      throw new Error(
        `${program}: the reservation of epoch ${planEpoch} is gone, and was never settled: what is left may be wrong (hongbao verify says by how much, hongbao budget recount mends it)`,
      );
    }
    const short = new Set([...budget.short.filter((pool) => !all || !reserved.has(pool)), ...cut]);
    let cameBack = false;
    for (const pool of new Set([...reserved.keys(), ...used.keys(), ...lowered.keys()])) {
      const unused = (reserved.get(pool) ?? 0) - (used.get(pool) ?? 0);
      if (unused < 0) {
        throw new Error(
          `${program}: the run of epoch ${planEpoch} used ${used.get(pool)} of pool ${pool}, more than its ${reserved.get(pool) ?? 0}`,
        );
      }
      const back = unused + (lowered.get(pool) ?? 0);
      update.add(of.left(pool), back);
      cameBack ||= back > 0 && short.has(pool);
    }
    update.expectReservation(budget, planEpoch);
    update.remove(of.reservation(planEpoch));
    update.set('settledEpoch', Math.max(planEpoch, budget.settledEpoch));
    update.set('short', [...short].sort());
    if (cameBack) update.add('raises', 1);
    return 'write';
  });
}

/** Releases the reservation of a run that was given up before it applied anything. Doing it again changes nothing. */
export async function release(table: Table, program: string, planEpoch: number): Promise<void> {
  await change(table, program, (budget, update) => {
    if (!budget.reservations.has(planEpoch)) return 'done';
    giveBack(budget, planEpoch, update);
    return 'write';
  });
}

/**
 * Changes a limit as it was read; what is left changes with it. A raise is counted in the same update.
 * @returns false when it has changed since, or less is left than it is lowered by: what is granted or reserved cannot
 * be taken back from it.
 * @throws {@link InputError} when the reason is blank.
 */
export async function setLimit(
  table: Table,
  program: string,
  { pool }: Pick<Pool, 'pool'>,
  to: BudgetChange,
): Promise<boolean> {
  const update = new BudgetUpdate();
  update.expect(of.limit(pool), to.from);
  update.expectAtLeast(of.left(pool), to.from - to.to);
  update.set(of.limit(pool), to.to);
  update.add(of.left(pool), to.to - to.from);
  update.append(of.changes(pool), { ...to, reason: parseInput(reasonSchema, to.reason, 'reason') });
  if (to.to > to.from) update.add('raises', 1);
  return update.write(table, program);
}

/**
 * Makes what is left of each pool equal to the ledger, and forgets all reservations. Only for the program's writer,
 * whose epoch is the fence, when nobody else can write an entry any more (law 12).
 * @returns false when the fence is another's.
 * @throws {@link InputError} when the reason is blank.
 */
export async function recountBudget(
  table: Table,
  program: string,
  epoch: number,
  granted: ReadonlyMap<string, number>,
  { reason: given, ...who }: Pick<BudgetChange, 'by' | 'reason' | 'at'>,
): Promise<boolean> {
  const record = { ...who, reason: parseInput(reasonSchema, given, 'reason') };
  const after = await change(table, program, (budget, update) => {
    if (budget.fence !== epoch) return 'done';
    const epochs = [...budget.reservations.keys()];
    for (const { pool, limit, left, reserved } of budget.pools.values()) {
      const to = limit - (granted.get(pool) ?? 0);
      if (to === left && reserved === 0) continue;
      update.expect(of.limit(pool), limit);
      update.expect(of.left(pool), left);
      update.set(of.left(pool), to);
      update.append(of.changes(pool), { from: left, to, ...record, recount: true });
    }
    for (const one of epochs) {
      update.expectReservation(budget, one);
      update.remove(of.reservation(one));
    }
    if (update.isEmpty) return 'done';
    update.expect('fence', epoch);
    update.set('settledEpoch', Math.max(budget.settledEpoch, ...epochs));
    update.add('raises', 1);
    return 'write';
  });
  return after.fence === epoch;
}

/**
 * Reads, decides what to change, and writes it if nothing of it has changed meanwhile; otherwise over again.
 * @returns the budget as it was before.
 */
async function change(
  table: Table,
  program: string,
  decide: (budget: Budget, update: BudgetUpdate) => 'write' | 'done',
): Promise<Budget> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const budget = await readBudget(table, program);
    if (budget === NO_BUDGET) {
      await putIfAbsent(table, { ...keys.budget(program), fence: 0, settledEpoch: 0, raises: 0, short: [] });
      continue;
    }
    const update = new BudgetUpdate();
    if (decide(budget, update) === 'done' || (await update.write(table, program))) return budget;
  }
  throw new Error(`the budget of ${program} changed under ${ATTEMPTS} writes in a row: try again`);
}

function addMissing(program: Program, { pools }: Budget, update: BudgetUpdate): void {
  for (const { node, unit, limit } of budgetNodes(program)) {
    const known = pools.get(node);
    if (known === undefined) {
      update.expect(of.limit(node), undefined);
      update.set(of.limit(node), limit);
      update.set(of.left(node), limit);
      update.set(of.unit(node), unit);
    } else if (known.unit !== unit) {
      throw new InputError(
        `policy ${program.program}: pool ${node}: got unit ${unit}; allowed: ${known.unit}, with which it was first used`,
      );
    }
  }
}

function giveBack(budget: Budget, epoch: number, update: BudgetUpdate): void {
  for (const [pool, amount] of budget.reservations.get(epoch) ?? []) update.add(of.left(pool), amount);
  update.expectReservation(budget, epoch);
  update.remove(of.reservation(epoch));
}
