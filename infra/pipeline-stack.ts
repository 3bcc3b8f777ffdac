/** What runs: ingestion, the stages of a run, the state machine around them, and the schedules that start it. */
import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { CATALOGUE } from '../shared/policy/catalogue.ts';
import type { FunctionName, StageName } from '../shared/runtime/env.ts';
import type { BusinessDate } from '../shared/values/calendar.ts';
import { grantAccess } from './constructs/access.ts';
import { FactsQueue } from './constructs/facts-queue.ts';
import { RunMachine } from './constructs/run-machine.ts';
import { Schedules } from './constructs/schedules.ts';
import { commonEnvironment, StageFunction } from './constructs/stage-function.ts';
import type { Stage } from './stages.ts';

/** How long a run may take, and so how long its writer is taken to be alive. */
const RUN_TIME = Duration.hours(1);
/** The longest that a function may take. */
const LONG = Duration.minutes(15);
const SHORT = Duration.minutes(1);

export interface PipelineStackProps extends StackProps {
  stage: Stage;
  table: TableV2;
  plans: Bucket;
  /** The date in UTC on which this is synthesized. */
  today: BusinessDate;
}

export class PipelineStack extends Stack {
  constructor(scope: Construct, id: string, { stage, table, plans, today, ...props }: PipelineStackProps) {
    super(scope, id, props);
    const stageName = `hongbao-${stage.name}`;
    const { logRetentionDays } = stage;
    const shared = commonEnvironment(stageName, table);
    const stageEnvironment = {
      ...shared,
      PLANS_BUCKET: plans.bucketName,
      LEASE_SECONDS: String(RUN_TIME.toSeconds()),
      SHARDS: String(stage.shards),
    };
    const granted = <N extends FunctionName>(name: N, fn: StageFunction<N>): IFunction => {
      grantAccess(fn, name, { table, plans });
      return fn;
    };
    const stageFunction = (name: StageName, timeout: Duration, does: string) =>
      granted(
        name,
        new StageFunction(this, name, {
          name,
          description: does,
          environment: stageEnvironment,
          timeout,
          logRetentionDays,
        }),
      );

    const { queue } = new FactsQueue(this, 'Facts', {
      ingestFacts: granted(
        'ingest-facts',
        new StageFunction(this, 'ingest-facts', {
          name: 'ingest-facts',
          description: 'Takes facts in from the queue',
          environment: shared,
          timeout: SHORT,
          logRetentionDays,
        }),
      ),
    });
    const { machine } = new RunMachine(this, 'Run', {
      functions: {
        'open-run': stageFunction('open-run', SHORT, 'Opens a run, or says why not'),
        'evaluate-shard': stageFunction('evaluate-shard', LONG, 'Plans the changes of some participants'),
        'evaluate-entities': stageFunction('evaluate-entities', LONG, 'Plans the changes of some owners'),
        decide: stageFunction('decide', LONG, 'Freezes the pools and ranks that have fallen due'),
        'evaluate-last': stageFunction('evaluate-last', LONG, 'Plans the changes of agencies and ranks'),
        allocate: stageFunction('allocate', LONG, 'Funds a plan from the pools'),
        'apply-part': stageFunction('apply-part', LONG, 'Writes the entries of one part of a plan'),
        'close-run': stageFunction('close-run', SHORT, 'Settles the pools and closes a run'),
        'abandon-run': stageFunction('abandon-run', SHORT, 'Gives up a run that failed'),
      },
      stageName,
      timeout: RUN_TIME,
      logRetentionDays,
    });
    const schedules = new Schedules(this, 'Schedules', {
      catalogue: CATALOGUE,
      machine,
      stageName,
      dailyEveryMinute: stage.dailyEveryMinute,
      today,
    });
    schedules.node.addDependency(queue, machine);

    // Whoever misses a schedule finds here why there is none.
    if (schedules.ended.length > 0) {
      new CfnOutput(this, 'EndedPrograms', { value: schedules.ended.join(', ') });
    }
    new CfnOutput(this, 'StateMachineArn', { value: machine.stateMachineArn });
    new CfnOutput(this, 'FactsQueueUrl', { value: queue.queueUrl });
  }
}
