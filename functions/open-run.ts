/** First stage of a run: takes the program, pins the policy and says what comes next. */
import { type Opening, openRun } from '../shared/pipeline/open-run.ts';
import { parseRunInput } from '../shared/pipeline/run-input.ts';
import { readEnvironment } from '../shared/runtime/env.ts';
import { logger } from '../shared/runtime/logger.ts';
import { count } from '../shared/runtime/metrics.ts';
import { lambdaHandler } from '../shared/runtime/middleware.ts';
import { once, openServices } from '../shared/runtime/services.ts';

const environment = readEnvironment('open-run');
const services = once(() => openServices(environment));

/** What whoever started the state machine gave it, and the execution that this made. */
interface OpenRunEvent {
  input: unknown;
  execution: { name: string; startedAt: string };
}

export const handler = lambdaHandler<OpenRunEvent, Opening>(async ({ input, execution }) => {
  const opening = await openRun(
    await services(),
    parseRunInput(withInstant(input, execution.startedAt)),
    execution.name,
  );
  logger.info('opened', { ...opening });
  count({ openedRuns: Number(opening.next === 'evaluate'), heldRuns: Number(opening.next === 'held') });
  return opening;
});

/** A scheduler that leaves its placeholder in place, as local ones do, fired when the execution started. */
function withInstant(input: unknown, startedAt: string): unknown {
  const unreplaced =
    input !== null &&
    typeof input === 'object' &&
    'scheduledAt' in input &&
    input.scheduledAt === '<aws.scheduler.scheduled-time>';
  return unreplaced ? { ...input, scheduledAt: startedAt } : input;
}
