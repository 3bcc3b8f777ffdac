/** What must hold of every resource of a kind, in every stage: the next one added is held to it too. */
import { describe, expect, it } from 'vitest';
import { findStage, STAGE_NAMES } from '../../infra/stages.ts';
import { ENVIRONMENTS, type FunctionName } from '../../shared/runtime/env.ts';
import { TABLE } from '../../shared/store/names.ts';
import { type Resource, synthesize } from './synth.ts';

const DAY_SECONDS = 86_400;

/** The statements of every policy there is, those of resources included. */
function statements(all: (type: string) => [string, Resource][]) {
  return ['AWS::IAM::Policy', 'AWS::IAM::Role', 'AWS::SQS::QueuePolicy', 'AWS::S3::BucketPolicy']
    .flatMap(all)
    .flatMap(([id, { Properties }]) =>
      [
        Properties.PolicyDocument,
        ...(Properties.Policies ?? []).map(({ PolicyDocument }: never) => PolicyDocument),
      ]
        .flatMap((document) => document?.Statement ?? [])
        .map((statement) => ({
          id,
          effect: statement.Effect,
          actions: [statement.Action].flat() as string[],
          resources: [statement.Resource].flat() as unknown[],
          condition: statement.Condition,
        })),
    );
}

describe.each(STAGE_NAMES)('stage %s', (name) => {
  const { data, pipeline, all } = synthesize(name);
  const { keepsData } = findStage(name);

  it('has one table that is recoverable, and is kept where data is kept', () => {
    const tables = all('AWS::DynamoDB::GlobalTable');
    expect(tables).toHaveLength(1);
    for (const [, { Properties, DeletionPolicy, UpdateReplacePolicy }] of tables) {
      expect(Properties).toMatchObject({
        BillingMode: 'PAY_PER_REQUEST',
        TimeToLiveSpecification: { AttributeName: TABLE.ttl, Enabled: true },
        KeySchema: [
          { AttributeName: TABLE.partitionKey, KeyType: 'HASH' },
          { AttributeName: TABLE.sortKey, KeyType: 'RANGE' },
        ],
        GlobalSecondaryIndexes: [
          {
            IndexName: TABLE.ledgerIndex.name,
            KeySchema: [
              { AttributeName: TABLE.ledgerIndex.partitionKey, KeyType: 'HASH' },
              { AttributeName: TABLE.ledgerIndex.sortKey, KeyType: 'RANGE' },
            ],
            Projection: { ProjectionType: 'ALL' },
          },
        ],
      });
      expect(Properties.Replicas.length).toBeGreaterThan(0);
      for (const replica of Properties.Replicas) {
        expect(replica.PointInTimeRecoverySpecification).toEqual({ PointInTimeRecoveryEnabled: true });
        expect(replica.DeletionProtectionEnabled ?? false).toBe(keepsData);
      }
      const policy = keepsData ? 'Retain' : 'Delete';
      expect([DeletionPolicy, UpdateReplacePolicy]).toEqual([policy, policy]);
    }
  });

  it('has buckets that are private, expire, and are kept where data is kept', () => {
    const buckets = all('AWS::S3::Bucket');
    expect(buckets).toHaveLength(1);
    for (const [id, { Properties, DeletionPolicy, UpdateReplacePolicy }] of buckets) {
      expect(Properties.PublicAccessBlockConfiguration).toEqual({
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      });
      expect(Properties.LifecycleConfiguration.Rules).toContainEqual(
        expect.objectContaining({ Status: 'Enabled', ExpirationInDays: expect.any(Number) }),
      );
      const policy = keepsData ? 'Retain' : 'Delete';
      expect([DeletionPolicy, UpdateReplacePolicy]).toEqual([policy, policy]);
      expect(refusesPlainHttp('AWS::S3::BucketPolicy', 'Bucket', id)).toBe(true);
    }
  });

  it('gives every queue a dead letter queue, and those two weeks', () => {
    const queues = all('AWS::SQS::Queue');
    const targets = queues.map(
      ([, { Properties }]) => Properties.RedrivePolicy?.deadLetterTargetArn['Fn::GetAtt'][0],
    );
    const schedules = all('AWS::Scheduler::Schedule').map(
      ([, { Properties }]) => Properties.Target.DeadLetterConfig.Arn['Fn::GetAtt'][0],
    );
    expect(queues.length).toBeGreaterThan(2);
    for (const [id, { Properties }] of queues) {
      const isDeadLetters = targets.includes(id) || schedules.includes(id);
      expect(isDeadLetters, `${id} is one or has one`).toBe(Properties.RedrivePolicy === undefined);
      expect(Properties.MessageRetentionPeriod).toBe(14 * DAY_SECONDS);
      expect(refusesPlainHttp('AWS::SQS::QueuePolicy', 'Queues', id), `${id} refuses plain HTTP`).toBe(true);
    }
  });

  function refusesPlainHttp(type: string, property: string, id: string): boolean {
    return all(type).some(
      ([, { Properties }]) =>
        JSON.stringify(Properties[property]).includes(`"${id}"`) &&
        Properties.PolicyDocument.Statement.some(
          (statement: { Effect: string; Condition?: { Bool?: Record<string, string> } }) =>
            statement.Effect === 'Deny' && statement.Condition?.Bool?.['aws:SecureTransport'] === 'false',
        ),
    );
  }

  it('runs every function on Node.js 24 and arm64, with a log of its own in JSON', () => {
    const functions = all('AWS::Lambda::Function');
    expect(functions).toHaveLength(Object.keys(ENVIRONMENTS).length);
    const groups = all('AWS::Logs::LogGroup').map(([id]) => id);
    const used = functions.map(([id, { Properties }]) => {
      expect(Properties, id).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        LoggingConfig: { LogFormat: 'JSON' },
        Timeout: expect.any(Number),
      });
      return Properties.LoggingConfig.LogGroup.Ref;
    });
    expect(new Set(used).size).toBe(functions.length);
    expect(groups).toEqual(expect.arrayContaining(used));
  });

  it('gives every function just the environment of its schema', () => {
    const given = all('AWS::Lambda::Function').map(([, { Properties }]) =>
      Object.keys(Properties.Environment.Variables).sort().join(),
    );
    const wanted = (Object.keys(ENVIRONMENTS) as FunctionName[]).map((fn) =>
      Object.keys(ENVIRONMENTS[fn].shape).sort().join(),
    );
    expect(given.sort()).toEqual(wanted.sort());
  });

  it('lets no log grow for ever', () => {
    const groups = all('AWS::Logs::LogGroup');
    expect(groups).toHaveLength(
      all('AWS::Lambda::Function').length + all('AWS::StepFunctions::StateMachine').length,
    );
    for (const [id, { Properties }] of groups) {
      expect(Properties.RetentionInDays, id).toBe(findStage(name).logRetentionDays);
    }
  });

  it('fails messages one by one, and long before they are delivered again', () => {
    const sources = all('AWS::Lambda::EventSourceMapping');
    expect(sources).toHaveLength(1);
    for (const [, { Properties }] of sources) {
      expect(Properties.FunctionResponseTypes).toEqual(['ReportBatchItemFailures']);
      const fn = pipeline.findResources('AWS::Lambda::Function')[Properties.FunctionName.Ref];
      const queue = pipeline.findResources('AWS::SQS::Queue')[Properties.EventSourceArn['Fn::GetAtt'][0]];
      expect(queue?.Properties.VisibilityTimeout).toBeGreaterThanOrEqual(6 * fn?.Properties.Timeout);
      expect(queue?.Properties.RedrivePolicy.maxReceiveCount).toBeGreaterThan(1);
    }
  });

  it('allows no action by pattern, none on everything, and nobody to delete data', () => {
    const allowed = statements(all).filter(({ effect }) => effect === 'Allow');
    expect(allowed.length).toBeGreaterThan(10);
    for (const { id, actions, resources } of allowed) {
      for (const action of actions) {
        expect(action, id).not.toContain('*');
        expect(action, id).not.toMatch(/^(s3:Delete.*|dynamodb:Delete.*|dynamodb:.*Table)$/);
      }
      // The service has no resources to name for the delivery of logs.
      if (!actions.every((action) => action.startsWith('logs:'))) expect(resources, id).not.toContain('*');
    }
  });

  it('has the outputs that the command line reads', () => {
    expect(Object.keys(data.findOutputs('*'))).toEqual(
      expect.arrayContaining(['TableName', 'PlansBucketName']),
    );
    expect(Object.keys(pipeline.findOutputs('*')).sort()).toEqual(['FactsQueueUrl', 'StateMachineArn']);
  });
});

it('names the stages there are when asked for another', () => {
  expect(() => findStage('production')).toThrow('stage: got "production"; allowed: dev, prod, rehearsal');
});
