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
  reasonArgument,
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

/** What is done with a job, and how its commands read. */
interface Doing {
  /** How the example of a command starts. */
  verb: string;
  act: JobAction;
  /** Whether it writes: then it can be shown dry, and a backfill of a shared table has to say why. */
  writes: boolean;
}

function job(name: string, description: string, example: string, { verb, writes }: Doing): Command {
  const made = command(name, description, `${verb}${example}`);
  return writes ? made.option('--dry-run', 'show what would be written, and write nothing') : made;
}

export function dailyJob(doing: Doing): Command {
  return job(
    'daily',
    'look at whoever is due by the end of the day after DATE, as of DATE',
    ' daily --date 2024-08-01',
    doing,
  )
    .requiredOption('--date <date>', 'the business date', dateArgument)
    .option('--as-of <date>', 'decide as of another date', dateArgument)
    .action((options: JobOptions & { date: string }) =>
      each(options, doing, { job: 'daily', to: options.date }),
    );
}

export function monthEndJob(doing: Doing): Command {
  return job(
    'month-end',
    'look at everyone with facts in the month, whenever they arrived',
    ' month-end --month 2024-08',
    doing,
  )
    .requiredOption('--month <month>', 'the month', monthArgument)
    .option('--as-of <date>', 'decide as of another date: decisions with a lag fall due later', dateArgument)
    .option('--without <id...>', 'decide without these, which cannot be evaluated: they are due again')
    .option('--reason <text>', 'why, for the record: required beside --without', reasonArgument)
    .action((options: MonthEndOptions) => {
      const { month, without, reason } = options;
      return each(options, doing, {
        job: 'month-end',
        from: firstDay(month),
        to: lastDay(month),
        without,
        reason,
      });
    });
}

interface MonthEndOptions extends JobOptions {
  month: string;
  without?: string[];
  reason?: string;
}

interface BackfillOptions extends JobOptions {
  from: string;
  to: string;
  participant?: string[];
  reason?: string;
}

export function backfillJob(doing: Doing): Command {
  return job(
    'backfill',
    'look at everyone with facts in a range, whenever they arrived, in one run',
    ' --program treasure-host --from 2024-07-01 --to 2024-08-31',
    doing,
  )
    .requiredOption('--from <date>', 'the first date', dateArgument)
    .requiredOption('--to <date>', 'the last date', dateArgument)
    .option(
      '--as-of <date>',
      'decide as of another date than the later of --to and the last closed as-of',
      dateArgument,
    )
    .option('--participant <id...>', 'only these: nothing is then decided that takes everyone')
    .option('--reason <text>', 'why, for the record: required unless --dry-run or --local', reasonArgument)
    .action((options: BackfillOptions) => {
      checkRange(options);
      if (doing.writes) requireReason(options);
      const { from, to, participant: participants, reason } = options;
      return each(options, doing, { job: 'backfill', from, to, participants, reason });
    });
}

function requireReason({ endpoint, stage, dryRun = false, reason }: BackfillOptions): void {
  if ((endpoint ?? stage) !== undefined && !dryRun && reason === undefined) {
    throw new InputError('--reason: got nothing; allowed: why this backfill is run, for the record');
  }
}

async function each(
  options: JobOptions,
  { act, writes }: Doing,
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
  const work = async (target: Target) => {
    for (const input of inputs) await act(target, input, options);
  };
  await withTarget(options, work, { makes: writes && !dryRun });
}
