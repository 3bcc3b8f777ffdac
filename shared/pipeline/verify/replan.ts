/** Everyone planned again, as of the last closed as-of: what a run that looks at everyone would change now, by why. */
import type { Change } from '../../engine/history.ts';
import type { Program } from '../../policy/schema.ts';
import { versionHashes } from '../../policy/versions.ts';
import type { Control } from '../../store/control.ts';
import { memoryPlans } from '../../store/plans.ts';
import type { Listing, Run, RunRecord } from '../../store/runs.ts';
import type { BusinessDate } from '../../values/calendar.ts';
import { readPart } from '../plan.ts';
import { evaluateAll } from '../run-here.ts';
import { scheduledHorizon, scopeOf } from '../run-scope.ts';
import type { Services } from '../services.ts';
import { addListing, noListing, sumListings } from '../totals.ts';
import type { Ledger } from './ledger.ts';
import { backfillCommand, type Fault } from './mend.ts';
import { awaitedBy, isUnfunded, readWaiting, takesEveryone, type Waiting } from './waits.ts';

/** What planning again comes to. Only `differences` are wrong. */
export interface Replanned {
  differences: Fault[];
  pending: Listing;
  unfunded: Listing;
  sealed: Listing;
  tooLate: Listing;
}

export async function replan(
  given: Services,
  program: Program,
  control: Control,
  { runs, ledger, undecided }: { runs: readonly RunRecord[]; ledger: Ledger; undecided: readonly string[] },
): Promise<Replanned> {
  const found = {
    differences: [] as Fault[],
    pending: noListing(),
    unfunded: noListing(),
    sealed: noListing(),
    tooLate: noListing(),
  };
  if (control.closedAsOf === undefined) return found;
  const services = { ...given, plans: memoryPlans() };
  const run = await asIfRun(services, program, control, control.closedAsOf);
  listSealed(found.sealed, ledger, run);
  const { results } = await evaluateAll(services, run, [{ shard: 0, of: 1 }]);
  found.tooLate = sumListings(results.map(({ tooLate }) => tooLate));
  for (const { failed, failures } of results) {
    const rest = failed - failures.length;
    found.differences.push(
      ...failures.map((failure) => ({
        what: `not evaluated: ${failure}`,
        mend: explainCommand(program, failure),
      })),
      ...(rest === 0 ? [] : [{ what: `not evaluated: ${rest} more`, mend: 'mend these first' }]),
    );
  }
  const waiting = await readWaiting(services, program, control, { runs, undecided });
  for (const part of results.flatMap((result) => result.part ?? [])) {
    for (const { participantId, changes } of (await readPart(services.plans, part)).participants) {
      for (const change of changes) await tellApart(found, waiting, run, participantId, change);
    }
  }
  return found;
}

/**
 * A run that looks at everyone as the scheduled ones do, no farther back: what is sealed for them is not judged. Its
 * reads are strong, because what one missed would look like a difference.
 */
async function asIfRun(
  services: Services,
  program: Program,
  control: Control,
  asOf: BusinessDate,
): Promise<Run> {
  const horizon = scheduledHorizon(services.table, program, asOf);
  const dates = { from: asOf, to: asOf, asOf };
  const scope = await scopeOf(services, { job: 'backfill' }, dates, { horizon, full: true }, control);
  return {
    program: program.program,
    runId: 'verify',
    epoch: 0,
    planEpoch: 0,
    job: 'backfill',
    ...dates,
    horizon,
    ...scope,
    full: true,
    dryRun: true,
    requestedBy: 'verify',
    openedAt: new Date(services.now()).toISOString(),
    codeVersion: services.codeVersion,
    policy: versionHashes(program),
    raises: 0,
    consistent: true,
  };
}

function explainCommand({ program }: Program, failure: string): string {
  return `hongbao explain ${failure.slice(0, failure.indexOf(': '))} --program ${program}`;
}

async function tellApart(
  found: Replanned,
  waiting: Waiting,
  run: Run,
  participantId: string,
  change: Change,
): Promise<void> {
  const { occasion, amount, unit } = change;
  const awaited = await awaitedBy(waiting, participantId, change);
  if (awaited !== undefined) addListing(found.pending, `${participantId} ${occasion}, by ${awaited}`);
  else if (isUnfunded(change)) addListing(found.unfunded, `${participantId} ${occasion}, ${amount} ${unit}`);
  else found.differences.push(describe(waiting, run, participantId, change));
}

function describe(waiting: Waiting, { asOf }: Run, participantId: string, change: Change): Fault {
  const { occasion, amount, unit, reason, hold } = change;
  const held = hold === undefined ? '' : ' (to be held)';
  const whom = takesEveryone(waiting, change) ? undefined : participantId;
  return {
    what: `${participantId} ${occasion}: the ledger is off by ${amount} ${unit}, because ${reason}${held}`,
    mend: backfillCommand(waiting.program.program, { from: asOf, to: asOf }, whom),
  };
}

/** Occasions whose last entry rests on facts from before the horizon. */
function listSealed(sealed: Listing, { occasions }: Ledger, { horizon }: Run): void {
  for (const [name, { readsFrom }] of occasions) if (readsFrom < horizon) addListing(sealed, name);
}
