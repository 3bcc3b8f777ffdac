/** Frozen decisions: what takes everyone is decided once, put if absent before it is funded, and read ever after. */
import { GetCommand, PutCommand, paginateQuery } from '@aws-sdk/lib-dynamodb';
import type { Frozen } from '../engine/decision.ts';
import { isConditionFailure } from './conditions.ts';
import { keys, type Table } from './table.ts';

/** All frozen decisions of a program by `incentive/month`, read strongly. */
export async function readFrozen(table: Table, program: string): Promise<Frozen> {
  const { pk, sk } = keys.decided(program, '');
  const pages = paginateQuery(
    { client: table.client },
    {
      TableName: table.name,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': pk, ':prefix': sk },
      ConsistentRead: true,
    },
  );
  const frozen: Record<string, Record<string, number>> = {};
  for await (const { Items = [] } of pages) {
    for (const item of Items) frozen[String(item.decision)] = item.shares as Record<string, number>;
  }
  return frozen;
}

/** Freezes a decision, unless it is frozen already. @returns the one that stands. */
export async function freeze(
  table: Table,
  program: string,
  decision: string,
  shares: Readonly<Record<string, number>>,
  runId: string,
): Promise<Readonly<Record<string, number>>> {
  const key = keys.decided(program, decision);
  try {
    await table.client.send(
      new PutCommand({
        TableName: table.name,
        Item: { ...key, decision, shares, runId },
        ConditionExpression: 'attribute_not_exists(pk)',
      }),
    );
    return shares;
  } catch (error) {
    if (!isConditionFailure(error)) throw error;
  }
  const { Item } = await table.client.send(
    new GetCommand({ TableName: table.name, Key: key, ConsistentRead: true }),
  );
  return (Item?.shares ?? {}) as Record<string, number>;
}
