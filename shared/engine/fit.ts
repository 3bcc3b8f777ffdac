/** A corrected platform or kind: what the former one granted is no longer earned, except what is sealed. */
import { lost } from './conclude.ts';
import type { Case, Decision, Holding } from './decision.ts';
import { isFor, kindsOf, ruleNamed } from './rules.ts';

/**
 * Whether the rule that granted something is still for the participant, as its profile now is. Of a frozen award only
 * the kind counts: a cluster or a sort of agency that changed later loses none.
 */
export function stillFits({ program, history: { participant } }: Case, { last }: Holding): boolean {
  if (participant === undefined) return true;
  const kind = kindsOf(program).get(last.incentive);
  if (kind === undefined) return false;
  const { who } = ruleNamed(program, kind, last.incentive, last.policy).incentive;
  const frozen = kind === 'pooled-split' || kind === 'ranking';
  return frozen ? who.kinds.includes(participant.kind) : isFor(who, participant);
}

/** What is taken back of a participant on another platform now: all that it holds of the program. */
export function platformCorrected({ holdings, history: { participant } }: Case): Decision[] {
  const evidence = { platform: participant?.platform ?? '' };
  return [...holdings.values()].map((holding) => lost(holding, 'platform-corrected', evidence));
}

/**
 * The decisions of a participant, with what is taken back because its kind, or the sort of agency that it is, was
 * corrected. What another rule grants now stays granted, and what the facts do not reach stays as it is.
 */
export function kindCorrected(
  kase: Case,
  decisions: readonly Decision[],
  kept: ReadonlySet<string>,
): Decision[] {
  const { kind = '' } = kase.history.participant ?? {};
  const standing = new Set(
    decisions.filter(({ outcome }) => outcome !== 'missed').map(({ occasion }) => occasion),
  );
  const corrected = [...kase.holdings.values()]
    .filter(({ occasion }) => !standing.has(occasion) && !kept.has(occasion))
    .filter((holding) => !stillFits(kase, holding))
    .map((holding) => lost(holding, 'kind-corrected', { kind }));
  if (corrected.length === 0) return [...decisions];
  const occasions = new Set(corrected.map(({ occasion }) => occasion));
  return [...decisions.filter(({ occasion }) => !occasions.has(occasion)), ...corrected];
}
