/** `hongbao backfill`: everyone with facts in a range, whenever they arrived, in one run. */
import type { Command } from 'commander';
import { backfillJob, type JobAction } from './jobs.ts';
import { runAndTell } from './running.ts';

export function backfillCommand(): Command {
  return backfillJob({ verb: 'backfill', act: backfill, writes: true });
}

const backfill: JobAction = async (target, input, { format }) =>
  void (await runAndTell(target, input, format));
