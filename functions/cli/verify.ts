/** `hongbao verify`: does the ledger say what the facts and the policy do, and do the sums agree? */
import type { Command } from 'commander';
import { listingOf } from '../../shared/pipeline/totals.ts';
import { verify } from '../../shared/pipeline/verify.ts';
import { type CommonOptions, command, programsOf, withTarget } from './command.ts';
import { note, printRows } from './output.ts';
import { noteUndecided } from './running.ts';

const DIFFERENT_EXIT = 1;

export function verifyCommand(): Command {
  return command(
    'verify',
    're-plan and re-add everything; a difference is named and exits 1',
    'verify',
  ).action((options: CommonOptions) =>
    withTarget(options, async ({ services }) => {
      const found = [];
      for (const program of programsOf(options)) found.push(await verify(services, program));
      const rows = found.map((one) => ({
        ...one,
        differences: one.differences.length,
        named: one.differences,
        undecided: one.undecided.length,
        undecidedAwards: one.undecided,
      }));
      printRows(options.format, rows, [
        'program',
        'entries',
        'participants',
        'differences',
        'pending',
        'held',
        'unfunded',
        'sealed',
        'undecided',
      ]);
      const named = found.flatMap(({ program, differences }) =>
        differences.map((one) => `${program}: ${one}`),
      );
      for (const difference of named) note(difference);
      for (const { program, undecided } of found) noteUndecided(program, listingOf(undecided));
      if (named.length > 0) process.exitCode = DIFFERENT_EXIT;
    }),
  );
}
