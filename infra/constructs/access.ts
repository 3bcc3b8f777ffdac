/** Which function may do what to the data: each action by name, on one table and one prefix of one bucket. */
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { FunctionName } from '../../shared/runtime/env.ts';

interface Access {
  table: readonly `dynamodb:${string}`[];
  plans?: readonly ('s3:GetObject' | 's3:PutObject')[];
}

/** Marking participants due: the day on the list, the markers in batches. */
const MARK_DUE = ['dynamodb:PutItem', 'dynamodb:BatchWriteItem'] as const;
/** An empty table is looked through once, before it is marked as ours. */
const ADOPT = ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Scan'] as const;

/** Nobody may delete: what a run writes can only be added to (docs/design.md, laws). */
const ACCESS: Readonly<Record<FunctionName, Access>> = {
  'ingest-facts': { table: [...ADOPT, ...MARK_DUE, 'dynamodb:BatchGetItem', 'dynamodb:UpdateItem'] },
  'open-run': { table: [...ADOPT, 'dynamodb:Query', 'dynamodb:UpdateItem'], plans: ['s3:GetObject'] },
  'evaluate-shard': { table: ['dynamodb:GetItem', 'dynamodb:Query', ...MARK_DUE], plans: ['s3:PutObject'] },
  allocate: {
    table: ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:UpdateItem'],
    plans: ['s3:GetObject', 's3:PutObject'],
  },
  'apply-part': { table: ['dynamodb:GetItem', ...MARK_DUE], plans: ['s3:GetObject'] },
  'close-run': { table: ['dynamodb:GetItem', 'dynamodb:UpdateItem'], plans: ['s3:GetObject'] },
  'abandon-run': { table: ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:UpdateItem'] },
};

/** Gives a function what it needs, and no more. */
export function grantAccess(
  grantee: IGrantable,
  name: FunctionName,
  { table, plans }: { table: TableV2; plans: Bucket },
): void {
  const access = ACCESS[name];
  Grant.addToPrincipal({
    grantee,
    actions: [...new Set(access.table)],
    resourceArns: [table.tableArn],
  });
  if (access.plans !== undefined) {
    Grant.addToPrincipal({
      grantee,
      actions: [...access.plans],
      resourceArns: [plans.arnForObjects('plans/*')],
    });
  }
}
