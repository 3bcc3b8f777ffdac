/** The policy versions that runs have used, pinned by content: a version once used cannot change. */
import type { PolicyVersion, Program } from '../policy/schema.ts';
import { versionHash } from '../policy/versions.ts';
import { InputError } from '../values/validation.ts';
import { getItem, putIfAbsent } from './items.ts';
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
  const firstUsedAt = new Date(nowMs).toISOString();
  if (await putIfAbsent(table, { ...key, hash, firstUsedAt, content: version })) return;
  const known = await getItem(table, key);
  if (known?.hash === hash) return;
  throw new InputError(
    `policy ${program.program} version ${version.version}: got content ${hash}; allowed: ${String(known?.hash)}, with which it was first used on ${String(known?.firstUsedAt)} (change the rules by a version of another name)`,
  );
}
