/** Then, in a run that looks at everyone: freezes the pools and ranks that have fallen due. */
import { decide } from '../shared/pipeline/decide.ts';
import { allOutcomes, isComplete, type StageOutcomes } from '../shared/pipeline/evaluation.ts';
import { readEnvironment } from '../shared/runtime/env.ts';
import { logger } from '../shared/runtime/logger.ts';
import { count } from '../shared/runtime/metrics.ts';
import { lambdaHandler } from '../shared/runtime/middleware.ts';
import { once, openServices } from '../shared/runtime/services.ts';
import type { Run } from '../shared/store/runs.ts';

const environment = readEnvironment('decide');
const services = once(() => openServices(environment));

interface DecideEvent extends StageOutcomes {
  run: Run;
}

/** Gives the hash of what the last evaluating stage needs. */
export const handler = lambdaHandler<DecideEvent, string>(async ({ run, ...stages }) => {
  const outcomes = allOutcomes(stages);
  const complete = isComplete(outcomes);
  if (!complete) logger.error('nothing is decided: not everyone was evaluated', { runId: run.runId });
  count({ undecidedRuns: Number(!complete) });
  return decide(await services(), run, outcomes);
});
