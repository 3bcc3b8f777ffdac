/** Verifies one program: does its ledger say what the facts and the policy do, and do the sums agree? Writes nothing. */
import * as z from 'zod';
import { HeldError } from '../shared/pipeline/run-here.ts';
import { type Verification, verify } from '../shared/pipeline/verify.ts';
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

/** The figures: the differences themselves are logged one by one, because a state machine carries 256 KB. */
type Answer =
  | ({ next: 'done'; differences: number } & Omit<Verification, 'differences'>)
  /** A run is writing, and what it has half written would look wrong: ask again. */
  | { next: 'held'; holder: string };

export const handler = lambdaHandler<unknown, Answer>(async (event) => {
  const program = findProgram(parseInput(eventSchema, event, 'verify').program);
  try {
    const { differences, ...found } = await verify(await services(), program);
    for (const difference of differences) {
      logger.error('difference', { program: program.program, difference });
    }
    const { pending, held, unfunded, sealed } = found;
    count({ differences: differences.length, pending, held, unfunded, sealed });
    logger.info('verified', { ...found, differences: differences.length });
    return { next: 'done', ...found, differences: differences.length };
  } catch (error) {
    if (!(error instanceof HeldError)) throw error;
    count({ heldVerifications: 1 });
    return { next: 'held', holder: error.holder };
  }
});
