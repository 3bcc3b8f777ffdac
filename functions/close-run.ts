/** Last stage of a run: settles the pools, records the summary and frees the program. */
import type { Allocation } from '../shared/pipeline/allocate.ts';
import type { PartResult } from '../shared/pipeline/apply-part.ts';
import { closeRun } from '../shared/pipeline/close-run.ts';
import { allOutcomes, type StageOutcomes } from '../shared/pipeline/evaluation.ts';
import { readEnvironment } from '../shared/runtime/env.ts';
import { logger } from '../shared/runtime/logger.ts';
import { count } from '../shared/runtime/metrics.ts';
import { lambdaHandler } from '../shared/runtime/middleware.ts';
import { once, openServices } from '../shared/runtime/services.ts';
import type { Run, RunSummary } from '../shared/store/runs.ts';

const environment = readEnvironment('close-run');
const services = once(() => openServices(environment));

/** A dead run that is finished by its successor brings no outcomes: only its plan outlived it. */
interface CloseRunEvent extends Partial<StageOutcomes> {
  run: Run;
  plan: Allocation;
  applied: PartResult[];
}

export const handler = lambdaHandler<CloseRunEvent, RunSummary>(async (event) => {
  const { run, plan, applied, first, entities = [], last = [] } = event;
  const outcomes = first && allOutcomes({ first, entities, last });
  const summary = await closeRun(await services(), run, plan.manifest, applied, outcomes);
  logger.info('closed', { runId: run.runId, summary });
  count({ closedRuns: 1 });
  return summary;
});
