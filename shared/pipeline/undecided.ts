/**
 * Months that could not be decided are never dropped in silence (law 6). When an award falls due and the table has facts
 * of its month, the control item names it as undecided from then on, whatever happens to the facts, until a run that
 * looks at everyone decides it or an operator closes it.
 */
import { awardsDue, type DueAward, readsFromForAward } from '../engine/awards.ts';
import { findProgram } from '../policy/catalogue.ts';
import type { Program } from '../policy/schema.ts';
import type { Control } from '../store/control.ts';
import { readFrozen } from '../store/decisions.ts';
import { arrivalDays } from '../store/due.ts';
import type { Run, RunRecord } from '../store/runs.ts';
import { floorOf, type Table } from '../store/table.ts';
import { type BusinessDate, earlier, firstDay, later } from '../values/calendar.ts';
import { compareCodeUnits } from '../values/canonical.ts';
import type { Services } from './services.ts';

/** The awards of a program that are due and undecided as of its last closed as-of, in the order of their names. */
export async function readUndecided(table: Table, program: string, control: Control): Promise<string[]> {
  const { undecided = [] } = control;
  if (undecided.length === 0) return [];
  const decided = await readFrozen(table, program);
  return undecided.filter((name) => !decided.has(name));
}

/**
 * The awards that are undecided once a run closes: those that were, and those that fell due since with facts of their
 * months in the table, but for those that are frozen or closed, and those that this run decided.
 *
 * @param whole whether the run looked at everyone and decided everyone.
 */
export async function undecidedAfter(
  { table, catalogue }: Services,
  run: Run,
  control: Control,
  whole: boolean,
): Promise<string[]> {
  const program = programOf(catalogue, run);
  const asOf = later(control.closedAsOf ?? run.asOf, run.asOf);
  const due = await withFacts(table, awardsDue(program, control.closedAsOf, asOf));
  const known = [...new Set([...(control.undecided ?? []), ...due])].sort(compareCodeUnits);
  const decided = known.length === 0 ? new Map() : await readFrozen(table, run.program);
  const seen = (name: string) => whole && readsFromForAward(program, name) >= run.horizon;
  return known.filter((name) => !decided.has(name) && !seen(name));
}

/** The versions that a run saw, as far as they are there: what closes a run must not fail (law 12). */
function programOf(catalogue: readonly Program[], run: Run): Program {
  const { versions, ...deployed } = findProgram(run.program, catalogue);
  return { ...deployed, versions: versions.filter(({ version }) => Object.hasOwn(run.policy, version)) };
}

/** Those of whose month the table had facts when they fell due: something had arrived by then, since it began. */
async function withFacts(table: Table, due: readonly DueAward[]): Promise<string[]> {
  if (due.length === 0) return [];
  const first = due.map(({ month }) => firstDay(month)).reduce(earlier);
  const last = due.map(({ decidedOn }) => decidedOn).reduce(later);
  const arrivals = await arrivalDays(table, first, last);
  return due
    .filter(({ month, decidedOn }) => arrivals.some((date) => firstDay(month) <= date && date <= decidedOn))
    .map(({ name }) => name);
}

/**
 * Whether a run looked at everyone and everyone was decided: nobody failed, was put off or displaced, or had moved since
 * the plan was shown.
 */
export function isWhole(
  run: Run,
  record: RunRecord | undefined,
  parts: readonly { failed: number; displaced: number }[],
): boolean {
  const { failedShards = [], moved = [], putOff, incomplete = false } = record ?? {};
  return (
    run.full &&
    !incomplete &&
    failedShards.length + moved.length + (putOff?.count ?? 0) === 0 &&
    parts.every(({ failed, displaced }) => failed + displaced === 0)
  );
}

/** How far back a run that looks at everyone reads: to its oldest undecided month too, if that can still be seen whole. */
export async function horizonForUndecided(
  table: Table,
  program: Program,
  control: Control,
  horizon: BusinessDate,
): Promise<BusinessDate> {
  const floor = floorOf(table);
  return (await readUndecided(table, program.program, control))
    .map((name) => readsFromForAward(program, name))
    .filter((first) => floor === undefined || first >= floor)
    .reduce(earlier, horizon);
}
