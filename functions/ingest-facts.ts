/** Takes facts in from the queue. A message is NDJSON: one or more facts. */
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import pMap from 'p-map';
import { linesOf } from '../shared/facts/lines.ts';
import { FACTS_ZONE } from '../shared/facts/schema.ts';
import { ingest } from '../shared/pipeline/ingest.ts';
import { addIngested, noneIngested } from '../shared/pipeline/merge-facts.ts';
import { readEnvironment } from '../shared/runtime/env.ts';
import { logger } from '../shared/runtime/logger.ts';
import { count } from '../shared/runtime/metrics.ts';
import { lambdaHandler } from '../shared/runtime/middleware.ts';
import { once, openIngestion } from '../shared/runtime/services.ts';
import { businessDate } from '../shared/values/calendar.ts';

const environment = readEnvironment('ingest-facts');
const services = once(() => openIngestion(environment));
const MESSAGES_AT_ONCE = 4;

/**
 * A bad fact is quarantined and fails nothing. A message fails only when the table does: it alone is delivered
 * again, and taking its facts in twice changes nothing.
 */
export const handler = lambdaHandler<SQSEvent, SQSBatchResponse>(async ({ Records }) => {
  const opened = await services();
  const totals = noneIngested();
  const failed: string[] = [];
  await pMap(
    Records,
    async ({ messageId, body }) => {
      try {
        const arrivedOn = businessDate(opened.now(), FACTS_ZONE);
        addIngested(totals, await ingest(opened, linesOf(body, `message ${messageId}`), arrivedOn));
      } catch (error) {
        logger.error('message failed', { messageId, error });
        failed.push(messageId);
      }
    },
    { concurrency: MESSAGES_AT_ONCE },
  );
  count({ ...totals, failedMessages: failed.length });
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
});
