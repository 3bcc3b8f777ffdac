/** `hongbao run daily`, `hongbao run month-end`: the scheduled jobs, by hand. */
import type { Command } from 'commander';
import { FACTS_ZONE } from '../../shared/facts/schema.ts';
import { arrivalDays } from '../../shared/store/due.ts';
import { addDays, businessDate, firstDay, lastDay } from '../../shared/values/calendar.ts';
import {
  type CommonOptions,
  command,
  dateArgument,
  group,
  monthArgument,
  programsOf,
  withTarget,
} from './command.ts';
import { note } from './output.ts';
import { requester, runAndTell } from './running.ts';
import type { Target } from './target.ts';

interface RunOptions extends CommonOptions {
  date: string;
  month: string;
  asOf?: string;
  dryRun?: boolean;
}

export function runCommand(): Command {
  const daily = command(
    'daily',
    'look at whoever is due by the end of the day after DATE, as of DATE',
    'run daily --date 2024-08-01',
  )
    .requiredOption('--date <date>', 'the business date', dateArgument)
    .option('--as-of <date>', 'decide as of another date', dateArgument)
    .option('--dry-run', 'show what would be written, and write nothing')
    .action((options: RunOptions) => runDaily(options));
  const monthEnd = command(
    'month-end',
    'look at everyone with facts in the month, whenever they arrived',
    'run month-end --month 2024-08',
  )
    .requiredOption('--month <month>', 'the month', monthArgument)
    .option('--as-of <date>', 'decide as of another date: decisions with a lag fall due later', dateArgument)
    .option('--dry-run', 'show what would be written, and write nothing')
    .action((options: RunOptions) => runMonthEnd(options));
  return group('run', 'the scheduled jobs, by hand', 'run daily --date 2024-08-01')
    .addCommand(daily)
    .addCommand(monthEnd);
}

async function runDaily(options: RunOptions): Promise<void> {
  const programs = programsOf(options);
  await withTarget(options, async (target) => {
    for (const { program } of programs) {
      const input = { program, job: 'daily', to: options.date, ...common(options) };
      const outcome = await runAndTell(target, input, options.format);
      if (outcome.outcome === 'done' && outcome.summary.evaluated === 0)
        await hintAtBackfill(target, options.date);
    }
  });
}

async function runMonthEnd(options: RunOptions): Promise<void> {
  const programs = programsOf(options);
  const [from, to] = [firstDay(options.month), lastDay(options.month)];
  await withTarget(options, async (target) => {
    for (const { program } of programs) {
      await runAndTell(target, { program, job: 'month-end', from, to, ...common(options) }, options.format);
    }
  });
}

function common({ asOf, dryRun = false }: RunOptions) {
  return { asOf, dryRun, requestedBy: requester() };
}

/** Facts imported today are due today: a daily run for an earlier date does not look at them. */
async function hintAtBackfill({ services: { table } }: Target, date: string): Promise<void> {
  const today = businessDate(Date.now(), FACTS_ZONE);
  if (addDays(date, 1) >= today || (await arrivalDays(table, today, today)).length === 0) return;
  note(
    `nobody was due by ${addDays(date, 1)}: the facts imported today, ${today}, are due today. To look at everyone with facts on a date, whenever they arrived:\n  hongbao backfill --from ${date} --to ${date}`,
  );
}
