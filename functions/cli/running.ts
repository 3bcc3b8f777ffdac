/** Starting a run from the command line, watching it, and telling how it ended. */
import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import type { OnStage, RunOutcome } from '../../shared/pipeline/run-here.ts';
import { parseRunInput, type RunInput } from '../../shared/pipeline/run-input.ts';
import type { Listing, Totals } from '../../shared/store/runs.ts';
import { datesBetween } from '../../shared/values/calendar.ts';
import { formatAmount, type Unit } from '../../shared/values/units.ts';
import { type Format, note, printRecord, printTable, say } from './output.ts';
import { startProgress } from './progress.ts';
import type { Target } from './target.ts';

/** Who asks, for the record. */
export function requester(): string {
  return process.env.HONGBAO_USER ?? userInfo().username;
}

/** The id of a run by hand: readable, unique, and fit to name an execution. */
export function runIdFor({ program, job, to }: { program: string; job: string; to: string }): string {
  return `${program}.${job}.${to}.${randomUUID().slice(0, 8)}`;
}

/** Run input from options, of which those not given are undefined. @throws {@link InputError} */
export function inputOf(options: Record<string, unknown>): RunInput {
  return parseRunInput(
    Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)),
  );
}

/** Does work in stages with a progress bar, and stops between two of them on Ctrl-C. */
export async function watched<T>(program: string, work: (onStage: OnStage) => Promise<T>): Promise<T> {
  const progress = startProgress(1);
  const stopped = interruption();
  try {
    return await work((stage, done, of) => {
      progress.at(((stage === 'apply' ? 1 : 0) + done / of) / 2, `${program} ${stage}`);
      stopped.check();
    });
  } finally {
    progress.end();
    stopped.forget();
  }
}

/**
 * Runs one program and prints the outcome.
 * @throws {@link InputError} when the input makes no sense, {@link HeldError} when another writer is alive.
 */
export async function runAndTell(
  target: Target,
  input: Record<string, unknown> & { program: string; job: string; to: string },
  format: Format,
): Promise<RunOutcome> {
  const parsed = inputOf(input);
  const outcome = await watched(input.program, (onStage) => target.run(parsed, runIdFor(input), onStage));
  tell(outcome, format);
  return outcome;
}

/** Ctrl-C ends a run between two steps: what it planned is finished or given up by the next. */
function interruption() {
  let interrupted = false;
  const onInterrupt = () => {
    if (interrupted) process.exit(130);
    interrupted = true;
  };
  process.on('SIGINT', onInterrupt);
  return {
    check() {
      if (interrupted) throw new Error('interrupted: the next run finishes what this one had begun to write');
    },
    forget: () => void process.off('SIGINT', onInterrupt),
  };
}

function tell(outcome: RunOutcome, format: Format): void {
  if (outcome.outcome === 'duplicate') {
    note(`run ${outcome.runId} is done already`);
    return;
  }
  const { run, summary, finished } = outcome;
  for (const dead of finished) note(`finished run ${dead} first, which had died`);
  for (const failure of summary.failures ?? []) note(`not evaluated, and due again: ${failure}`);
  if (format !== 'table') {
    printRecord(format, { ...run, ...summary });
    return;
  }
  const verb = run.dryRun ? 'would write' : 'wrote';
  say(
    `${run.runId}: ${run.job} as of ${run.asOf}, ${summary.evaluated ?? 0} participants looked at, ${verb} ${summary.entries} entries`,
  );
  if (run.job === 'daily' && run.since !== undefined && run.since < run.to) {
    say(`covers the ${datesBetween(run.since, run.to).length} days from ${run.since} to ${run.to}`);
  }
  const rows = totalRows(summary);
  if (rows.length > 0) printTable(['incentive', 'entries', 'amount'], rows);
  listed(summary.unknown, 'participants have facts and are not known yet');
  listed(summary.tooLate, 'facts came too late for what they belong to, and do not count');
  listed(summary.tooLarge, 'sums pass what can be told exactly, and were refused');
  noteUndecided(run.program, summary.undecided);
  if (summary.held > 0) note(`${summary.held} lowerings wait for an operator: hongbao corrections`);
  for (const [pool, amount] of Object.entries(summary.short)) note(`pool ${pool} ran short by ${amount}`);
}

/** Tells how many there are, and the first of them by name. */
export function listed(listing: Listing | undefined, what: string): void {
  if (listing === undefined || listing.count === 0) return;
  const more = listing.count > listing.first.length ? ', …' : '';
  note(`${listing.count} ${what}: ${listing.first.join(', ')}${more}`);
}

/** Names the awards that are due and undecided: the next run that looks at everyone decides them, if it can. */
export function noteUndecided(program: string, undecided: Listing | undefined): void {
  listed(
    undecided,
    `awards of ${program} are due and undecided, until a run looks at everyone and all can be evaluated (hongbao awards)`,
  );
}

/** Totals as rows: incentive, entries, amount with its unit. */
export function totalRows({ incentives }: Totals): string[][] {
  return Object.entries(incentives)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { entries, amount }]) => {
      const [incentive = '', unit] = name.split(' ');
      return [incentive, String(entries), formatAmount(amount, unit as Unit)];
    });
}
