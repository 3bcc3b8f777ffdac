/** What the functions that evaluate a shard have in common: they log, count and report alike. */
import type { ShardResult } from '../pipeline/evaluation.ts';
import type { Run } from '../store/runs.ts';
import { logger } from './logger.ts';
import { count } from './metrics.ts';

/** Results of all shards travel together through a state machine that carries 256 KB. */
const FAILURE_LENGTH = 120;

/** Tells what a shard came to, and cuts its failures to what may travel. */
export function tellEvaluated({ runId }: Run, result: ShardResult): ShardResult {
  const { shard, evaluated, changed, failed, failures } = result;
  logger.info('evaluated', { runId, shard, evaluated, changed, failed, failures });
  count({ evaluated, changed, failed });
  return { ...result, failures: failures.map((failure) => failure.slice(0, FAILURE_LENGTH)) };
}
