/** Third stage of a run: funds its plan from the pools and moves it on to applying. */
import { type Allocation, allocate } from '../shared/pipeline/allocate.ts';
import { allOutcomes, type StageOutcomes } from '../shared/pipeline/evaluation.ts';
import { readEnvironment } from '../shared/runtime/env.ts';
import { logger } from '../shared/runtime/logger.ts';
import { count } from '../shared/runtime/metrics.ts';
import { lambdaHandler } from '../shared/runtime/middleware.ts';
import { once, openServices } from '../shared/runtime/services.ts';
import type { Run } from '../shared/store/runs.ts';

const environment = readEnvironment('allocate');
const services = once(() => openServices(environment));

interface AllocateEvent extends StageOutcomes {
  run: Run;
}

export const handler = lambdaHandler<AllocateEvent, Allocation>(async ({ run, ...stages }) => {
  const outcomes = allOutcomes(stages);
  const failed = outcomes.filter((outcome) => 'error' in outcome);
  if (failed.length > 0) logger.error('shards failed', { runId: run.runId, failed });
  const allocation = await allocate(await services(), run, outcomes);
  logger.info('allocated', { runId: run.runId, manifest: allocation.manifest });
  count({ failedShards: failed.length });
  return allocation;
});
