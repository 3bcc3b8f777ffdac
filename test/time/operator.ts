/** What an operator does: plans, reads the difference, applies; and what the record then says. */
import { type Planned, planToShow, type RunOutcome } from '../../shared/pipeline/run-here.ts';
import { parseRunInput } from '../../shared/pipeline/run-input.ts';
import { verify } from '../../shared/pipeline/verify/verify.ts';
import { findProgram } from '../../shared/policy/catalogue.ts';
import type { Program } from '../../shared/policy/schema.ts';
import { readPlanned } from '../../shared/store/approvals.ts';
import { type RunRecord, readRun } from '../../shared/store/runs.ts';
import { PROGRAM, type World } from '../support/world.ts';

type Input = Record<string, unknown>;

/** Plans a run without writing an entry. */
export function plan(world: World, input: Input): Promise<Planned> {
  return planToShow(
    world.services,
    parseRunInput({ program: PROGRAM, requestedBy: 'test', ...input }),
    'planned',
  );
}

/** Applies a plan that was shown, with the input that it was kept with. */
export async function apply(
  world: World,
  hash: string,
  program = PROGRAM,
  partly = false,
): Promise<RunOutcome> {
  const planned = await readPlanned(world.table, program, hash);
  return world.run({ program, to: '2024-08-01', job: 'daily', ...planned?.input, plan: hash, partly });
}

/** The record of the run that an outcome is of. */
export async function recordOf(world: World, outcome: RunOutcome): Promise<RunRecord> {
  if (outcome.outcome !== 'done') throw new Error(`run ${outcome.runId} is a duplicate`);
  const record = await readRun(world.table, outcome.run.program, outcome.run.runId);
  if (record === undefined) throw new Error(`run ${outcome.run.runId} is not on record`);
  return record;
}

/** What a verification finds: how many of each, and in `names` who. */
export async function verified(world: World, program: Program | string = PROGRAM) {
  const known = typeof program === 'string' ? findProgram(program, world.services.catalogue) : program;
  const { differences, pending, corrections, unfunded, sealed, tooLate, undecided, ...found } = await verify(
    world.services,
    known,
  );
  return {
    ...found,
    differences: differences.map(({ what }) => what),
    mends: differences.map(({ mend }) => mend),
    pending: pending.count,
    corrections: corrections.count,
    unfunded: unfunded.count,
    sealed: sealed.count,
    tooLate: tooLate.count,
    undecided: undecided.first,
    names: {
      pending: pending.first,
      corrections: corrections.first,
      unfunded: unfunded.first,
      sealed: sealed.first,
      tooLate: tooLate.first,
    },
  };
}

/** Nothing is wrong, and nothing waits. */
export const CLEAN = {
  differences: [],
  pending: 0,
  corrections: 0,
  unfunded: 0,
  sealed: 0,
  tooLate: 0,
  unproven: 0,
};
/** Nobody is behind anything. */
export const NOBODY = { pending: [], corrections: [], unfunded: [], sealed: [], tooLate: [] };
