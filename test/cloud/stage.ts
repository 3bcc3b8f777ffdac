/** The deployed stage, seen from outside: its queue, its machines, its table. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { S3Client } from '@aws-sdk/client-s3';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { GetQueueAttributesCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Services } from '../../shared/pipeline/services.ts';
import { CATALOGUE } from '../../shared/policy/catalogue.ts';
import { documentClient } from '../../shared/runtime/clients.ts';
import { openTable } from '../../shared/store/open-table.ts';
import { bucketPlans } from '../../shared/store/plans.ts';
import { run } from './command.ts';

export const STAGE = 'rehearsal';
const FACTS_A_MESSAGE = 50;
const MESSAGES_A_CALL = 10;

export interface DeployedStage {
  /** Its table and plans, for looking at them, and for a writer that is not its machine. */
  services: Services;
  /** Sends facts through the queue and waits until it is empty. */
  send(lines: readonly string[]): Promise<void>;
  /** Starts a state machine as `aws stepfunctions start-execution` does, and waits for its end, whatever it is. */
  execute(machine: 'run' | 'verify', name: string, input: unknown): Promise<Execution>;
  close(): void;
}

/** How an execution ended. */
interface Execution {
  status: string;
  /** What it gave, if it succeeded. */
  output: Record<string, unknown>;
  cause: string;
}

/** Deploys the real stacks. */
export async function deploy(directory: string): Promise<void> {
  const cdklocal = fileURLToPath(import.meta.resolve('aws-cdk-local/bin/cdklocal'));
  await run(process.execPath, [cdklocal, 'bootstrap', '--output', `${directory}/bootstrap.out`]);
  await run(process.execPath, [
    cdklocal,
    ...['deploy', '--all', '--require-approval', 'never', '-c', `stage=${STAGE}`],
    ...['--output', `${directory}/cdk.out`],
  ]);
}

/** Finds a deployed stage by the outputs of its stacks. */
export async function openDeployed(): Promise<DeployedStage> {
  const cloudFormation = new CloudFormationClient();
  const [sqs, sfn, s3, dynamo] = [new SQSClient(), new SFNClient(), new S3Client(), documentClient()];
  const outputs: Record<string, string> = {};
  for (const stack of ['data', 'pipeline', 'operations']) {
    const { Stacks = [] } = await cloudFormation.send(
      new DescribeStacksCommand({ StackName: `hongbao-${STAGE}-${stack}` }),
    );
    for (const { OutputKey = '', OutputValue = '' } of Stacks[0]?.Outputs ?? []) {
      outputs[OutputKey] = OutputValue;
    }
  }
  const { TableName = '', PlansBucketName = '', FactsQueueUrl } = outputs;
  const machines = { run: outputs.StateMachineArn, verify: outputs.VerifyMachineArn };
  return {
    services: {
      table: await openTable(dynamo, TableName),
      plans: bucketPlans(s3, PlansBucketName),
      catalogue: CATALOGUE,
      now: Date.now,
      codeVersion: 'test',
      leaseMs: 60_000,
      writerLifeMs: 0,
      shards: 4,
    },
    async send(lines) {
      const messages = chunks(lines, FACTS_A_MESSAGE).map((facts) => facts.join('\n'));
      for (const batch of chunks(messages, MESSAGES_A_CALL)) {
        const { Failed = [] } = await sqs.send(
          new SendMessageBatchCommand({
            QueueUrl: FactsQueueUrl,
            Entries: batch.map((MessageBody, index) => ({ Id: String(index), MessageBody })),
          }),
        );
        if (Failed.length > 0) throw new Error(`the queue refused messages: ${JSON.stringify(Failed)}`);
      }
      await until('the queue is empty', async () => {
        const { Attributes } = await sqs.send(
          new GetQueueAttributesCommand({
            QueueUrl: FactsQueueUrl,
            AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
          }),
        );
        return Object.values(Attributes ?? {}).every((count) => count === '0');
      });
    },
    async execute(machine, name, input) {
      const { executionArn } = await sfn.send(
        new StartExecutionCommand({
          stateMachineArn: machines[machine],
          name,
          input: JSON.stringify(input),
        }),
      );
      let ended: Execution = { status: 'RUNNING', output: {}, cause: '' };
      await until(`${name} has ended`, async () => {
        const {
          status = '',
          output = '{}',
          error,
          cause,
        } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
        ended = { status, output: JSON.parse(output), cause: `${error}: ${cause}` };
        return status !== 'RUNNING';
      });
      return ended;
    },
    close() {
      for (const client of [cloudFormation, sqs, sfn, s3, dynamo]) client.destroy();
    },
  };
}

const PATIENCE_SECONDS = 180;

/** Asks again and again whether something has come true. */
export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (let second = 0; second < PATIENCE_SECONDS; second++) {
    if (await isSo()) return;
    await sleep(1000);
  }
  throw new Error(`waited ${PATIENCE_SECONDS} s in vain until ${what}`);
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
