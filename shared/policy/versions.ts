/** Policy versions: which is in force, and the content hash by which one is known. */
import type { BusinessDate } from '../values/calendar.ts';
import { contentHash } from '../values/canonical.ts';
import { InputError } from '../values/validation.ts';
import type { PolicyVersion, Program } from './schema.ts';

/**
 * The version in force on a date, if any: the last that has started, unless it has ended. So one that was used, and
 * cannot change, is followed by the next without being told its end.
 */
export function versionOn(program: Program, date: BusinessDate): PolicyVersion | undefined {
  const started = program.versions.findLast(({ from }) => from <= date);
  return started?.to === undefined || date <= started.to ? started : undefined;
}

/**
 * The version that judges the facts of a date: the one in force on it; before a program's first version the first, on
 * a date under none the one before (docs/programs.md, Facts).
 */
export function versionJudging({ versions }: Program, date: BusinessDate): PolicyVersion {
  const [first] = versions;
  if (first === undefined) throw new Error('a program has at least one version: the schema sees to that');
  return versions.findLast(({ from }) => from <= date) ?? first;
}

/**
 * The program without the superseding versions that are not in force: one counts for nothing until a plan made under
 * it has been applied (docs/programs.md, For both programs).
 *
 * @param superseding the names of those that have been applied.
 * @throws {@link InputError} naming one that was applied and is gone: what it decided could not be judged.
 */
export function inForce(program: Program, superseding: readonly string[]): Program {
  for (const name of superseding) {
    if (program.versions.some(({ version, supersedes }) => version === name && supersedes !== undefined))
      continue;
    throw new InputError(
      `policy ${program.program}: version ${name} was applied and is gone; allowed: every version that was used, as it was`,
    );
  }
  const versions = program.versions.filter(
    ({ version, supersedes }) => supersedes === undefined || superseding.includes(version),
  );
  return { ...program, versions };
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

/**
 * The version that a label of {@link versionLabel} names.
 * @throws Error naming the label, when no version that is in force has it.
 */
export function versionNamed(program: Program, label: string): PolicyVersion {
  const version = program.versions.find((candidate) => versionLabel(program, candidate) === label);
  if (version !== undefined) return version;
  throw new Error(`an entry names policy ${label}, and no version of ${program.program} in force is that`);
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
