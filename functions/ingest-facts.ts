/** Takes facts in from the queue. A message is NDJSON: one or more facts. */
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import pMap from 'p-map';
import { FACTS_ZONE } from '../shared/facts/schema.ts';
import { type FactLine, ingest } from '../shared/pipeline/ingest.ts';
import { readEnvironment } from '../shared/runtime/env.ts';
import { logger } from '../shared/runtime/logger.ts';
import { count } from '../shared/runtime/metrics.ts';
import { lambdaHandler } from '../shared/runtime/middleware.ts';
import { once, openIngestion } from '../shared/runtime/services.ts';
import { businessDate } from '../shared/values/calendar.ts';

const environment = readEnvironment('ingest-facts');
const services = once(() => openIngestion(environment));
const MESSAGES_AT_ONCE = 4;

/** A message's lines end at a line feed only, and say where they came from. */
function linesOf(body: string, messageId: string): FactLine[] {
  return body
    .replace(/^\uFEFF/, '')
    .split('\n')
    .map((text, index) => ({ text, at: `message ${messageId}:${index + 1}` }));
}

/**
 * A bad fact is quarantined and fails nothing. A message fails only when the table does: it alone is delivered
 * again, and taking its facts in twice changes nothing.
 */
export const handler = lambdaHandler<SQSEvent, SQSBatchResponse>(async ({ Records }) => {
  const opened = await services();
  const arrivedOn = businessDate(opened.now(), FACTS_ZONE);
  const totals = { accepted: 0, unchanged: 0, superseded: 0, quarantined: 0 };
  const failed: string[] = [];
  await pMap(
    Records,
    async ({ messageId, body }) => {
      try {
        const { accepted, unchanged, superseded, quarantined } = await ingest(
          opened,
          linesOf(body, messageId),
          arrivedOn,
        );
        totals.accepted += accepted;
        totals.unchanged += unchanged;
        totals.superseded += superseded;
        totals.quarantined += quarantined;
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
