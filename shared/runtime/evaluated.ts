/** What the functions that evaluate a shard have in common: they log, count and report alike. */
import type { ShardResult } from '../pipeline/evaluation.ts';
import type { Listing, Run } from '../store/runs.ts';
import { logger } from './logger.ts';
import { count } from './metrics.ts';

/** Results of all shards travel together through a state machine that carries 256 KB. */
const FAILURE_LENGTH = 120;
const LISTED = 3;

/** Tells what a shard came to, and cuts its failures and its lists of names to what may travel. */
export function tellEvaluated({ runId }: Run, result: ShardResult): ShardResult {
  const { shard, evaluated, changed, failed, failures } = result;
  logger.info('evaluated', { runId, shard, evaluated, changed, failed, failures });
  count({ evaluated, changed, failed });
  const cut = ({ count, first }: Listing) => ({ count, first: first.slice(0, LISTED) });
  return {
    ...result,
    failures: failures.map((failure) => failure.slice(0, FAILURE_LENGTH)),
    unknown: cut(result.unknown),
    tooLate: cut(result.tooLate),
    tooLarge: cut(result.tooLarge),
  };
}
