/** The schedules: when each program's jobs start, and what becomes of a start that fails. */
import { describe, expect, it } from 'vitest';
import { parseRunInput } from '../../shared/pipeline/run-input.ts';
import { CATALOGUE } from '../../shared/policy/catalogue.ts';
import { synthesize } from './synth.ts';

const schedulesOf = (stage: string) =>
  synthesize(stage)
    .all('AWS::Scheduler::Schedule')
    .map(([, { Properties }]) => ({ ...Properties, input: JSON.parse(Properties.Target.Input) }));

const schedules = { prod: schedulesOf('prod'), rehearsal: schedulesOf('rehearsal') };
const found = (stage: keyof typeof schedules, job: string) =>
  schedules[stage].filter(({ input }) => input.job === job);

describe('schedules', () => {
  it('start each program daily at 04:30 and on the first of the month at 05:00, in its zone', () => {
    for (const [job, expression] of [
      ['daily', 'cron(30 4 * * ? *)'],
      ['month-end', 'cron(0 5 1 * ? *)'],
    ] as const) {
      const those = found('prod', job);
      expect(those.map(({ input }) => input.program)).toEqual(CATALOGUE.map(({ program }) => program));
      for (const { ScheduleExpression, ScheduleExpressionTimezone, State, FlexibleTimeWindow } of those) {
        expect(ScheduleExpression).toBe(expression);
        expect(ScheduleExpressionTimezone).toBe('Asia/Shanghai');
        expect(State).toBe('ENABLED');
        // A window would shift the time that the run's dates follow from.
        expect(FlexibleTimeWindow).toEqual({ Mode: 'OFF' });
      }
    }
  });

  it('fire every minute where that is rehearsed', () => {
    expect(found('rehearsal', 'daily').map(({ ScheduleExpression }) => ScheduleExpression)).toEqual(
      CATALOGUE.map(() => 'rate(1 minute)'),
    );
  });

  it('state their retries, their age and where a start goes that failed', () => {
    for (const { Target } of schedules.prod) {
      expect(Target.RetryPolicy.MaximumRetryAttempts).toBe(20);
      // Within the day: the next one is about other dates.
      expect(Target.RetryPolicy.MaximumEventAgeInSeconds).toBe(12 * 3600);
      expect(Target.DeadLetterConfig.Arn).toBeDefined();
    }
  });

  it('give input that a run accepts, with the time they fired for', () => {
    for (const { input, Name } of schedules.prod) {
      expect(parseRunInput(input)).toMatchObject({
        scheduledAt: '<aws.scheduler.scheduled-time>',
        requestedBy: `schedule ${Name}`,
        dryRun: false,
      });
    }
  });
});
