/** What the incentives share that take everyone: they read decisions that are frozen, and never make one. */
import { memberReadsFrom } from '../../policy/reach.ts';
import type { IncentiveOf } from '../../policy/schema.ts';
import { firstDay, lastDay, type Month } from '../../values/calendar.ts';
import { type Earning, earned } from '../conclude.ts';
import type { Case, Decision, Rule, Verdict } from '../decision.ts';
import { stillFits } from '../fit.ts';
import type { Evidence } from '../history.ts';
import { decidedOn, monthsUnder } from '../months.ts';
import type { MissedReason } from '../reasons.ts';
import { concerns } from '../rules.ts';

type GlobalKind = 'pooled-split' | 'ranking';

/** How an award was decided without a participant. */
export interface Lost extends Omit<Earning, 'evidence'> {
  /** What is said in place of what only a decision tells: an operator closed it undecided. */
  instead?: MissedReason;
}

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
    lost(rule: Rule<K>, month: Month, how: Lost): Decision | undefined;
  },
): Verdict {
  const decisions: Decision[] = [];
  const { participant, participantId } = kase.history;
  const readsFrom = (month: Month) => memberReadsFrom(kase.program, month);
  for (const { month, rule } of monthsUnder(kase.program, kind, id, kase)) {
    const { who, decidedAfterDays } = global(rule);
    const decided = decidedOn(month, decidedAfterDays);
    // Looking back to a date before it was decided, there is no such decision yet.
    const award = decided <= kase.asOf ? kase.around.frozen.get(`${id}/${month}`) : undefined;
    const share = award?.shares.get(participantId) ?? 0;
    // An award is lost with the kind that it was for, not with a cluster or a sort of agency.
    const fits =
      share > 0 ? participant !== undefined && who.kinds.includes(participant.kind) : concerns(rule, kase);
    if (!fits) continue;
    const earning = {
      earnedOn: lastDay(month),
      readsFrom: readsFrom(month),
      refusedWithin: { from: firstDay(month), to: lastDay(month) },
    };
    const decision =
      award === undefined
        ? tell.unfrozen(rule, month, decided)
        : share === 0
          ? tell.lost(rule, month, { ...earning, ...(award.closed && { instead: 'award-closed' }) })
          : earned(
              kase,
              { rule, occasion: `${id}/${month}`, worth: share },
              { ...earning, evidence: tell.evidence(rule, month) },
            );
    if (decision !== undefined) decisions.push(decision);
  }
  return { decisions, kept: occasionsOf(kase, id) };
}

/** The compiler does not see through the kind. */
function global<K extends GlobalKind>({ incentive }: Rule<K>): IncentiveOf<GlobalKind> {
  return incentive as IncentiveOf<GlobalKind>;
}

/**
 * Whether an operator closed a month undecided, and the participant has nothing of it: it gets nothing any more. What
 * it has is adjusted as ever.
 */
export function isClosedFor({ around, holdings }: Case, occasion: string): boolean {
  return around.frozen.get(occasion)?.closed === true && !holdings.has(occasion);
}

/** The occasions of the ledger that an incentive with a month in its name has, and that still fit the participant. */
export function occasionsOf(kase: Case, id: string): string[] {
  return [...kase.holdings.values()]
    .filter((holding) => holding.last.incentive === id && stillFits(kase, holding))
    .map(({ occasion }) => occasion);
}
