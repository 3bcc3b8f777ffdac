/** Verifies one program: does its ledger say what the facts and the policy do, and do the sums agree? Writes nothing. */
import * as z from 'zod';
import { HeldError } from '../shared/pipeline/run-here.ts';
import { verify } from '../shared/pipeline/verify/verify.ts';
import { findProgram } from '../shared/policy/catalogue.ts';
import { readEnvironment } from '../shared/runtime/env.ts';
import { logger } from '../shared/runtime/logger.ts';
import { count } from '../shared/runtime/metrics.ts';
import { lambdaHandler } from '../shared/runtime/middleware.ts';
import { once, openVerification } from '../shared/runtime/services.ts';
import { parseInput } from '../shared/values/validation.ts';

const environment = readEnvironment('verify');
const services = once(() => openVerification(environment));

const eventSchema = z.strictObject({ program: z.string().min(1) });

/** Figures only: names are logged, because a state machine carries 256 KB. */
interface Figures {
  program: string;
  entries: number;
  participants: number;
  differences: number;
  pending: number;
  corrections: number;
  unfunded: number;
  sealed: number;
  tooLate: number;
  undecided: number;
  unproven: number;
}

type Answer =
  | ({ next: 'done' } & Figures)
  /** A run is writing, and what it has half written would look wrong: ask again. */
  | { next: 'held'; holder: string };

export const handler = lambdaHandler<unknown, Answer>(async (event) => {
  const program = findProgram(parseInput(eventSchema, event, 'verify').program);
  try {
    const found = await verify(await services(), program);
    for (const { what, mend } of found.differences) {
      logger.error('difference', { program: program.program, difference: what, mend });
    }
    const figures = {
      differences: found.differences.length,
      pending: found.pending.count,
      corrections: found.corrections.count,
      unfunded: found.unfunded.count,
      sealed: found.sealed.count,
      tooLate: found.tooLate.count,
      undecided: found.undecided.count,
      unproven: found.unproven,
    };
    count(figures);
    logger.info('verified', { ...found, differences: figures.differences });
    const { entries, participants } = found;
    return { next: 'done', program: program.program, entries, participants, ...figures };
  } catch (error) {
    if (!(error instanceof HeldError)) throw error;
    count({ heldVerifications: 1 });
    return { next: 'held', holder: error.holder };
  }
});
