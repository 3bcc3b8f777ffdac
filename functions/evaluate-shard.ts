/** Second stage of a run: plans the changes of one shard's participants. */
import { evaluateShard } from '../shared/pipeline/evaluate-shard.ts';
import type { ShardResult } from '../shared/pipeline/evaluation.ts';
import type { Shard } from '../shared/pipeline/open-run.ts';
import { readEnvironment } from '../shared/runtime/env.ts';
import { logger } from '../shared/runtime/logger.ts';
import { count } from '../shared/runtime/metrics.ts';
import { lambdaHandler } from '../shared/runtime/middleware.ts';
import { once, openServices } from '../shared/runtime/services.ts';
import type { Run } from '../shared/store/runs.ts';

const environment = readEnvironment('evaluate-shard');
const services = once(() => openServices(environment));

/** Results of all shards travel together through a state machine that carries 256 KB. */
const FAILURE_LENGTH = 200;

export const handler = lambdaHandler<{ run: Run; shard: Shard }, ShardResult>(async ({ run, shard }) => {
  const result = await evaluateShard(await services(), run, shard);
  const { evaluated, changed, failed, failures } = result;
  logger.info('evaluated', { runId: run.runId, ...shard, evaluated, changed, failed, failures });
  count({ evaluated, changed, failed });
  return { ...result, failures: failures.map((failure) => failure.slice(0, FAILURE_LENGTH)) };
});
