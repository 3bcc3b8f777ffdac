/** Policy versions: which is in force, and the content hash by which one is known. */
import type { BusinessDate } from '../values/calendar.ts';
import { contentHash } from '../values/canonical.ts';
import type { PolicyVersion, Program } from './schema.ts';

/**
 * The version in force on a date, if any: the last that has started, unless it has ended. So one that was used, and
 * cannot change, is superseded by the next without being told its end.
 */
export function versionOn(program: Program, date: BusinessDate): PolicyVersion | undefined {
  const started = program.versions.findLast(({ from }) => from <= date);
  return started?.to === undefined || date <= started.to ? started : undefined;
}

/** The hash of all that a version says, and of what its program says for every version. */
export function versionHash(program: Program, version: PolicyVersion): string {
  const { program: name, platform, zone } = program;
  return contentHash({ name, platform, zone, version });
}

/** The hashes of all versions by name. */
export function versionHashes(program: Program): Record<string, string> {
  return Object.fromEntries(
    program.versions.map((version) => [version.version, versionHash(program, version)]),
  );
}

/** The version that a label of {@link versionLabel} names; the last one when it is gone. */
export function versionNamed(program: Program, label: string): PolicyVersion {
  return (
    program.versions.find((version) => versionLabel(program, version) === label) ?? program.versions.at(-1)!
  );
}

const labels = new WeakMap<PolicyVersion, string>();

/** How entries name a version: `2024-07-24@0123456789ab`, its name and the start of its hash. */
export function versionLabel(program: Program, version: PolicyVersion): string {
  const known = labels.get(version);
  if (known !== undefined) return known;
  const label = `${version.version}@${versionHash(program, version).slice(0, 12)}`;
  labels.set(version, label);
  return label;
}
