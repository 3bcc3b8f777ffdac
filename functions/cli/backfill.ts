/** `hongbao backfill`: everyone with facts in a range, whenever they arrived, in one run. */
import type { Command } from 'commander';
import { InputError } from '../../shared/values/validation.ts';
import { type CommonOptions, checkRange, command, dateArgument, programsOf, withTarget } from './command.ts';
import { requester, runAndTell } from './running.ts';

interface BackfillOptions extends CommonOptions {
  from: string;
  to: string;
  asOf?: string;
  participant?: string[];
  reason?: string;
  dryRun?: boolean;
}

export function backfillCommand(): Command {
  return command(
    'backfill',
    'look at everyone with facts in a range, whenever they arrived, in one run',
    'backfill --program treasure-host --from 2024-07-01 --to 2024-08-31',
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
    .option('--dry-run', 'show what would be written, and write nothing')
    .action(backfill);
}

async function backfill(options: BackfillOptions): Promise<void> {
  const { from, to, asOf, participant: participants, reason, dryRun = false } = options;
  checkRange(options);
  const remote = options.endpoint !== undefined || options.stage !== undefined;
  if (remote && !dryRun && reason === undefined) {
    throw new InputError('--reason: got nothing; allowed: why this backfill is run, for the record');
  }
  const programs = programsOf(options);
  await withTarget(options, async (target) => {
    for (const { program } of programs) {
      const input = {
        program,
        job: 'backfill',
        from,
        to,
        asOf,
        participants,
        reason,
        dryRun,
        requestedBy: requester(),
      };
      await runAndTell(target, input, options.format);
    }
  });
}
