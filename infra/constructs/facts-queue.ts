/** The queue that facts come in by, and what becomes of messages that cannot be taken in. */
import { Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

/** The longest that a queue can keep a message: time to notice, to mend and to send it back. */
const DEAD_LETTER_DAYS = 14;
const ATTEMPTS = 5;
/** Functions at once: enough for thousands of facts a second, too few to throttle the table for the runs. */
const FUNCTIONS_AT_ONCE = 20;

/** A queue for what could not be delivered. */
export function deadLetterQueue(scope: Construct, id: string): Queue {
  return new Queue(scope, id, {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(DEAD_LETTER_DAYS),
  });
}

export class FactsQueue extends Construct {
  readonly queue: Queue;

  constructor(scope: Construct, id: string, { ingestFacts }: { ingestFacts: IFunction }) {
    super(scope, id);
    this.queue = new Queue(this, 'Queue', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(DEAD_LETTER_DAYS),
      // Six times the function's time, as AWS advises: throttled batches are not mistaken for lost ones.
      visibilityTimeout: Duration.minutes(6),
      deadLetterQueue: { queue: deadLetterQueue(this, 'DeadLetters'), maxReceiveCount: ATTEMPTS },
    });
    ingestFacts.addEventSource(
      new SqsEventSource(this.queue, {
        batchSize: 10,
        maxConcurrency: FUNCTIONS_AT_ONCE,
        reportBatchItemFailures: true,
      }),
    );
  }
}
