/** The schedules: when each program's jobs start, and what becomes of a start that fails. */
import { describe, expect, it } from 'vitest';
import { todayOf } from '../../infra/stages.ts';
import { parseRunInput } from '../../shared/pipeline/run-input.ts';
import { CATALOGUE } from '../../shared/policy/catalogue.ts';
import { synthesize } from './synth.ts';

const schedulesOf = (stage: string, today?: string) =>
  synthesize(stage, today)
    .all('AWS::Scheduler::Schedule')
    .filter(([, { Properties }]) => !Properties.Name.endsWith('-verify'))
    .map(([, { Properties }]) => ({ ...Properties, input: JSON.parse(Properties.Target.Input) }));

const schedules = { prod: schedulesOf('prod'), rehearsal: schedulesOf('rehearsal') };
const found = (stage: keyof typeof schedules, job: string) =>
  schedules[stage].filter(({ input }) => input.job === job);

describe('schedules', () => {
  it('start each program daily at 04:30, and at 05:00 on the days that its lags ask for, in its zone', () => {
    for (const [job, expressions] of [
      ['daily', { 'treasure-host': 'cron(30 4 * * ? *)', 'channels-618': 'cron(30 4 * * ? *)' }],
      ['month-end', { 'treasure-host': 'cron(0 5 1,4,16 * ? *)', 'channels-618': 'cron(0 5 1 * ? *)' }],
    ] as const) {
      const those = found('prod', job);
      expect(
        Object.fromEntries(those.map(({ input, ScheduleExpression }) => [input.program, ScheduleExpression])),
      ).toEqual(expressions);
      for (const { ScheduleExpressionTimezone, State, FlexibleTimeWindow } of those) {
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

describe('the schedules of a program that ends', () => {
  it('stop when the last date on which anything can change was decided', () => {
    const ends = schedules.prod.map(({ input, EndDate }) => [`${input.program} ${input.job}`, EndDate]);
    // As of 18 October, 120 days after its last: decided on the 19th, which ends here in Asia/Shanghai.
    const end = '2024-10-19T16:00:00.000Z';
    expect(Object.fromEntries(ends)).toEqual({
      'treasure-host daily': undefined,
      'treasure-host month-end': undefined,
      'channels-618 daily': end,
      'channels-618 month-end': end,
    });
  });

  it.each([
    ['2024-10-18', ['treasure-host', 'channels-618']],
    // It has not ended yet, and would have before this day is over.
    ['2024-10-19', ['treasure-host']],
    ['2026-01-01', ['treasure-host']],
  ])('are made while they can be: on %s those of %j', (today, programs) => {
    const made = schedulesOf('prod', today);
    expect([...new Set(made.map(({ input }) => input.program))]).toEqual(programs);
    const ended = 'channels-618 (its last day was 2024-10-18)';
    expect(synthesize('prod', today).pipeline.findOutputs('*').EndedPrograms?.Value).toBe(
      programs.includes('channels-618') ? undefined : ended,
    );
  });

  it('follow from the date that synthesis is given', () => {
    expect(todayOf('2024-08-01')).toBe('2024-08-01');
    expect(todayOf(undefined)).toBe(new Date().toISOString().slice(0, 10));
    expect(() => todayOf('1 August')).toThrow('today: got "1 August"; allowed: a calendar date');
  });
});
