/** `hongbao verify`: does the ledger say what the facts and the policy do, and do the sums agree? */
import type { Command } from 'commander';
import type { Fault } from '../../shared/pipeline/verify/mend.ts';
import { type Verification, verify } from '../../shared/pipeline/verify/verify.ts';
import { type CommonOptions, command, programsOf, withTarget } from './command.ts';
import { complain, note, printRows, type Row } from './output.ts';
import { listed, noteUndecided } from './running.ts';

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
      printRows(options.format, found.map(rowOf), [
        'program',
        'entries',
        'participants',
        'differences',
        'pending',
        'corrections',
        'unfunded',
        'sealed',
        'tooLate',
        'undecided',
        'unproven',
      ]);
      for (const one of found) tell(one);
      if (found.some(({ differences }) => differences.length > 0)) process.exitCode = DIFFERENT_EXIT;
    }),
  );
}

/** Numbers in columns, and who is behind them in two fields more. */
function rowOf(found: Verification): Row {
  const { program, entries, participants, differences, pending, corrections, unfunded } = found;
  const { sealed, tooLate, undecided, unproven } = found;
  return {
    program,
    entries,
    participants,
    differences: differences.length,
    pending: pending.count,
    corrections: corrections.count,
    unfunded: unfunded.count,
    sealed: sealed.count,
    tooLate: tooLate.count,
    undecided: undecided.count,
    unproven,
    named: differences.map(inWords),
    names: {
      pending: pending.first,
      corrections: corrections.first,
      unfunded: unfunded.first,
      sealed: sealed.first,
      tooLate: tooLate.first,
      undecided: undecided.first,
    },
  };
}

function inWords({ what, mend }: Fault): string {
  return `${what}: ${mend}`;
}

function tell(found: Verification): void {
  const { program, differences, pending, corrections, unfunded, sealed, undecided, unproven } = found;
  const { tooLate } = found;
  for (const difference of differences) complain(`${program}: ${inWords(difference)}`);
  listed(pending, `changes of ${program} wait for a run`);
  listed(corrections, `lowerings of ${program} wait for an operator (hongbao corrections)`);
  listed(unfunded, `rewards of ${program} wait for a higher limit (hongbao budget)`);
  listed(sealed, `occasions of ${program} rest on facts older than runs read, and keep their sums`);
  listed(
    tooLate,
    `facts of ${program} came too late for what they belong to, and do not count (hongbao explain)`,
  );
  noteUndecided(program, undecided);
  if (unproven > 0)
    note(
      `${unproven} entries of ${program} could not be compared with their plans, which are not kept any more: their sums were`,
    );
}
