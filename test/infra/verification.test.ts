/** The weekly verification: when it starts, whom it waits for, and what raises an alarm. */
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../shared/policy/catalogue.ts';
import { synthesize } from './synth.ts';

// Every program of the catalogue but one has ended by then: what they paid is still verified.
const { operations } = synthesize('prod', '2030-01-01');

describe('the verification', () => {
  it('starts for each program, the ended ones too, on Mondays at 06:00 in its zone', () => {
    const schedules = Object.values(operations.findResources('AWS::Scheduler::Schedule'));
    expect(schedules.map(({ Properties }) => JSON.parse(Properties.Target.Input))).toEqual(
      CATALOGUE.map(({ program }) => ({ program })),
    );
    for (const { Properties } of schedules) {
      expect(Properties).toMatchObject({
        ScheduleExpression: 'cron(0 6 ? * MON *)',
        ScheduleExpressionTimezone: 'Asia/Shanghai',
        State: 'ENABLED',
      });
      expect(Properties).not.toHaveProperty('EndDate');
    }
  });

  it('asks again while a run writes, and gives up in the end', () => {
    const [machine] = Object.values(operations.findResources('AWS::StepFunctions::StateMachine'));
    const { DefinitionString } = machine!.Properties;
    const parts: unknown[] = DefinitionString['Fn::Join'][1];
    const { States, TimeoutSeconds } = JSON.parse(
      parts.map((part) => (typeof part === 'string' ? part : 'arn')).join(''),
    );
    expect(States.Verify).toMatchObject({ Parameters: { 'program.$': '$.program' }, Next: 'WhatNext' });
    expect(States.WhatNext).toMatchObject({
      Choices: [{ Variable: '$.found.next', StringEquals: 'held', Next: 'WaitForHolder' }],
      Default: 'Verified',
    });
    expect(States.WaitForHolder).toMatchObject({ Type: 'Wait', Seconds: 300, Next: 'Verify' });
    expect(TimeoutSeconds).toBeGreaterThan(3600);
  });

  it('37. may read the table and the plans of runs, and nothing else', () => {
    const policies = Object.values(operations.findResources('AWS::IAM::Policy')).map(({ Properties }) =>
      JSON.stringify(Properties.PolicyDocument),
    );
    const actions = policies.flatMap((text) => text.match(/"(dynamodb|s3):\w+"/g) ?? []);
    expect([...new Set(actions)].sort()).toEqual([
      ...['BatchGetItem', 'GetItem', 'Query', 'Scan'].map((action) => `"dynamodb:${action}"`),
      ...['GetObject', 'ListBucket'].map((action) => `"s3:${action}"`),
    ]);
  });

  it('37. is told where the plans are', () => {
    operations.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: Match.objectLike({ PLANS_BUCKET: Match.anyValue() }) },
    });
  });

  it('raises an alarm that says its impact, for a week', () => {
    operations.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'hongbao-prod-ledger-differences',
      AlarmDescription: Match.stringLikeRegexp('^Grants and the ledger disagree: .*paid out'),
      Namespace: 'Hongbao',
      MetricName: 'differences',
      Dimensions: [{ Name: 'service', Value: 'hongbao-prod' }],
      Statistic: 'Maximum',
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 0,
      TreatMissingData: 'notBreaching',
    });
    for (const { Properties } of Object.values(operations.findResources('AWS::CloudWatch::Alarm'))) {
      expect(Properties.DatapointsToAlarm).toBe(1);
      // A week is the longest that the service looks back.
      expect(Properties.EvaluationPeriods * Properties.Period).toBe(7 * 86_400);
    }
  });

  it.each(['ExecutionsFailed', 'ExecutionsTimedOut'])(
    'raises another for %s: then nobody was told',
    (MetricName) => {
      const [machine] = Object.keys(operations.findResources('AWS::StepFunctions::StateMachine'));
      operations.hasResourceProperties('AWS::CloudWatch::Alarm', {
        AlarmDescription: Match.stringLikeRegexp('nobody will be told'),
        Namespace: 'AWS/States',
        MetricName,
        Dimensions: [{ Name: 'StateMachineArn', Value: { Ref: machine } }],
        Threshold: 0,
      });
    },
  );
});
