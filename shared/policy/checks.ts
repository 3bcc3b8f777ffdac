/** What must hold of a program beyond its schema, before it may run. */
import { monthOf, periodOf } from '../values/calendar.ts';
import { at } from '../values/sums.ts';
import { duplicates, parseInput } from '../values/validation.ts';
import { namingFaults } from './naming.ts';
import { reachFaults } from './reach.ts';
import { type Incentive, type PolicyVersion, type Program, programSchema, type Rung } from './schema.ts';
import { versionFaults } from './sequence.ts';

/**
 * Parses and checks a program; all faults are found at once.
 * @throws {@link InputError} when the schema refuses it, Error with one line a fault when a check does.
 */
export function checkProgram(input: unknown): Program {
  const program = parseInput(programSchema, input, 'policy');
  const faults = [
    ...versionFaults(program.versions),
    ...namingFaults(program),
    ...reachFaults(program),
    ...program.versions.flatMap((version) => incentiveFaults(program, version)),
    ...provenanceFaults(program),
  ];
  if (faults.length > 0) throw new Error(`policy ${program.program}:\n  ${faults.join('\n  ')}`);
  return program;
}

function incentiveFaults(program: Program, version: PolicyVersion): string[] {
  const faultAt = (id: string, fault: string) => `${version.version} ${id}: ${fault}`;
  const faults: string[] = [];
  for (const pool of Object.keys(program.pools)) {
    if (at(version.corrections, pool) === undefined)
      faults.push(faultAt(pool, 'no corrections mode for this pool'));
  }
  for (const incentive of version.incentives) {
    faults.push(...kindFaults(program, version, incentive).map((fault) => faultAt(incentive.id, fault)));
  }
  return faults;
}

function kindFaults(program: Program, version: PolicyVersion, incentive: Incentive): string[] {
  const faults = [
    ...rewardFaults(program, incentive),
    ...stepFaults(rungsOf(incentive).map(({ name, atFen }) => ({ name, from: atFen }))),
    ...payeeFaults(incentive),
  ];
  const others = program.versions.flatMap(({ incentives }) =>
    incentives.filter(({ id }) => id === incentive.id),
  );
  if (others.some(({ kind }) => kind !== incentive.kind))
    faults.push('is of another kind in another version');
  if ('from' in incentive && incentive.to < incentive.from) {
    faults.push(`ends on ${incentive.to}, before it starts on ${incentive.from}`);
  }
  const start = program.versions[0]?.from ?? version.from;
  if ('firstMonth' in incentive && incentive.firstMonth < monthOf(start)) {
    faults.push(`first month ${incentive.firstMonth} is before its program, ${start}`);
  }
  if (
    incentive.kind === 'milestone' &&
    periodOf(incentive.firstFrom, incentive.every).from !== incentive.firstFrom
  ) {
    faults.push(`first looked at from ${incentive.firstFrom}, which starts no ${incentive.every}`);
  }
  if (incentive.kind === 'rebate') {
    faults.push(...stepFaults(incentive.tiers.map(({ name, fromFen }) => ({ name, from: fromFen }))));
    if (incentive.floorBps !== undefined && incentive.of !== 'fees')
      faults.push('has a floor, which only fees can');
  }
  if (incentive.kind === 'pooled-split' && incentive.ceilingBps > 10_000)
    faults.push('has a ceiling above the whole');
  if (incentive.kind === 'window-rollup') {
    const counted = version.incentives.find(({ id }) => id === incentive.windowsOf);
    if (counted?.kind !== 'window-ladder')
      faults.push(`counts the windows of ${incentive.windowsOf}, which opens none`);
  }
  return faults;
}

/** Some kinds are about what an agency's members do, the others about what a participant does itself. */
function payeeFaults({ kind, who }: Incentive): string[] {
  const agencies = who.kinds.includes('agency');
  const ofMembers = kind === 'pooled-split' || kind === 'window-rollup';
  if (ofMembers && (!agencies || who.kinds.length > 1)) return ['is for agencies only'];
  if (agencies && !ofMembers && kind !== 'rebate')
    return ['is not for agencies: they have no sessions or sales'];
  if (!agencies && (who.agencyKind !== undefined || who.inCluster !== undefined)) {
    return ['asks for a sort of agency, and is not for agencies'];
  }
  return [];
}

function rungsOf(incentive: Incentive): readonly Rung[] {
  if (incentive.kind === 'window-ladder') return incentive.sales.rungs;
  return incentive.kind === 'milestone' || incentive.kind === 'event-ladder' ? incentive.rungs : [];
}

function stepFaults(steps: readonly { name: string; from: number }[]): string[] {
  const faults = duplicates(steps.map(({ name }) => name)).map((name) => `step ${name} stands twice`);
  for (const [index, step] of steps.entries()) {
    const before = steps[index - 1];
    if (before !== undefined && step.from <= before.from) {
      faults.push(`step ${step.name} at ${step.from} fen is not above ${before.name} at ${before.from}`);
    }
  }
  return faults;
}

function rewardFaults(program: Program, { id, reward: { unit, pool, limit } }: Incentive): string[] {
  if (limit !== undefined && at(program.pools, id) !== undefined)
    return ['has a limit of its own, and a pool has its name: the budget could not tell them apart'];
  if (pool === undefined) return limit === undefined ? [] : ['has a limit of its own, and no pool'];
  const known = at(program.pools, pool);
  if (known === undefined) return [`pool ${pool} is not one of ${Object.keys(program.pools).join(', ')}`];
  return known.unit === unit ? [] : [`pays ${unit} from pool ${pool}, which holds ${known.unit}`];
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
