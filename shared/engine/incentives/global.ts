/** What the incentives share that take everyone: they read decisions that are frozen, and never make one. */

import type { IncentiveOf } from '../../policy/schema.ts';
import { firstDay, lastDay, type Month } from '../../values/calendar.ts';
import { earned } from '../conclude.ts';
import type { Case, Decision, Rule, Verdict } from '../decision.ts';
import type { Evidence } from '../history.ts';
import { decidedOn, readsFromForMembers, visibleMonths } from '../months.ts';
import { isFor, ruleOn, rulesOf } from '../rules.ts';

type GlobalKind = 'pooled-split' | 'ranking';

/**
 * A frozen decision gives its holder the share, unless the holder is sanctioned or closed for that month; nobody
 * moves up or gets the rest (docs/programs.md, For both programs). `unfrozen` tells of months not decided yet, `lost`
 * of those decided without this participant.
 */
export function fromFrozen<K extends GlobalKind>(
  kase: Case,
  kind: K,
  id: string,
  tell: {
    evidence(rule: Rule<K>, month: Month): Evidence;
    unfrozen(rule: Rule<K>, month: Month, decidedOn: string): Decision | undefined;
    lost(rule: Rule<K>, month: Month): Decision | undefined;
  },
): Verdict {
  const decisions: Decision[] = [];
  const first = rulesOf(kase.program, kind, id)[0];
  if (first === undefined) return { decisions, kept: [] };
  for (const month of visibleMonths(global(first).firstMonth, kase, readsFromForMembers)) {
    const rule = ruleOn(kase.program, kind, id, lastDay(month));
    if (rule === undefined) continue;
    const frozen = kase.around.frozen[`${id}/${month}`];
    const share = frozen?.[kase.history.participantId] ?? 0;
    if (share === 0 && !isFor(global(rule).who, kase.history.participant!)) continue;
    const decision =
      frozen === undefined
        ? tell.unfrozen(rule, month, decidedOn(month, global(rule).decidedAfterDays))
        : share === 0
          ? tell.lost(rule, month)
          : earned(
              kase,
              { rule, occasion: `${id}/${month}`, worth: share },
              {
                earnedOn: lastDay(month),
                readsFrom: readsFromForMembers(month),
                evidence: tell.evidence(rule, month),
                refusedWithin: { from: firstDay(month), to: lastDay(month) },
              },
            );
    if (decision !== undefined) decisions.push(decision);
  }
  return { decisions, kept: occasionsOf(kase, id) };
}

/**
 * Whether a frozen decision of an incentive gave the participant something: it keeps that, also once the
 * incentive is no longer for it.
 */
export function holdsFrozen({ around, history }: Case, id: string): boolean {
  return Object.entries(around.frozen).some(
    ([name, shares]) => name.startsWith(`${id}/`) && shares[history.participantId] !== undefined,
  );
}

/** The compiler does not see through the kind. */
function global<K extends GlobalKind>({ incentive }: Rule<K>): IncentiveOf<GlobalKind> {
  return incentive as IncentiveOf<GlobalKind>;
}

/** The occasions of the ledger that an incentive with a month in its name has. */
export function occasionsOf({ holdings }: Case, id: string): string[] {
  return [...holdings.keys()].filter((occasion) => occasion.startsWith(`${id}/`));
}
