/** Lowerings that wait for an operator: one item for each place of the ledger, replaced when it is planned anew. */
import { GetCommand, type NativeAttributeValue, paginateQuery, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Change, Held } from '../engine/history.ts';
import { isConditionFailure } from './conditions.ts';
import { TABLE } from './names.ts';
import { keys, type Table } from './table.ts';

/** One with its holder. */
export interface HeldBy extends Held {
  participantId: string;
}

/** Puts a lowering up for an operator. What was decided on this place before stays on its record. */
export async function putHeld(
  table: Table,
  program: string,
  participantId: string,
  change: Change,
): Promise<void> {
  const { hold: _hold, ...content } = change;
  await table.client.send(
    new UpdateCommand({
      TableName: table.name,
      Key: keys.held(participantId, program, change.occasion, change.n),
      UpdateExpression:
        'SET participantId = :participantId, program = :program, #change = :change, #state = :waiting, #log = if_not_exists(#log, :none), #indexPk = :indexPk, #indexSk = :indexSk',
      ExpressionAttributeNames: {
        '#change': 'change',
        '#state': 'state',
        '#log': 'log',
        '#indexPk': TABLE.ledgerIndex.partitionKey,
        '#indexSk': TABLE.ledgerIndex.sortKey,
      },
      ExpressionAttributeValues: {
        ':participantId': participantId,
        ':program': program,
        ':change': content,
        ':waiting': 'waiting',
        ':none': [],
        ':indexPk': indexKey(program),
        ':indexSk': `${participantId}#${change.occasion}#${change.n}`,
      },
    }),
  );
}

/** Withdraws a lowering that is no longer due, unless an operator has decided on it since. */
export async function withdrawHeld(
  table: Table,
  program: string,
  participantId: string,
  change: Change,
): Promise<void> {
  try {
    await table.client.send(
      new UpdateCommand({
        TableName: table.name,
        Key: keys.held(participantId, program, change.occasion, change.n),
        UpdateExpression: 'SET #state = :withdrawn',
        ConditionExpression: '#state = :waiting',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: { ':waiting': 'waiting', ':withdrawn': 'withdrawn' },
      }),
    );
  } catch (error) {
    if (!isConditionFailure(error)) throw error;
  }
}

/** All lowerings of a program that wait or waited, by participant and occasion. */
export async function readHeld(table: Table, program: string): Promise<HeldBy[]> {
  const { name: IndexName, partitionKey } = TABLE.ledgerIndex;
  const pages = paginateQuery(
    { client: table.client },
    {
      TableName: table.name,
      IndexName,
      KeyConditionExpression: `${partitionKey} = :pk`,
      ExpressionAttributeValues: { ':pk': indexKey(program) },
    },
  );
  const held: HeldBy[] = [];
  for await (const { Items = [] } of pages) held.push(...Items.map(decodeHeld));
  return held;
}

/**
 * Records an operator's decision on a waiting lowering.
 * @returns false when it does not wait with this amount any more: look again.
 */
export async function decideHeld(
  table: Table,
  { participantId, program, change }: HeldBy,
  { decision, by, reason, at }: { decision: 'approved' | 'rejected'; by: string; reason: string; at: string },
): Promise<boolean> {
  try {
    await table.client.send(
      new UpdateCommand({
        TableName: table.name,
        Key: keys.held(participantId, program, change.occasion, change.n),
        UpdateExpression: 'SET #state = :decision, #log = list_append(#log, :entry)',
        ConditionExpression: '#state = :waiting AND #change.amount = :amount',
        ExpressionAttributeNames: { '#state': 'state', '#log': 'log', '#change': 'change' },
        ExpressionAttributeValues: {
          ':decision': decision,
          ':waiting': 'waiting',
          ':amount': change.amount,
          ':entry': [{ decision, amount: change.amount, by, reason, at }],
        },
      }),
    );
    return true;
  } catch (error) {
    if (!isConditionFailure(error)) throw error;
    const { Item } = await table.client.send(
      new GetCommand({
        TableName: table.name,
        Key: keys.held(participantId, program, change.occasion, change.n),
        ConsistentRead: true,
      }),
    );
    return Item !== undefined && decodeHeld(Item).log.at(-1)?.at === at;
  }
}

export function decodeHeld(item: Record<string, NativeAttributeValue>): HeldBy {
  const { participantId, program, change, state, log } = item;
  return { participantId, program, change, state, log } as HeldBy;
}

function indexKey(program: string): string {
  return `HELD#${program}`;
}
