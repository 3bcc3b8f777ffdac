/** What watches: the weekly verification of the ledgers, and its alarms. */
import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { CATALOGUE } from '../shared/policy/catalogue.ts';
import { grantAccess } from './constructs/access.ts';
import { commonEnvironment, StageFunction } from './constructs/stage-function.ts';
import { Verification } from './constructs/verification.ts';
import type { Stage } from './stages.ts';

/** The longest that a function may take. */
const VERIFY_TIME = Duration.minutes(15);
/** It holds all entries of the table at once. */
const VERIFY_MEMORY_MB = 3008;

export interface OperationsStackProps extends StackProps {
  stage: Stage;
  table: TableV2;
  plans: Bucket;
}

export class OperationsStack extends Stack {
  constructor(scope: Construct, id: string, { stage, table, plans, ...props }: OperationsStackProps) {
    super(scope, id, props);
    const stageName = `hongbao-${stage.name}`;
    const { logRetentionDays } = stage;
    const verify = new StageFunction(this, 'verify', {
      name: 'verify',
      description: 'Compares a ledger with the facts, the policy and the pools',
      environment: { ...commonEnvironment(stageName, table), PLANS_BUCKET: plans.bucketName },
      timeout: VERIFY_TIME,
      memorySize: VERIFY_MEMORY_MB,
      logRetentionDays,
    });
    grantAccess(verify, 'verify', { table, plans });
    const { machine } = new Verification(this, 'Verification', {
      verify,
      catalogue: CATALOGUE,
      stageName,
      logRetentionDays,
    });

    new CfnOutput(this, 'VerifyMachineArn', { value: machine.stateMachineArn });
  }
}
