/** Folds all facts known of one participant, and a program's policy, into what it should have. */
import type { Program } from '../policy/schema.ts';
import type { BusinessDate } from '../values/calendar.ts';
import { ALONE, caseOf, holdingsOf, type Span } from './case.ts';
import type { Decision, Evaluation, Surroundings } from './decision.ts';
import type { History } from './history.ts';
import { holdsFrozen } from './incentives/global.ts';
import { KINDS } from './incentives/index.ts';
import { incentivesOf, isFor } from './rules.ts';

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
    if (!isFor(who, participant) && !holdsFrozen(kase, id)) continue;
    const verdict = KINDS[kind](kase, id);
    decisions.push(...verdict.decisions);
    for (const occasion of verdict.kept) kept.add(occasion);
    if (verdict.opened !== undefined) opened[id] = verdict.opened;
  }
  return { decisions, kept, holdings: kase.holdings, opened };
}
