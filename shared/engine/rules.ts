/** The rule that decides: an incentive as the policy version in force on the deciding day has it, and whom it is for. */
import type { Participant } from '../facts/schema.ts';
import type { Incentive, Program } from '../policy/schema.ts';
import { versionLabel, versionOn } from '../policy/versions.ts';
import type { BusinessDate } from '../values/calendar.ts';
import type { Case, Rule } from './decision.ts';

type Kind = Incentive['kind'];

/** The rule of an incentive on its deciding day; undefined when no version then has it. */
export function ruleOn<K extends Kind>(
  program: Program,
  kind: K,
  id: string,
  date: BusinessDate,
): Rule<K> | undefined {
  const version = versionOn(program, date);
  return rulesOf(program, kind, id).find((rule) => rule.version === version);
}

/** The rule of an incentive on its deciding day, if it is for this participant: the one question that kinds ask. */
export function ruleFor<K extends Kind>(
  kase: Case,
  kind: K,
  id: string,
  date: BusinessDate,
): Rule<K> | undefined {
  const rule = ruleOn(kase.program, kind, id, date);
  return rule !== undefined && concerns(rule, kase) ? rule : undefined;
}

/** Whether a rule is for the participant of a case. */
export function concerns<K extends Kind>(
  { incentive }: Rule<K>,
  { history: { participant } }: Case,
): boolean {
  return participant !== undefined && isFor((incentive as Incentive).who, participant);
}

/**
 * The rule under which an entry was written.
 * @throws Error naming the label, when no version that is in force has it: the past is never judged by another rule.
 */
export function ruleNamed<K extends Kind>(program: Program, kind: K, id: string, label: string): Rule<K> {
  const rule = rulesOf(program, kind, id).find((candidate) => candidate.label === label);
  if (rule !== undefined) return rule;
  throw new Error(
    `an entry of ${id} names policy ${label}, and no version of ${program.program} in force is that`,
  );
}

/** An incentive in every version that has it, in order. Its kind is the same in all: the checks see to that. */
export function rulesOf<K extends Kind>(program: Program, _kind: K, id: string): readonly Rule<K>[] {
  return (indexOf(program).rules.get(id) ?? []) as unknown as Rule<K>[];
}

/** The kind of every incentive of any version, by its id. */
export function kindsOf(program: Program): ReadonlyMap<string, Kind> {
  return indexOf(program).kinds;
}

/** Whether any version has an incentive for a kind of participant: otherwise nothing of it has to be asked. */
export function isEverFor(program: Program, id: string, kind: Participant['kind']): boolean {
  return (indexOf(program).rules.get(id) ?? []).some(({ incentive: { who } }) => who.kinds.includes(kind));
}

/** The ids of all incentives of a kind, of any version. */
export function idsOf(program: Program, kind: Kind): string[] {
  return [...kindsOf(program)].filter(([, candidate]) => candidate === kind).map(([id]) => id);
}

interface Index {
  rules: Map<string, Rule<Kind>[]>;
  kinds: Map<string, Kind>;
}

const indexes = new WeakMap<Program, Index>();

/** Asked for every participant: found once a program. */
function indexOf(program: Program): Index {
  let index = indexes.get(program);
  if (index === undefined) {
    index = { rules: new Map(), kinds: new Map() };
    for (const version of program.versions) {
      for (const incentive of version.incentives) {
        const rule = { incentive, version, label: versionLabel(program, version) };
        index.rules.set(incentive.id, [...(index.rules.get(incentive.id) ?? []), rule]);
        index.kinds.set(incentive.id, incentive.kind);
      }
    }
    indexes.set(program, index);
  }
  return index;
}

/** Whether an incentive is for a participant. */
export function isFor(who: Incentive['who'], { kind, agencyKind, industryCluster }: Participant): boolean {
  return (
    who.kinds.includes(kind) &&
    (who.agencyKind === undefined || who.agencyKind === agencyKind) &&
    (who.inCluster === undefined || industryCluster !== undefined)
  );
}
