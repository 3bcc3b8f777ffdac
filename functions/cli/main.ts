#!/usr/bin/env node
/** The command line: `hongbao <command>`. */
import { CommanderError } from 'commander';
import { HeldError } from '../../shared/pipeline/run-here.ts';
import { InputError } from '../../shared/values/validation.ts';
import { hongbao } from './hongbao.ts';
import { complain } from './output.ts';

/** 0 done · 1 it failed · 2 bad usage or input, nothing written · 3 done, but facts were quarantined. */
const FAILED = 1;
const BAD_INPUT = 2;

// A reader that has seen enough, as in `hongbao ledger | head`, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  await hongbao().parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : BAD_INPUT;
  complain(`hongbao: ${messageOf(error)}`);
  return error instanceof InputError ? BAD_INPUT : FAILED;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof InputError || error instanceof HeldError) return error.message;
  return process.env.HONGBAO_DEBUG === undefined
    ? error.message || error.name
    : (error.stack ?? error.message);
}
