/** `hongbao run daily`, `hongbao run month-end`: the scheduled jobs, by hand. */
import type { Command } from 'commander';
import { FACTS_ZONE } from '../../shared/facts/schema.ts';
import { arrivalDays } from '../../shared/store/due.ts';
import { addDays, businessDate } from '../../shared/values/calendar.ts';
import { group } from './command.ts';
import { dailyJob, type JobAction, monthEndJob } from './jobs.ts';
import { note } from './output.ts';
import { runAndTell } from './running.ts';
import type { Target } from './target.ts';

export function runCommand(): Command {
  return group('run', 'the scheduled jobs, by hand', 'run daily --date 2024-08-01')
    .addCommand(dailyJob({ verb: 'run', act: runDaily, writes: true }))
    .addCommand(monthEndJob({ verb: 'run', act: runMonthEnd, writes: true }));
}

const runMonthEnd: JobAction = async (target, input, { format }) =>
  void (await runAndTell(target, input, format));

const runDaily: JobAction = async (target, input, { format }) => {
  const outcome = await runAndTell(target, input, format);
  if (outcome.outcome === 'done' && outcome.summary.evaluated === 0) await hintAtBackfill(target, input.to);
};

/** Facts imported today are due today: a daily run for an earlier date does not look at them. */
async function hintAtBackfill({ services: { table } }: Target, date: string): Promise<void> {
  const today = businessDate(Date.now(), FACTS_ZONE);
  if (addDays(date, 1) >= today || (await arrivalDays(table, today, today)).length === 0) return;
  note(
    `nobody was due by ${addDays(date, 1)}: the facts imported today, ${today}, are due today. To look at everyone with facts on a date, whenever they arrived:\n  hongbao backfill --from ${date} --to ${date}`,
  );
}
