/** Which function may do what to the data: each action by name, on one table and one prefix of one bucket. */
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { FunctionName } from '../../shared/runtime/env.ts';
import { TABLE } from '../../shared/store/names.ts';

interface Access {
  table: readonly `dynamodb:${string}`[];
  /** On the ledger's index. */
  index?: readonly 'dynamodb:Query'[];
  plans?: readonly ('s3:GetObject' | 's3:PutObject')[];
  /** Whether a plan that is not there is told from one that may not be read: without it the bucket answers alike. */
  asksForPlans?: boolean;
}

/** The table is opened by everyone. */
const OPEN = ['dynamodb:GetItem'] as const;
/** An empty table is looked through once, before it is marked as ours. */
const ADOPT = [...OPEN, 'dynamodb:PutItem', 'dynamodb:Scan'] as const;
/** Marking participants due: the day on the list, the markers in batches. */
const MARK_DUE = ['dynamodb:PutItem', 'dynamodb:BatchWriteItem'] as const;
const EVALUATE = [...OPEN, 'dynamodb:Query', ...MARK_DUE] as const;
const READ_AND_STORE = ['s3:GetObject', 's3:PutObject'] as const;

/** Nothing may delete. */
export const ACCESS: Readonly<Record<FunctionName, Access>> = {
  'ingest-facts': { table: [...ADOPT, ...MARK_DUE, 'dynamodb:BatchGetItem', 'dynamodb:UpdateItem'] },
  'open-run': { table: [...ADOPT, 'dynamodb:Query', 'dynamodb:UpdateItem'], plans: ['s3:GetObject'] },
  'evaluate-shard': { table: EVALUATE, plans: ['s3:PutObject'] },
  'evaluate-entities': { table: EVALUATE, plans: READ_AND_STORE },
  decide: {
    table: [...OPEN, 'dynamodb:Query', 'dynamodb:BatchGetItem', 'dynamodb:PutItem'],
    plans: READ_AND_STORE,
  },
  'evaluate-last': { table: EVALUATE, plans: READ_AND_STORE },
  // Whoever has moved since an approved plan was shown is marked due.
  allocate: { table: [...EVALUATE, 'dynamodb:UpdateItem'], plans: READ_AND_STORE },
  'apply-part': {
    table: [...OPEN, ...MARK_DUE, 'dynamodb:UpdateItem'],
    plans: ['s3:GetObject'],
  },
  // Which awards are undecided follows from the arrival dates and the awards there are.
  'close-run': { table: [...OPEN, 'dynamodb:Query', 'dynamodb:UpdateItem'], plans: ['s3:GetObject'] },
  'abandon-run': { table: [...OPEN, 'dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:UpdateItem'] },
  // It reads; what it plans itself stays in memory.
  verify: {
    table: [...OPEN, 'dynamodb:Query', 'dynamodb:BatchGetItem', 'dynamodb:Scan'],
    index: ['dynamodb:Query'],
    plans: ['s3:GetObject'],
    asksForPlans: true,
  },
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
  if (access.index !== undefined) {
    Grant.addToPrincipal({
      grantee,
      actions: [...access.index],
      resourceArns: [`${table.tableArn}/index/${TABLE.ledgerIndex.name}`],
    });
  }
  if (access.plans !== undefined) {
    Grant.addToPrincipal({
      grantee,
      actions: [...access.plans],
      resourceArns: [plans.arnForObjects('plans/*')],
    });
  }
  if (access.asksForPlans === true) {
    Grant.addToPrincipal({ grantee, actions: ['s3:ListBucket'], resourceArns: [plans.bucketArn] });
  }
}
