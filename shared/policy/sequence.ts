/** What must hold of a program's versions together: their order, their dates, and what supersedes what. */
import { duplicates } from '../values/validation.ts';
import type { PolicyVersion } from './schema.ts';

/**
 * Versions stand in the order in which they start and do not overlap; between two there may be dates under none. One
 * without an end goes on until the next starts. A superseding one starts in the dates of the version that it names,
 * and takes over from it.
 */
export function versionFaults(versions: readonly PolicyVersion[]): string[] {
  const faults = duplicates(versions.map(({ version }) => version)).map(
    (name) => `version ${name} stands twice`,
  );
  for (const { version, from, to } of versions) {
    if (to !== undefined && to < from)
      faults.push(`version ${version} ends on ${to}, before it starts on ${from}`);
  }
  return [
    ...faults,
    ...sequenceFaults(versions.filter(({ supersedes }) => supersedes === undefined)),
    ...supersedingFaults(versions),
  ];
}

/** Of the versions that count of themselves, each starts after the one before it has ended. */
function sequenceFaults(versions: readonly PolicyVersion[]): string[] {
  return versions.flatMap(({ version, from, to }, index) => {
    const next = versions[index + 1];
    if (next === undefined) return [];
    if (next.from <= from)
      return [`version ${next.version} starts on ${next.from}, not after ${version}, ${from}`];
    return to === undefined || to < next.from
      ? []
      : [
          `version ${version} ends ${to} and ${next.version} starts ${next.from}: versions do not overlap (one that changes the past supersedes)`,
        ];
  });
}

function supersedingFaults(versions: readonly PolicyVersion[]): string[] {
  return versions.flatMap(({ version, from, to, supersedes }, index) => {
    const faults: string[] = [];
    const [before, next] = [versions[index - 1], versions[index + 1]];
    if (before !== undefined && from < before.from)
      faults.push(`version ${version} starts on ${from}, and stands after ${before.version}, ${before.from}`);
    if (supersedes === undefined) return faults;
    const inDates = versions.slice(0, index).findLast((earlier) => earlier.from <= from);
    const holds = inDates !== undefined && (inDates.to === undefined || from <= inDates.to);
    if (!holds || inDates.version !== supersedes) {
      faults.push(
        `version ${version} supersedes ${supersedes}, and the version before it that is in force on ${from} is ${holds ? inDates.version : 'none'}`,
      );
    }
    if (to !== undefined && next !== undefined && next.supersedes === undefined && next.from <= to) {
      faults.push(
        `version ${version} ends ${to} and ${next.version} starts ${next.from}: versions do not overlap`,
      );
    }
    return faults;
  });
}
