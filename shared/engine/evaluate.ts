/** Folds all facts known of one participant, and a program's policy, into what it should have. */
import type { Program } from '../policy/schema.ts';
import { versionNamed } from '../policy/versions.ts';
import type { BusinessDate } from '../values/calendar.ts';
import { ALONE, caseOf, type Span } from './case.ts';
import { lost } from './conclude.ts';
import type { Case, Decision, Evaluation, Surroundings } from './decision.ts';
import { kindCorrected, platformCorrected } from './fit.ts';
import type { History } from './history.ts';
import { KINDS } from './incentives/index.ts';
import { isSuperseded } from './nearest.ts';
import { isEverFor, kindsOf } from './rules.ts';
import { sealedUnpaid } from './unpaid.ts';

/**
 * Evaluates one participant. Pure: the same history, policy, span and surroundings give the same decisions. Every
 * incentive that any version has for its kind is asked, and asks for itself which rule decides. A participant that is not known yet has
 * nothing decided and keeps what it has; one that is on another platform now keeps what is sealed.
 * @throws Error naming a policy label of its entries that no version in force has.
 */
export function evaluate(
  program: Program,
  history: History,
  span: Span,
  around: Surroundings = ALONE,
): Evaluation {
  const kase = caseOf(program, history, span, around);
  const { holdings } = kase;
  const { participant } = history;
  const opened = new Map<string, readonly BusinessDate[]>();
  const nothing = { decisions: [], kept: new Set<string>(), holdings, unpaid: new Set<string>(), opened };
  if (participant === undefined) return { ...nothing, kept: new Set(holdings.keys()) };
  for (const { last } of holdings.values()) versionNamed(program, last.policy);
  if (participant.platform !== program.platform) {
    return { ...nothing, decisions: platformCorrected(kase) };
  }
  const decisions: Decision[] = [];
  const kept = new Set<string>();
  for (const [id, kind] of kindsOf(program)) {
    if (!isEverFor(program, id, participant.kind)) continue;
    const verdict = KINDS[kind](kase, id);
    decisions.push(...verdict.decisions);
    for (const occasion of verdict.kept) kept.add(occasion);
    if (verdict.opened !== undefined) opened.set(id, verdict.opened);
  }
  decisions.push(...supersededOf(kase, decisions, kept));
  return {
    decisions: kindCorrected(kase, decisions, kept),
    kept,
    holdings,
    unpaid: sealedUnpaid(kase),
    opened,
  };
}

/** What no rule decides on any more, because a version that supersedes the one that granted it has no such rule. */
function supersededOf(kase: Case, decisions: readonly Decision[], kept: ReadonlySet<string>): Decision[] {
  const decided = new Set(decisions.map(({ occasion }) => occasion));
  return [...kase.holdings.values()]
    .filter(({ occasion }) => !decided.has(occasion) && !kept.has(occasion))
    .filter((holding) => isSuperseded(kase, holding))
    .map((holding) => lost(holding, 'version-superseded', {}));
}
