/** `hongbao verify`: does the ledger say what the facts and the policy do, and do the sums agree? */
import type { Command } from 'commander';
import { verify } from '../../shared/pipeline/verify.ts';
import { type CommonOptions, command, programsOf, withTarget } from './command.ts';
import { note, printRows } from './output.ts';

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
      ]);
      const named = found.flatMap(({ program, differences }) =>
        differences.map((one) => `${program}: ${one}`),
      );
      for (const difference of named) note(difference);
      if (named.length > 0) process.exitCode = DIFFERENT_EXIT;
    }),
  );
}
