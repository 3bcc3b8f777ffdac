/** `hongbao backfill`: everyone with facts in a range, whenever they arrived, in one run. */
import type { Command } from 'commander';
import { backfillJob, requireReason } from './jobs.ts';
import { runAndTell } from './running.ts';

export function backfillCommand(): Command {
  return backfillJob('backfill --program treasure-host', async (target, input, options) => {
    requireReason(options, input);
    await runAndTell(target, input, options.format);
  });
}
