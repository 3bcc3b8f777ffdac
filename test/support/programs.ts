/** Agencies, creators and programs made for a test, and the runs that decide what takes everyone. */
import type { Fact, Participant } from '../../shared/facts/schema.ts';
import type { RunOutcome } from '../../shared/pipeline/run-here.ts';
import { verify } from '../../shared/pipeline/verify/verify.ts';
import { findProgram } from '../../shared/policy/catalogue.ts';
import { checkProgram } from '../../shared/policy/checks.ts';
import type { Incentive, PolicyVersion, Program } from '../../shared/policy/schema.ts';
import { readFrozen } from '../../shared/store/decisions.ts';
import { addDays, lastDay } from '../../shared/values/calendar.ts';
import { merchant, sales, session } from './facts.ts';
import { PROGRAM, type World } from './world.ts';

type More = Partial<Omit<Participant, 'type' | 'id' | 'kind'>>;

/** A service provider in an industrial cluster, unless said otherwise. */
export function agency(id = 'a-1', more: More = {}): Participant {
  const sort = { agencyKind: 'service-provider' as const, industryCluster: 'yiwu' };
  return { type: 'participant', id, platform: 'xiaohongshu', kind: 'agency', ...sort, revision: 1, ...more };
}

export function creator(id: string, more: More = {}): Participant {
  return { type: 'participant', id, platform: 'xiaohongshu', kind: 'creator', revision: 1, ...more };
}

/** A merchant that is a member of an agency, since before the program unless said otherwise. */
export function member(
  id: string,
  agencyId: string,
  { from = '2024-01-01', to, ...more }: More & { from?: string; to?: string } = {},
): Participant {
  const membership = { agencyId, from, ...(to === undefined ? {} : { to }) };
  return merchant(id, { memberships: [membership], ...more });
}

/** An agency with so many live members; the first of them sells for all, and both pay the same fees. */
export function agencyWith(
  id: string,
  { live = 5, on = '2024-08-10', fen = 0, feesFen = 0, more = {} as More } = {},
): Fact[] {
  const members = Array.from({ length: live }, (_, index) => `${id}.m-${index + 1}`);
  return [
    agency(id, more),
    ...members.flatMap((by) => [member(by, id), session(on, { by })]),
    ...(fen === 0 ? [] : [sales(on, fen, { by: `${id}.m-1`, feesFen })]),
    ...(feesFen === 0 ? [] : [sales(on, 0, { by: id, feesFen })]),
  ];
}

/** The month-end schedule fires: it sees a month as of so many days after its end. */
export function monthEnd(world: World, month: string, daysAfter = 0, program = PROGRAM): Promise<RunOutcome> {
  const date = addDays(lastDay(month), daysAfter + 1);
  world.at(date, '05:00');
  return world.run({ program, job: 'month-end', scheduledAt: `${date}T05:00:00+08:00` });
}

/** Facts arrive on a day, in the evening. */
export function arrive(world: World, on: string, ...facts: readonly Fact[]) {
  return world.at(on, '22:00').ingest(facts, on);
}

/** What the ledger has for occasions that start so: `a-1 agency-pool/2024-08` and its amount. */
export async function amounts(world: World, start: string): Promise<Record<string, number>> {
  const rows = (await world.ledger()).map((row) => row.split(' '));
  return Object.fromEntries(
    rows
      .filter(([, , occasion = '']) => occasion.startsWith(start))
      .map(([participant, , occasion, , amount]) => [`${participant} ${occasion}`, Number(amount)]),
  );
}

/** The names of what is frozen. */
export async function frozenNames(world: World, program = PROGRAM): Promise<string[]> {
  return [...(await readFrozen(world.table, program)).keys()].sort();
}

/** What a verification finds wrong; nothing, if all is well. */
export async function faultsOf(world: World, program = PROGRAM): Promise<string[]> {
  const found = await verify(world.services, findProgram(program, world.services.catalogue));
  return found.differences.map(({ what }) => what);
}

/** `treasure-host` with some of its incentives only: their rules as they are, and fewer entries to write. */
export function only(...ids: readonly string[]): Program {
  const program = structuredClone(findProgram(PROGRAM));
  for (const version of program.versions) {
    version.incentives = version.incentives.filter(({ id }) => ids.includes(id));
  }
  return program;
}

interface Draft extends Pick<Program, 'program'> {
  pools?: Program['pools'];
  incentives: readonly Incentive[];
  corrections?: PolicyVersion['corrections'];
  from?: string;
  to?: string;
}

/** A program of one version on xiaohongshu, checked; where its numbers come from is assumed. */
export function programOf({
  program,
  pools = {},
  incentives,
  corrections = {},
  from = '2024-07-01',
  to,
}: Draft): Program {
  const automatic = Object.fromEntries(Object.keys(pools).map((pool) => [pool, 'automatic']));
  const draft = {
    program,
    title: program,
    platform: 'xiaohongshu',
    zone: 'Asia/Shanghai',
    pools,
    versions: [
      {
        version: 'v1',
        from,
        ...(to === undefined ? {} : { to }),
        validSession: { minMinutes: 30 },
        corrections: { ...automatic, ...corrections },
        incentives,
      },
    ],
  };
  return checkProgram({ ...draft, provenance: assumed(draft) });
}

/** A program as it would be with the origin of every number: assumed, where nothing is said of it. */
export function withProvenance(program: Program): Program {
  return { ...program, provenance: assumed(program) };
}

/** Every number that the checks miss an origin of. */
function assumed(draft: object): Program['provenance'] {
  try {
    checkProgram({ ...draft, provenance: {} });
    return {};
  } catch (error) {
    const missing = String(error).matchAll(/(\S+): neither published nor assumed/g);
    return Object.fromEntries([...missing].map(([, path = '']) => [path, 'assumed'] as const));
  }
}
