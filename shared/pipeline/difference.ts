/** What a plan would change, for a person to judge before it is applied. */
import type { PlanStore } from '../store/plans.ts';
import { compareCodeUnits } from '../values/canonical.ts';
import { plusToTell } from '../values/sums.ts';
import type { Unit } from '../values/units.ts';
import { paidOf, readManifest, readPart } from './plan.ts';

/** Entries and their amount. */
export interface Count {
  entries: number;
  amount: number;
}

/** One incentive in one unit, from one pool. */
interface DifferenceRow {
  incentive: string;
  unit: Unit;
  pool: string;
  new: Count;
  raised: Count;
  lowered: Count;
  /** Earned and refused: entries of amount 0. */
  refused: Count;
  /** Lowerings that would wait for an operator. */
  held: Count;
  /** What the pool cannot pay. */
  unfunded: Count;
}

interface LargeChange {
  participantId: string;
  occasion: string;
  unit: Unit;
  amount: number;
  reason: string;
}

export interface Difference {
  plan: string;
  participants: number;
  rows: DifferenceRow[];
  /** The largest changes of each unit but perks. */
  largest: LargeChange[];
  /** Net change by unit. */
  totals: Partial<Record<Unit, number>>;
}

type Effect = 'new' | 'raised' | 'lowered' | 'refused' | 'held' | 'unfunded';

const LARGEST = 10;

/** Reads a stored plan and says what it comes to. */
export async function differenceOf(plans: PlanStore, manifest: string): Promise<Difference> {
  const { parts, cuts } = await readManifest(plans, manifest);
  const rows = new Map<string, DifferenceRow>();
  const totals: Partial<Record<Unit, number>> = {};
  let largest: LargeChange[] = [];
  let participants = 0;
  for (const hash of parts) {
    for (const { participantId, changes } of (await readPart(plans, hash)).participants) {
      participants++;
      for (const change of changes) {
        const { incentive, unit, pool = '', occasion, reason } = change;
        if (change.hold === 'drop') continue;
        const key = `${incentive} ${unit} ${pool}`;
        const row = rows.get(key) ?? emptyRow(incentive, unit, pool);
        rows.set(key, row);
        const paid = paidOf(change, participantId, cuts);
        if (paid !== change.amount) count(row.unfunded, change.amount - paid);
        if (paid === 0 && change.amount > 0) continue;
        const effect = effectOf(change, paid);
        count(row[effect], paid);
        if (effect === 'held') continue;
        totals[unit] = plusToTell(totals[unit] ?? 0, paid);
        if (unit !== 'count') largest.push({ participantId, occasion, unit, amount: paid, reason });
      }
    }
    largest = largestOf(largest);
  }
  const sorted = [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  return { plan: manifest, participants, rows: sorted, largest, totals };
}

function effectOf({ hold, n }: { hold?: string; n: number }, paid: number): Effect {
  if (hold !== undefined) return 'held';
  if (paid < 0) return 'lowered';
  if (paid === 0) return 'refused';
  return n === 1 ? 'new' : 'raised';
}

function emptyRow(incentive: string, unit: Unit, pool: string): DifferenceRow {
  const none = () => ({ entries: 0, amount: 0 });
  return {
    incentive,
    unit,
    pool,
    new: none(),
    raised: none(),
    lowered: none(),
    refused: none(),
    held: none(),
    unfunded: none(),
  };
}

function count(sum: Count, amount: number): void {
  sum.entries++;
  sum.amount = plusToTell(sum.amount, amount);
}

/** The ten largest of each unit: exposures and money do not compare. */
function largestOf(changes: readonly LargeChange[]): LargeChange[] {
  const sorted = changes.toSorted(
    (a, b) => Math.abs(b.amount) - Math.abs(a.amount) || compareCodeUnits(a.participantId, b.participantId),
  );
  const units = [...new Set(sorted.map(({ unit }) => unit))].sort();
  return units.flatMap((unit) => sorted.filter((change) => change.unit === unit).slice(0, LARGEST));
}
