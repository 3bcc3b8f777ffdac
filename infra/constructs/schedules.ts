/** The schedules of the programs' runs: which job starts when, and until when. */
import { Duration, TimeZone } from 'aws-cdk-lib';
import { ContextAttribute, ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { endsOn } from '../../shared/policy/reach.ts';
import { monthEndDays } from '../../shared/policy/schedules.ts';
import type { Program } from '../../shared/policy/schema.ts';
import { addDays, type BusinessDate, startOfDay } from '../../shared/values/calendar.ts';
import { deadLetterQueue } from './facts-queue.ts';
import { ScheduledStart } from './scheduled-start.ts';

export interface SchedulesProps {
  catalogue: readonly Program[];
  machine: IStateMachine;
  /** Prefix of their names. */
  stageName: string;
  dailyEveryMinute: boolean;
  /** The date in UTC on which this is synthesized. */
  today: BusinessDate;
}

export class Schedules extends Construct {
  /** Programs that have none, because they have ended, with their last dates. */
  readonly ended: string[] = [];

  constructor(scope: Construct, id: string, { catalogue, machine, today, ...names }: SchedulesProps) {
    super(scope, id);
    const deadLetters = deadLetterQueue(this, 'DeadLetters');
    for (const program of catalogue) {
      const lastAsOf = endsOn(program);
      const end = lastAsOf === undefined ? undefined : endAfter(lastAsOf, program);
      // The service refuses a schedule that has ended already.
      if (end !== undefined && end.toISOString().slice(0, 10) <= today) {
        this.ended.push(`${program.program} (its last day was ${lastAsOf})`);
        continue;
      }
      for (const [job, schedule] of Object.entries(jobsOf(program, names))) {
        const scheduleName = `${names.stageName}-${program.program}-${job}`;
        new ScheduledStart(this, `${program.program}-${job}`, {
          scheduleName,
          description: `Starts the ${job} run of ${program.program}`,
          schedule,
          ...(end === undefined ? {} : { end }),
          machine,
          input: {
            program: program.program,
            job,
            scheduledAt: ContextAttribute.scheduledTime,
            requestedBy: `schedule ${scheduleName}`,
          },
          deadLetters,
        });
      }
    }
  }
}

function jobsOf(program: Program, { dailyEveryMinute }: Pick<SchedulesProps, 'dailyEveryMinute'>) {
  const timeZone = TimeZone.of(program.zone);
  return {
    daily: dailyEveryMinute
      ? ScheduleExpression.rate(Duration.minutes(1))
      : ScheduleExpression.cron({ hour: '4', minute: '30', timeZone }),
    // Half an hour after the daily run of that day, for which it would only wait.
    'month-end': ScheduleExpression.cron({
      day: monthEndDays(program).join(','),
      hour: '5',
      minute: '0',
      timeZone,
    }),
  };
}

/** The runs as of a date start on the day after: this is when that day is over. */
function endAfter(lastAsOf: BusinessDate, { zone }: Program): Date {
  return new Date(startOfDay(addDays(lastAsOf, 2), zone));
}
