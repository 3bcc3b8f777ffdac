/** The weekly verification of each program, and the alarms that it raises. */
import { Duration, TimeZone } from 'aws-cdk-lib';
import {
  Alarm,
  type AlarmProps,
  ComparisonOperator,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import {
  Choice,
  Condition,
  JsonPath,
  Succeed,
  TaskInput,
  Wait,
  WaitTime,
} from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';
import type { Program } from '../../shared/policy/schema.ts';
import { deadLetterQueue } from './facts-queue.ts';
import { LoggedMachine } from './logged-machine.ts';
import { addRetries } from './retries.ts';
import { ScheduledStart } from './scheduled-start.ts';
import { METRICS_NAMESPACE } from './stage-function.ts';

/** How often a verification asks whether the run that writes is done. */
const ASK_AGAIN = Duration.minutes(5);
/** A program held for longer than this is worth an alarm: runs take an hour at most. */
const PATIENCE = Duration.hours(6);
/** CloudWatch looks back a week at most: until the next verification, an alarm stays. */
const PERIOD = Duration.days(1);
const PERIODS = 7;

export interface VerificationProps {
  verify: IFunction;
  catalogue: readonly Program[];
  /** Prefix of names, and the service under which the function counts. */
  stageName: string;
  logRetentionDays: number;
}

export class Verification extends Construct {
  readonly machine: LoggedMachine;

  constructor(scope: Construct, id: string, props: VerificationProps) {
    super(scope, id);
    const { verify, catalogue, stageName, logRetentionDays } = props;
    this.machine = new LoggedMachine(this, 'Machine', {
      logName: `${stageName}-verify`,
      startAt: this.askUntilDone(verify),
      timeout: PATIENCE,
      logRetentionDays,
    });
    const deadLetters = deadLetterQueue(this, 'DeadLetters');
    // Those that have ended too: what they paid must stay as it is.
    for (const { program, zone } of catalogue) {
      new ScheduledStart(this, program, {
        scheduleName: `${stageName}-${program}-verify`,
        description: `Starts the verification of ${program}`,
        // An hour after a month end, for which it would only wait.
        schedule: ScheduleExpression.cron({
          weekDay: 'MON',
          hour: '6',
          minute: '0',
          timeZone: TimeZone.of(zone),
        }),
        machine: this.machine,
        input: { program },
        deadLetters,
      });
    }
    this.alarm('Differences', {
      alarmName: `${stageName}-ledger-differences`,
      alarmDescription: `Grants and the ledger disagree: participants of ${stageName} have more or less than they earned, or pools say other than their entries add up to. No total is to be trusted, and none to be paid out, until each is explained. The log of verify names them; so does: hongbao verify`,
      metric: new Metric({
        namespace: METRICS_NAMESPACE,
        metricName: 'differences',
        dimensionsMap: { service: stageName },
        statistic: 'Maximum',
        period: PERIOD,
      }),
    });
    for (const [id, what, metric] of [
      ['Failed', 'failed', this.machine.metricFailed({ period: PERIOD })],
      ['TimedOut', 'waited in vain for a run to end', this.machine.metricTimedOut({ period: PERIOD })],
    ] as const) {
      this.alarm(id, {
        alarmName: `${stageName}-ledger-not-verified-${id}`,
        alarmDescription: `A verification of ${stageName} ${what}: if grants and the ledger disagree, nobody will be told this week. Its execution says why; by hand: hongbao verify`,
        metric,
      });
    }
  }

  private askUntilDone(verify: IFunction): LambdaInvoke {
    const ask = addRetries(
      new LambdaInvoke(this, 'Verify', {
        lambdaFunction: verify,
        payloadResponseOnly: true,
        retryOnServiceExceptions: false,
        payload: TaskInput.fromObject({ program: JsonPath.stringAt('$.program') }),
        resultPath: '$.found',
      }),
    );
    ask.next(
      new Choice(this, 'WhatNext')
        .when(
          Condition.stringEquals('$.found.next', 'held'),
          new Wait(this, 'WaitForHolder', { time: WaitTime.duration(ASK_AGAIN) }).next(ask),
        )
        .otherwise(new Succeed(this, 'Verified')),
    );
    return ask;
  }

  /** An alarm as soon as there is one of what should not be. */
  private alarm(id: string, props: Pick<AlarmProps, 'alarmName' | 'alarmDescription' | 'metric'>): void {
    new Alarm(this, id, {
      ...props,
      threshold: 0,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: PERIODS,
      datapointsToAlarm: 1,
      // On most days nothing is verified.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}
