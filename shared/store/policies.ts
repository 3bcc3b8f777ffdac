/** The policy versions that runs have used, pinned by content: a version once used cannot change. */
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { PolicyVersion, Program } from '../policy/schema.ts';
import { versionHash } from '../policy/versions.ts';
import { InputError } from '../values/validation.ts';
import { isConditionFailure } from './conditions.ts';
import { keys, type Table } from './table.ts';

/**
 * Pins every version of a program.
 * @throws {@link InputError} when a version was used before with other content.
 */
export async function pinPolicy(table: Table, program: Program, nowMs: number): Promise<void> {
  for (const version of program.versions) await pinVersion(table, program, version, nowMs);
}

async function pinVersion(
  table: Table,
  program: Program,
  version: PolicyVersion,
  nowMs: number,
): Promise<void> {
  const hash = versionHash(program, version);
  const key = keys.policy(program.program, version.version);
  try {
    await table.client.send(
      new PutCommand({
        TableName: table.name,
        Item: { ...key, hash, firstUsedAt: new Date(nowMs).toISOString(), content: version },
        ConditionExpression: 'attribute_not_exists(pk)',
      }),
    );
    return;
  } catch (error) {
    if (!isConditionFailure(error)) throw error;
  }
  const { Item } = await table.client.send(
    new GetCommand({ TableName: table.name, Key: key, ConsistentRead: true }),
  );
  if (Item?.hash === hash) return;
  throw new InputError(
    `policy ${program.program} version ${version.version}: got content ${hash}; allowed: ${String(Item?.hash)}, with which it was first used on ${String(Item?.firstUsedAt)} (change the rules by a version of another name)`,
  );
}
