/** A deployed stage: its stacks' outputs say where the table is, and its own state machine does the runs. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { S3Client } from '@aws-sdk/client-s3';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { type RunOutcome, runHere } from '../../shared/pipeline/run-here.ts';
import type { RunInput } from '../../shared/pipeline/run-input.ts';
import type { Services } from '../../shared/pipeline/services.ts';
import { CATALOGUE } from '../../shared/policy/catalogue.ts';
import { documentClient } from '../../shared/runtime/clients.ts';
import { WRITER_LIFE_MS } from '../../shared/runtime/services.ts';
import { CODE_VERSION } from '../../shared/runtime/version.ts';
import { openTable } from '../../shared/store/open-table.ts';
import { bucketPlans } from '../../shared/store/plans.ts';
import { readRun } from '../../shared/store/runs.ts';
import { InputError } from '../../shared/values/validation.ts';
import type { Target } from './target.ts';

const POLL_MS = 1_000;

/**
 * Opens a stage with the credentials and region of the environment, as every AWS tool takes them.
 * @throws {@link InputError} when no such stage is deployed there.
 */
export async function openStage(stage: string): Promise<Target> {
  const cloudFormation = new CloudFormationClient();
  const outputs = {
    ...(await outputsOf(cloudFormation, stage, `hongbao-${stage}-data`)),
    ...(await outputsOf(cloudFormation, stage, `hongbao-${stage}-pipeline`)),
  };
  const output = (name: string): string => {
    const value = outputs[name];
    if (value === undefined)
      throw new Error(`the stacks of stage ${stage} have no output ${name}: deploy them again`);
    return value;
  };
  const s3 = new S3Client({ forcePathStyle: process.env.AWS_ENDPOINT_URL !== undefined });
  const sfn = new SFNClient();
  const client = documentClient();
  const services: Services = {
    table: await openTable(client, output('TableName')),
    plans: bucketPlans(s3, output('PlansBucketName')),
    catalogue: CATALOGUE,
    now: () => Date.now(),
    leaseMs: 0,
    writerLifeMs: WRITER_LIFE_MS,
    codeVersion: CODE_VERSION,
    shards: 1,
  };
  return {
    services,
    // A dry run writes nothing, so it needs no machine: it reads the deployed table from here.
    run: (input, runId, onStage) =>
      input.dryRun
        ? runHere(services, input, runId, onStage)
        : execute(sfn, output('StateMachineArn'), services, input, runId),
    async close() {
      for (const open of [cloudFormation, s3, sfn, client]) open.destroy();
    },
  };
}

async function outputsOf(
  client: CloudFormationClient,
  stage: string,
  stack: string,
): Promise<Record<string, string>> {
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stack }));
    const outputs = Stacks[0]?.Outputs ?? [];
    return Object.fromEntries(
      outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
    );
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ValidationError') throw error;
    throw new InputError(
      `--stage: got ${JSON.stringify(stage)}; allowed: a deployed stage (there is no stack ${stack} in this account and region)`,
    );
  }
}

/** Starts the deployed machine with the same input as everything else does, and waits for its end. */
async function execute(
  client: SFNClient,
  stateMachineArn: string,
  { table }: Services,
  input: RunInput,
  runId: string,
): Promise<RunOutcome> {
  const { executionArn } = await client.send(
    new StartExecutionCommand({ stateMachineArn, name: runId, input: JSON.stringify(input) }),
  );
  for (;;) {
    await sleep(POLL_MS);
    const { status, error, cause } = await client.send(new DescribeExecutionCommand({ executionArn }));
    if (status === 'RUNNING') continue;
    if (status !== 'SUCCEEDED') {
      throw new Error(
        `run ${runId} ended as ${status}: ${error ?? ''} ${cause ?? ''} (execution ${executionArn})`,
      );
    }
    const record = await readRun(table, input.program, runId);
    if (record?.summary === undefined) return { outcome: 'duplicate', runId };
    const { summary, manifest = '', ...run } = record;
    return { outcome: 'done', run, summary, manifest, finished: [] };
  }
}
