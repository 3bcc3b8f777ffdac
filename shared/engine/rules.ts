/** The rule that decides: an incentive as the policy version in force on the deciding day has it, and whom it is for. */
import type { Participant } from '../facts/schema.ts';
import type { Incentive, Program } from '../policy/schema.ts';
import { versionLabel, versionOn } from '../policy/versions.ts';
import type { BusinessDate } from '../values/calendar.ts';
import type { Rule } from './decision.ts';

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

/** The rule under which an entry was written; the last one there is when that version is gone. */
export function ruleNamed<K extends Kind>(
  program: Program,
  kind: K,
  id: string,
  label: string,
): Rule<K> | undefined {
  const rules = rulesOf(program, kind, id);
  return rules.find((rule) => rule.label === label) ?? rules.at(-1);
}

const rules = new WeakMap<Program, Map<string, Rule<Kind>[]>>();

/** An incentive in every version that has it, in order. Its kind is the same in all: the checks see to that. */
export function rulesOf<K extends Kind>(program: Program, _kind: K, id: string): readonly Rule<K>[] {
  let known = rules.get(program);
  if (known === undefined) {
    known = new Map();
    for (const version of program.versions) {
      for (const incentive of version.incentives) {
        const rule = { incentive, version, label: versionLabel(program, version) };
        known.set(incentive.id, [...(known.get(incentive.id) ?? []), rule]);
      }
    }
    rules.set(program, known);
  }
  return (known.get(id) ?? []) as unknown as Rule<K>[];
}

/** Whether an incentive is for a participant. */
export function isFor(who: Incentive['who'], { kind, agencyKind, industryCluster }: Participant): boolean {
  return (
    who.kinds.includes(kind) &&
    (who.agencyKind === undefined || who.agencyKind === agencyKind) &&
    (who.inCluster === undefined || industryCluster !== undefined)
  );
}

const known = new WeakMap<Program, Map<string, Incentive>>();

/** Every incentive of any version by its id, as its latest version has it. */
export function incentivesOf(program: Program): Map<string, Incentive> {
  let incentives = known.get(program);
  if (incentives === undefined) {
    incentives = new Map(
      program.versions.flatMap((version) => version.incentives).map((one) => [one.id, one]),
    );
    known.set(program, incentives);
  }
  return incentives;
}
