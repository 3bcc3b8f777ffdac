/** A function as Lambda starts it: its environment is set before its module is loaded; and what it may then do. */
import type { Context } from 'aws-lambda';
import { vi } from 'vitest';
import { ACCESS } from '../../infra/constructs/access.ts';
import type { FunctionName } from '../../shared/runtime/env.ts';

export const ENVIRONMENT = {
  TABLE_NAME: 'hongbao',
  PLANS_BUCKET: 'plans',
  LEASE_SECONDS: '3600',
  SHARDS: '2',
  POWERTOOLS_SERVICE_NAME: 'hongbao-test',
  POWERTOOLS_METRICS_NAMESPACE: 'Hongbao',
};

/** What the functions log and count is wanted by those tests only that look at it. */
const QUIET = { POWERTOOLS_LOG_LEVEL: 'SILENT', POWERTOOLS_METRICS_DISABLED: 'true' };

export function setEnvironment(more: Record<string, string> = {}): void {
  const variables = { ...ENVIRONMENT, ...QUIET, AWS_REGION: 'us-east-1', ...more };
  for (const [name, value] of Object.entries({
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    ...variables,
  })) {
    vi.stubEnv(name, value);
  }
}

/** What Lambda says of an invocation. */
export const CONTEXT = {
  awsRequestId: 'request',
  functionName: 'function',
  functionVersion: '$LATEST',
  invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:function',
  memoryLimitInMB: '1024',
  logGroupName: 'group',
  logStreamName: 'stream',
  callbackWaitsForEmptyEventLoop: false,
  getRemainingTimeInMillis: () => 60_000,
  done: () => {},
  fail: () => {},
  succeed: () => {},
} satisfies Context;

const ACTIONS: Readonly<Record<string, string>> = {
  GetCommand: 'dynamodb:GetItem',
  PutCommand: 'dynamodb:PutItem',
  UpdateCommand: 'dynamodb:UpdateItem',
  QueryCommand: 'dynamodb:Query',
  ScanCommand: 'dynamodb:Scan',
  BatchGetCommand: 'dynamodb:BatchGetItem',
  BatchWriteCommand: 'dynamodb:BatchWriteItem',
};
const ON_INDEX = ' on the index';

/** The action that a command to the table needs; one that is not known here is allowed to nobody. */
export function actionOf(command: { input: { IndexName?: string } }): string {
  const { name } = command.constructor;
  return `${ACTIONS[name] ?? name}${command.input.IndexName === undefined ? '' : ON_INDEX}`;
}

/** All that the stack allows a function to do to the data. */
export function allowedActions(name: FunctionName): string[] {
  const { table, index = [], plans = [] } = ACCESS[name];
  return [...table, ...index.map((action) => `${action}${ON_INDEX}`), ...plans];
}
