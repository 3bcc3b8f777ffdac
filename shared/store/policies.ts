/** The policy versions that runs have used, pinned by content: a version once used cannot change. */
import type { PolicyVersion, Program } from '../policy/schema.ts';
import { versionHash } from '../policy/versions.ts';
import type { BusinessDate } from '../values/calendar.ts';
import { InputError } from '../values/validation.ts';
import { getItem, itemsIn, putIfAbsent } from './items.ts';
import { keys, type Table } from './table.ts';

/**
 * Pins the versions of a program that have started by a run's as-of: one that is yet to come may still change.
 * @throws {@link InputError} when a version was used before with other content.
 */
export async function pinPolicy(
  table: Table,
  program: Program,
  asOf: BusinessDate,
  nowMs: number,
): Promise<void> {
  for (const version of program.versions) {
    if (version.from <= asOf) await pinVersion(table, program, version, nowMs);
  }
}

/** The names of the versions that runs have used. */
export async function pinnedVersions(table: Table, program: string): Promise<Set<string>> {
  const { pk } = keys.policy(program, '');
  const names = new Set<string>();
  for await (const { sk } of itemsIn(table, { pk })) names.add(String(sk));
  return names;
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
