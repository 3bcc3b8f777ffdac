/** The jobs as commands: the same options whether one is run, planned or shown dry. */
import type { Command } from 'commander';
import { firstDay, lastDay } from '../../shared/values/calendar.ts';
import { InputError } from '../../shared/values/validation.ts';
import {
  type CommonOptions,
  checkRange,
  command,
  dateArgument,
  monthArgument,
  programsOf,
  withTarget,
} from './command.ts';
import { requester } from './running.ts';
import type { Target } from './target.ts';

/** Run input as the options say it, before it is parsed. */
interface JobInput extends Record<string, unknown> {
  program: string;
  job: 'daily' | 'month-end' | 'backfill';
  to: string;
  dryRun: boolean;
}

/** What is done with a job, program by program. */
export type JobAction = (target: Target, input: JobInput, options: CommonOptions) => Promise<void>;

interface JobOptions extends CommonOptions {
  asOf?: string;
  dryRun?: boolean;
}

const DRY_RUN = ['--dry-run', 'show what would be written, and write nothing'] as const;

export function dailyJob(verb: string, act: JobAction): Command {
  return command(
    'daily',
    'look at whoever is due by the end of the day after DATE, as of DATE',
    `${verb} daily --date 2024-08-01`,
  )
    .requiredOption('--date <date>', 'the business date', dateArgument)
    .option('--as-of <date>', 'decide as of another date', dateArgument)
    .option(...DRY_RUN)
    .action((options: JobOptions & { date: string }) =>
      each(options, act, { job: 'daily', to: options.date }),
    );
}

export function monthEndJob(verb: string, act: JobAction): Command {
  return command(
    'month-end',
    'look at everyone with facts in the month, whenever they arrived',
    `${verb} month-end --month 2024-08`,
  )
    .requiredOption('--month <month>', 'the month', monthArgument)
    .option('--as-of <date>', 'decide as of another date: decisions with a lag fall due later', dateArgument)
    .option(...DRY_RUN)
    .action((options: JobOptions & { month: string }) =>
      each(options, act, { job: 'month-end', from: firstDay(options.month), to: lastDay(options.month) }),
    );
}

interface BackfillOptions extends JobOptions {
  from: string;
  to: string;
  participant?: string[];
  reason?: string;
}

/** @param asksWhy whether a backfill of a shared table has to say why. */
export function backfillJob(example: string, act: JobAction, asksWhy: boolean): Command {
  return command(
    'backfill',
    'look at everyone with facts in a range, whenever they arrived, in one run',
    `${example} --from 2024-07-01 --to 2024-08-31`,
  )
    .requiredOption('--from <date>', 'the first date', dateArgument)
    .requiredOption('--to <date>', 'the last date', dateArgument)
    .option(
      '--as-of <date>',
      'decide as of another date than the later of --to and the last closed as-of',
      dateArgument,
    )
    .option('--participant <id...>', 'only these: nothing is then decided that takes everyone')
    .option('--reason <text>', 'why, for the record: required unless --dry-run or --local')
    .option(...DRY_RUN)
    .action((options: BackfillOptions) => {
      checkRange(options);
      if (asksWhy) requireReason(options);
      const { from, to, participant: participants, reason } = options;
      return each(options, act, { job: 'backfill', from, to, participants, reason });
    });
}

function requireReason({ endpoint, stage, dryRun = false, reason }: BackfillOptions): void {
  if ((endpoint ?? stage) !== undefined && !dryRun && reason === undefined) {
    throw new InputError('--reason: got nothing; allowed: why this backfill is run, for the record');
  }
}

async function each(
  options: JobOptions,
  act: JobAction,
  about: Pick<JobInput, 'job' | 'to'> & Record<string, unknown>,
): Promise<void> {
  const { asOf, dryRun = false } = options;
  const inputs = programsOf(options).map(({ program }) => ({
    program,
    ...about,
    asOf,
    dryRun,
    requestedBy: requester(),
  }));
  await withTarget(options, async (target) => {
    for (const input of inputs) await act(target, input, options);
  });
}
