#!/usr/bin/env node
/** The command line: `hongbao <command>`. */
import { Command, CommanderError } from 'commander';
import { HeldError } from '../../shared/pipeline/run-here.ts';
import { InputError } from '../../shared/values/validation.ts';
import { backfillCommand } from './backfill.ts';
import { budgetCommand } from './budget.ts';
import { demoCommand } from './demo.ts';
import { explainCommand } from './explain.ts';
import { generateCommand } from './generate.ts';
import { importCommand } from './import.ts';
import { grantsCommand, ledgerCommand } from './ledger.ts';
import { quarantineCommand } from './quarantine.ts';
import { runCommand } from './run.ts';
import { runsCommand } from './runs.ts';

/** 0 done · 1 it failed · 2 bad usage or input, nothing written · 3 done, but facts were quarantined. */
const FAILED = 1;
const BAD_INPUT = 2;

const hongbao = new Command('hongbao').description('the incentive engine for live commerce');
for (const make of [
  importCommand,
  runCommand,
  backfillCommand,
  grantsCommand,
  ledgerCommand,
  explainCommand,
  budgetCommand,
  quarantineCommand,
  runsCommand,
  generateCommand,
  demoCommand,
]) {
  hongbao.addCommand(throwing(make()));
}

// A reader that has seen enough, as in `hongbao ledger | head`, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  await throwing(hongbao).parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

/** Commander exits by itself unless told to throw, on every level. */
function throwing(command: Command): Command {
  command.exitOverride().showSuggestionAfterError();
  for (const sub of command.commands) throwing(sub);
  return command;
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : BAD_INPUT;
  process.stderr.write(`hongbao: ${messageOf(error)}\n`);
  return error instanceof InputError ? BAD_INPUT : FAILED;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof InputError || error instanceof HeldError) return error.message;
  return process.env.HONGBAO_DEBUG === undefined
    ? error.message || error.name
    : (error.stack ?? error.message);
}
