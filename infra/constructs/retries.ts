/** Which failures of a function are worth another try, in the words of Step Functions. */
import { Duration } from 'aws-cdk-lib';
import { JitterType, type RetryProps, type TaskStateBase } from 'aws-cdk-lib/aws-stepfunctions';

/** The platform's own failures, throttles, and a table or bucket that asks to slow down. */
const TRANSIENT: RetryProps = {
  errors: [
    'Lambda.ClientExecutionTimeoutException',
    'Lambda.ServiceException',
    'Lambda.AWSLambdaException',
    'Lambda.SdkClientException',
    'Lambda.TooManyRequestsException',
    'ThrottlingException',
    'ProvisionedThroughputExceededException',
    'RequestLimitExceeded',
    'InternalServerError',
    'SlowDown',
    'TimeoutError',
  ],
  interval: Duration.seconds(2),
  backoffRate: 2,
  maxAttempts: 6,
  maxDelay: Duration.seconds(30),
  jitterStrategy: JitterType.FULL,
};

/** A process that died or ran out of time may have been unlucky once. */
const DIED: RetryProps = {
  errors: ['Lambda.Unknown', 'Sandbox.Timedout', 'Runtime.ExitError'],
  interval: Duration.seconds(2),
  maxAttempts: 1,
};

/** Every stage can be repeated, so each of these is safe; what a stage refuses is not tried again. */
export function addRetries<T extends TaskStateBase>(task: T): T {
  task.addRetry(TRANSIENT);
  task.addRetry(DIED);
  return task;
}
