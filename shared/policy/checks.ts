/** What must hold of a program beyond its schema, before it may run. */
import { addDays, monthOf } from '../values/calendar.ts';
import { parseInput } from '../values/validation.ts';
import {
  type Incentive,
  type PolicyVersion,
  type Program,
  programSchema,
  type Reward,
  type Rung,
} from './schema.ts';

/**
 * Parses and checks a program; all faults are found at once.
 * @throws {@link InputError} when the schema refuses it, Error with one line a fault when a check does.
 */
export function checkProgram(input: unknown): Program {
  const program = parseInput(programSchema, input, 'policy');
  const faults = [
    ...versionFaults(program.versions),
    ...program.versions.flatMap((version) => incentiveFaults(program, version)),
    ...provenanceFaults(program),
  ];
  if (faults.length > 0) throw new Error(`policy ${program.program}:\n  ${faults.join('\n  ')}`);
  return program;
}

function versionFaults(versions: readonly PolicyVersion[]): string[] {
  const faults: string[] = duplicates(versions.map(({ version }) => version)).map(
    (version) => `version ${version} stands twice`,
  );
  for (const [index, { version, from, to }] of versions.entries()) {
    if (to !== undefined && to < from)
      faults.push(`version ${version} ends on ${to}, before it starts on ${from}`);
    const next = versions[index + 1];
    if (next === undefined) continue;
    if (to === undefined || addDays(to, 1) !== next.from) {
      faults.push(
        `version ${version} ends ${to ?? 'never'} and ${next.version} starts ${next.from}: versions follow each other without gap or overlap`,
      );
    }
  }
  return faults;
}

function incentiveFaults(program: Program, version: PolicyVersion): string[] {
  const at = (id: string, fault: string) => `${version.version} ${id}: ${fault}`;
  const faults = duplicates(version.incentives.flatMap(occasionNames)).map((name) =>
    at(name, 'two incentives would name their occasions alike'),
  );
  for (const incentive of version.incentives) {
    const reward = rewardFault(program, incentive.reward);
    if (reward !== undefined) faults.push(at(incentive.id, reward));
    faults.push(...rungFaults(rungsOf(incentive)).map((fault) => at(incentive.id, fault)));
    if (incentive.kind === 'campaign-day' && incentive.to < incentive.from) {
      faults.push(at(incentive.id, `ends on ${incentive.to}, before it starts on ${incentive.from}`));
    }
    if ('firstMonth' in incentive && incentive.firstMonth < monthOf(version.from)) {
      faults.push(
        at(incentive.id, `first month ${incentive.firstMonth} is before its version, ${version.from}`),
      );
    }
  }
  return faults;
}

function occasionNames(incentive: Incentive): string[] {
  return incentive.kind === 'window-ladder' ? [incentive.id, `${incentive.prefix}1`] : [incentive.id];
}

function rungsOf(incentive: Incentive): Rung[] {
  if (incentive.kind === 'window-ladder') return incentive.sales.rungs;
  return incentive.kind === 'milestone' ? incentive.rungs : [];
}

function rungFaults(rungs: readonly Rung[]): string[] {
  const faults = duplicates(rungs.map(({ name }) => name)).map((name) => `rung ${name} stands twice`);
  for (const [index, rung] of rungs.entries()) {
    const before = rungs[index - 1];
    if (before !== undefined && rung.atFen <= before.atFen) {
      faults.push(`rung ${rung.name} at ${rung.atFen} fen is not above ${before.name} at ${before.atFen}`);
    }
  }
  return faults;
}

function rewardFault(program: Program, { unit, pool }: Reward): string | undefined {
  if (pool === undefined) return undefined;
  const known = program.pools[pool];
  if (known === undefined) return `pool ${pool} is not one of ${Object.keys(program.pools).join(', ')}`;
  return known.unit === unit ? undefined : `pays ${unit} from pool ${pool}, which holds ${known.unit}`;
}

/** Every number of a program says whether it was published or assumed, and nothing else does. */
function provenanceFaults(program: Program): string[] {
  const numbers = numberPaths(program);
  const marked = Object.keys(program.provenance);
  return [
    ...numbers
      .filter((path) => !marked.includes(path))
      .map((path) => `${path}: neither published nor assumed`),
    ...marked
      .filter((path) => !numbers.includes(path))
      .map((path) => `provenance of ${path}: no such number`),
  ];
}

/** The paths of a program's numbers, as `new-host.sales.rungs.growth-1.amount`: versions share theirs. */
function numberPaths({ pools, versions }: Program): string[] {
  const paths = new Set<string>();
  const walk = (value: unknown, path: string): void => {
    if (typeof value === 'number') paths.add(path);
    else if (Array.isArray(value)) for (const item of value) walk(item, `${path}.${item.id ?? item.name}`);
    else if (value !== null && typeof value === 'object') {
      for (const [key, item] of Object.entries(value)) walk(item, path === '' ? key : `${path}.${key}`);
    }
  };
  walk({ pools }, '');
  for (const { validSession, incentives } of versions) {
    walk({ validSession }, '');
    for (const incentive of incentives) walk(incentive, incentive.id);
  }
  return [...paths];
}

function duplicates(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}
