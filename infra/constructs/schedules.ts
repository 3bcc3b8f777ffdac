/** The schedules of the programs: which job starts when, and what becomes of a start that fails. */
import { Duration, TimeZone } from 'aws-cdk-lib';
import {
  ContextAttribute,
  Schedule,
  ScheduleExpression,
  ScheduleTargetInput,
} from 'aws-cdk-lib/aws-scheduler';
import { StepFunctionsStartExecution } from 'aws-cdk-lib/aws-scheduler-targets';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { Program } from '../../shared/policy/schema.ts';
import { deadLetterQueue } from './facts-queue.ts';

/** A run started half a day late is still about its own dates; later, the next one catches up. */
const MAX_EVENT_AGE = Duration.hours(12);
const RETRIES = 20;

export interface SchedulesProps {
  catalogue: readonly Program[];
  machine: IStateMachine;
  /** Prefix of their names. */
  stageName: string;
  dailyEveryMinute: boolean;
}

export class Schedules extends Construct {
  constructor(scope: Construct, id: string, props: SchedulesProps) {
    super(scope, id);
    const { catalogue, machine, stageName, dailyEveryMinute } = props;
    const deadLetters = deadLetterQueue(this, 'DeadLetters');
    for (const { program, zone } of catalogue) {
      const timeZone = TimeZone.of(zone);
      const jobs = {
        daily: dailyEveryMinute
          ? ScheduleExpression.rate(Duration.minutes(1))
          : ScheduleExpression.cron({ hour: '4', minute: '30', timeZone }),
        // Half an hour after the daily run of that day, for which it would only wait.
        'month-end': ScheduleExpression.cron({ day: '1', hour: '5', minute: '0', timeZone }),
      };
      for (const [job, schedule] of Object.entries(jobs)) {
        const scheduleName = `${stageName}-${program}-${job}`;
        new Schedule(this, `${program}-${job}`, {
          scheduleName,
          description: `Starts the ${job} run of ${program}`,
          schedule,
          target: new StepFunctionsStartExecution(machine, {
            input: ScheduleTargetInput.fromObject({
              program,
              job,
              scheduledAt: ContextAttribute.scheduledTime,
              requestedBy: `schedule ${scheduleName}`,
            }),
            deadLetterQueue: deadLetters,
            maxEventAge: MAX_EVENT_AGE,
            retryAttempts: RETRIES,
          }),
        });
      }
    }
  }
}
