/** `hongbao plan` shows what a run would change; `hongbao apply` writes a plan that was shown. */
import type { Command } from 'commander';
import type { Count, Difference } from '../../shared/pipeline/difference.ts';
import { planToShow } from '../../shared/pipeline/run-here.ts';
import { type PlannedRun, readPlanned } from '../../shared/store/approvals.ts';
import { readRun } from '../../shared/store/runs.ts';
import { formatAmount, formatCount, type Unit } from '../../shared/values/units.ts';
import { InputError } from '../../shared/values/validation.ts';
import { type CommonOptions, command, group, programsOf, reasonArgument, withTarget } from './command.ts';
import { backfillJob, dailyJob, type JobAction, monthEndJob } from './jobs.ts';
import { bold, note, printRecord, printTable, say } from './output.ts';
import { inputOf, listed, requester, runAndTell, runIdFor, watched } from './running.ts';
import type { Target } from './target.ts';

export function planCommand(): Command {
  return group(
    'plan',
    'show what a run would change, and write no entry',
    'plan backfill --from 2024-08-01 --to 2024-08-31',
  )
    .addCommand(dailyJob(PLAN))
    .addCommand(monthEndJob(PLAN))
    .addCommand(backfillJob({ ...PLAN, verb: 'plan backfill' }), { isDefault: true });
}

const planAndTell: JobAction = async (target, input, { format }) => {
  const { run, difference } = await watched(input.program, (onStage) =>
    planToShow(target.services, inputOf(input), runIdFor(input), onStage),
  );
  if (format !== 'table')
    printRecord(format, { program: run.program, job: run.job, asOf: run.asOf, ...difference });
  else tell(difference, `${run.program}: ${run.job} ${run.from} to ${run.to} as of ${run.asOf}`);
};

const PLAN = { verb: 'plan', act: planAndTell, writes: false };

function tell({ plan, participants, rows, largest, totals }: Difference, title: string): void {
  say(bold(title));
  if (rows.length === 0) say('nothing would change');
  else {
    say(`${participants} participants would change`);
    const head = ['incentive', 'pool', 'new', 'raised', 'lowered', 'refused', 'held', 'unfunded'];
    printTable(
      head,
      rows.map(({ incentive, pool, unit, ...counts }) => [
        incentive,
        pool,
        ...(['new', 'raised', 'lowered', 'refused', 'held', 'unfunded'] as const).map((effect) =>
          cell(counts[effect], unit),
        ),
      ]),
    );
    const net = Object.entries(totals).map(([unit, amount]) => formatAmount(amount, unit as Unit));
    say(bold('in all'), ` ${net.join(', ')}`);
    say(bold('the largest'));
    const top = largest.map(({ participantId, occasion, unit, amount, reason }) => [
      participantId,
      occasion,
      formatAmount(amount, unit),
      reason,
    ]);
    printTable(['participant', 'occasion', 'amount', 'reason'], top);
  }
  say('plan ', bold(plan));
  note(`to write it: hongbao apply ${plan}`);
}

function cell({ entries, amount }: Count, unit: Unit): string {
  if (entries === 0) return '';
  return amount === 0 ? formatCount(entries) : `${formatCount(entries)}: ${formatAmount(amount, unit)}`;
}

interface ApplyOptions extends CommonOptions {
  partly?: boolean;
  reason?: string;
}

export function applyCommand(): Command {
  return command(
    'apply',
    'write a plan that was shown, to everyone whose part of it still stands',
    'apply 0123456789abcdef0123456789abcdef',
  )
    .argument('<hash>', 'as plan printed it')
    .option(
      '--partly',
      'also where a pool can no longer fund what was shown: writes what it can, lists the rest',
    )
    .option('--reason <text>', 'why, for the record', reasonArgument)
    .action((hash: string, options: ApplyOptions) =>
      withTarget(options, (target) => apply(target, hash, options)),
    );
}

async function apply(target: Target, hash: string, options: ApplyOptions): Promise<void> {
  const planned = await findPlan(target, hash, options);
  const { input } = planned;
  const outcome = await runAndTell(
    target,
    {
      ...(input as { program: string; job: string; to: string }),
      plan: planned.manifest,
      partly: options.partly ?? false,
      requestedBy: requester(),
      ...(options.reason === undefined ? {} : { reason: options.reason }),
    },
    options.format,
  );
  if (outcome.outcome !== 'done') return;
  const { program, runId } = outcome.run;
  const { moved = [], unfunded } = (await readRun(target.services.table, program, runId)) ?? {};
  if (moved.length > 0)
    note(`moved since the plan was shown, left as they are and due again: ${moved.join(', ')}`);
  listed(unfunded, 'rewards were shown, and are short by');
}

async function findPlan(
  { services: { table: store } }: Target,
  hash: string,
  options: CommonOptions,
): Promise<PlannedRun> {
  for (const { program } of programsOf(options)) {
    const planned = await readPlanned(store, program, hash);
    if (planned !== undefined) return planned;
  }
  throw new InputError(
    `plan: got ${JSON.stringify(hash)}; allowed: the hash of a plan made here (hongbao plan prints it)`,
  );
}
