/** What surrounds the work of every function: its log carries the request, and its figures are always written. */
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy, { type MiddyfiedHandler } from '@middy/core';
import { logger } from './logger.ts';
import { metrics } from './metrics.ts';

/** Makes a Lambda handler of some work. Errors are logged, and thrown on: whoever called decides on a retry. */
export function lambdaHandler<E, R>(work: (event: E) => Promise<R>): MiddyfiedHandler<E, R> {
  return middy<E, R>()
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .use(logMetrics(metrics))
    .onError(({ error }) => logger.error('failed', { error }))
    .handler(work);
}
