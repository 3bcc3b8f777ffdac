/** Agency growth: an amount for each member's window that opened in the month. */

import { memberReadsFrom } from '../../policy/reach.ts';
import { firstDay, lastDay, type Month } from '../../values/calendar.ts';
import { earned, missed, pending } from '../conclude.ts';
import type { AgencyMonth, Case, Decision, Rule, Verdict } from '../decision.ts';
import { monthsFor } from '../months.ts';
import { NO_MONTH } from '../tally.ts';
import { isClosedFor, occasionsOf } from './global.ts';

/** Decides `agency-growth/YYYY-MM`, up to its maximum (docs/programs.md, Agencies). Only where all members are known. */
export function windowRollup(kase: Case, id: string): Verdict {
  const { agency, full } = kase.around;
  if (!full || agency === undefined) return { decisions: [], kept: occasionsOf(kase, id) };
  const decisions: Decision[] = [];
  for (const { month, rule } of monthsFor(kase, 'window-rollup', id)) {
    // Without a member of any day, there is nothing to decide but what the ledger still has.
    const sums = agency.get(month) ?? (kase.holdings.has(`${id}/${month}`) ? NO_MONTH : undefined);
    if (sums !== undefined) decisions.push(decideMonth(kase, rule, month, sums));
  }
  return { decisions, kept: [] };
}

function decideMonth(kase: Case, rule: Rule<'window-rollup'>, month: Month, sums: AgencyMonth): Decision {
  const { id, windowsOf, amountEach, maxAmount } = rule.incentive;
  const windows = sums.windows.get(windowsOf) ?? 0;
  const stake = { rule, occasion: `${id}/${month}`, worth: Math.min(windows * amountEach, maxAmount) };
  const evidence = { windows, each: amountEach };
  const by = lastDay(month);
  if (by > kase.asOf) return pending(stake, by, windows === 0 ? 'no-member-windows' : 'earned', evidence);
  if (windows === 0) return missed(stake, 'no-member-windows', evidence);
  if (isClosedFor(kase, stake.occasion)) return missed(stake, 'award-closed', evidence);
  return earned(kase, stake, {
    earnedOn: by,
    readsFrom: memberReadsFrom(kase.program, month),
    evidence,
    refusedWithin: { from: firstDay(month), to: by },
  });
}
