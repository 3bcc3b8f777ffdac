/** The agency pool: a month's amount, split once among agencies and then frozen. */
import type { Month } from '../../values/calendar.ts';
import { isTooLarge, told } from '../../values/sums.ts';
import { missed, pending, tooLarge } from '../conclude.ts';
import type { Case, Decision, Rule, Verdict } from '../decision.ts';
import type { MissedReason } from '../reasons.ts';
import { NO_MONTH } from '../tally.ts';
import { fromFrozen, type Lost } from './global.ts';

/** Decides `agency-pool/YYYY-MM` from its frozen split (docs/programs.md, Agencies). */
export function pooledSplit(kase: Case, id: string): Verdict {
  return fromFrozen(kase, 'pooled-split', id, {
    evidence: (rule, month) => figures(kase, rule, month),
    unfrozen(rule, month, decidedOn) {
      const stake = { rule, occasion: `${id}/${month}`, worth: 0 };
      const evidence = figures(kase, rule, month);
      return (
        kase.around.agency && pending(stake, decidedOn, outlook(kase, rule, month) ?? 'earned', evidence)
      );
    },
    lost: (rule, month, how) => lost(kase, rule, month, how),
  });
}

function lost(kase: Case, rule: Rule<'pooled-split'>, month: Month, how: Lost): Decision | undefined {
  if (kase.around.agency === undefined) return undefined;
  const stake = { rule, occasion: `${rule.incentive.id}/${month}`, worth: 0 };
  const why = outlook(kase, rule, month);
  const sums = kase.around.agency.get(month) ?? NO_MONTH;
  if (why === undefined && isTooLarge(sums.netFen)) return tooLarge(kase, stake, how);
  return missed(stake, why ?? how.instead ?? 'no-growth', figures(kase, rule, month));
}

function outlook(kase: Case, { incentive }: Rule<'pooled-split'>, month: Month): MissedReason | undefined {
  const { liveMembers, growthFen } = kase.around.agency?.get(month) ?? NO_MONTH;
  if (liveMembers < incentive.minLiveMembers) return 'too-few-live-members';
  return growthFen === 0 ? 'no-growth' : undefined;
}

function figures(kase: Case, { incentive }: Rule<'pooled-split'>, month: Month) {
  const { liveMembers, growthFen } = kase.around.agency?.get(month) ?? NO_MONTH;
  if (kase.around.agency === undefined) return { poolFen: incentive.amount };
  return {
    poolFen: incentive.amount,
    growthFen: told(growthFen),
    liveMembers,
    needLiveMembers: incentive.minLiveMembers,
  };
}
