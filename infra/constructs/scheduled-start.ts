/** A schedule that starts a state machine: how often it is tried, and what becomes of a start that fails. */
import { Duration } from 'aws-cdk-lib';
import { Schedule, type ScheduleProps, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { StepFunctionsStartExecution } from 'aws-cdk-lib/aws-scheduler-targets';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';

/** A start half a day late is still about its own dates; later, the next one catches up. */
const MAX_EVENT_AGE = Duration.hours(12);
const RETRIES = 20;

export interface ScheduledStartProps extends Omit<ScheduleProps, 'target'> {
  machine: IStateMachine;
  /** What the machine is started with. */
  input: Readonly<Record<string, string>>;
  deadLetters: IQueue;
}

export class ScheduledStart extends Schedule {
  constructor(scope: Construct, id: string, { machine, input, deadLetters, ...props }: ScheduledStartProps) {
    super(scope, id, {
      ...props,
      target: new StepFunctionsStartExecution(machine, {
        input: ScheduleTargetInput.fromObject(input),
        deadLetterQueue: deadLetters,
        maxEventAge: MAX_EVENT_AGE,
        retryAttempts: RETRIES,
      }),
    });
  }
}
