/** Folds all facts known of one participant, and a program's policy, into what it should have. */

import type { Participant } from '../facts/schema.ts';
import type { Incentive, Program } from '../policy/schema.ts';
import type { BusinessDate } from '../values/calendar.ts';
import { ALONE, caseOf, holdingsOf, type Span } from './case.ts';
import type { Decision, Holding, Surroundings } from './decision.ts';
import type { History } from './history.ts';
import { KINDS } from './incentives/index.ts';

/** What one participant should have under one program, and what it has. */
export interface Evaluation {
  decisions: Decision[];
  /** Occasions that keep their ledger sum, because the facts read do not reach them. */
  kept: ReadonlySet<string>;
  holdings: ReadonlyMap<string, Holding>;
  /** Opening dates of the windows that stand, by the incentive that opened them. */
  opened: Readonly<Record<string, readonly BusinessDate[]>>;
}

/**
 * Evaluates one participant. Pure: the same history, policy, span and surroundings give the same decisions. A
 * participant that is not known yet, or is on another platform, has nothing decided and keeps what it has.
 */
export function evaluate(
  program: Program,
  history: History,
  span: Span,
  around: Surroundings = ALONE,
): Evaluation {
  const decisions: Decision[] = [];
  const kept = new Set<string>();
  const opened: Record<string, readonly BusinessDate[]> = {};
  const { participant } = history;
  if (participant === undefined || participant.platform !== program.platform) {
    const holdings = holdingsOf(history.entries, program.program);
    return { decisions, kept: new Set(holdings.keys()), holdings, opened };
  }
  const kase = caseOf(program, history, span, around);
  for (const [id, { kind, who }] of incentivesOf(program)) {
    if (!isFor(who, participant)) continue;
    const verdict = KINDS[kind](kase, id);
    decisions.push(...verdict.decisions);
    for (const occasion of verdict.kept) kept.add(occasion);
    if (verdict.opened !== undefined) opened[id] = verdict.opened;
  }
  return { decisions, kept, holdings: kase.holdings, opened };
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
