/** Every command, under one name. */
import { Command } from 'commander';
import { awardsCommand } from './awards.ts';
import { backfillCommand } from './backfill.ts';
import { budgetCommand } from './budget.ts';
import { correctionsCommand } from './corrections.ts';
import { demoCommand } from './demo.ts';
import { explainCommand } from './explain.ts';
import { generateCommand } from './generate.ts';
import { importCommand } from './import.ts';
import { grantsCommand, ledgerCommand } from './ledger.ts';
import { complain } from './output.ts';
import { applyCommand, planCommand } from './plan.ts';
import { policyCommand } from './policy.ts';
import { quarantineCommand } from './quarantine.ts';
import { runCommand } from './run.ts';
import { runsCommand } from './runs.ts';
import { verifyCommand } from './verify.ts';

/** The command line, ready to parse. It throws where commander would exit. */
export function hongbao(): Command {
  const all = new Command('hongbao')
    .description('the incentive engine for live commerce')
    .addHelpText('after', '\nExample:\n  $ hongbao demo');
  for (const make of [
    importCommand,
    runCommand,
    backfillCommand,
    planCommand,
    policyCommand,
    applyCommand,
    grantsCommand,
    ledgerCommand,
    explainCommand,
    budgetCommand,
    correctionsCommand,
    awardsCommand,
    quarantineCommand,
    runsCommand,
    verifyCommand,
    generateCommand,
    demoCommand,
  ]) {
    all.addCommand(make());
  }
  return throwing(all);
}

/** Commander exits by itself, and repeats what was typed as it was, unless told otherwise on every level. */
function throwing(command: Command): Command {
  command
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({ writeErr: (text) => complain(text.trimEnd()) });
  for (const sub of command.commands) throwing(sub);
  return command;
}
