/** Steady hosts: a month with enough broadcast days, after a month that had some. */
import { addMonths, firstDay, lastDay, type Month, monthOf, monthsBetween } from '../../values/calendar.ts';
import { broadcastDaysByMonth } from '../activity.ts';
import { earned, missed, pending } from '../conclude.ts';
import type { Case, Decision, Rule, Verdict } from '../decision.ts';
import { ruleOn, rulesOf } from '../rules.ts';

/** Decides `steady/YYYY-MM` for each month with a broadcast day, or with entries (PROGRAM.md, Steady hosts). */
export function monthly(kase: Case, id: string): Verdict {
  const decisions: Decision[] = [];
  const first = rulesOf(kase.program, 'monthly', id)[0];
  if (first === undefined) return { decisions, kept: [] };
  for (const month of monthsBetween(first.incentive.firstMonth, monthOf(kase.asOf))) {
    // The month before is read too: it must be visible in full.
    if (firstDay(addMonths(month, -1)) < kase.horizon) continue;
    const rule = ruleOn(kase.program, 'monthly', id, lastDay(month));
    const decision = rule && month >= rule.incentive.firstMonth ? decideMonth(kase, rule, month) : undefined;
    if (decision !== undefined) decisions.push(decision);
  }
  return { decisions, kept: [] };
}

function decideMonth(kase: Case, rule: Rule<'monthly'>, month: Month): Decision | undefined {
  const { id, amount, minBroadcastDays, minBroadcastDaysMonthBefore } = rule.incentive;
  const counts = broadcastDaysByMonth(kase.activity(rule.version));
  const before = addMonths(month, -1);
  const broadcastDays = counts.get(month) ?? 0;
  const daysMonthBefore = counts.get(before) ?? 0;
  const occasion = `${id}/${month}`;
  if (broadcastDays === 0 && !kase.holdings.has(occasion)) return undefined;
  const stake = { rule, occasion, worth: amount };
  const evidence = { broadcastDays, needDays: minBroadcastDays, daysMonthBefore, by: lastDay(month) };
  const failed =
    daysMonthBefore < minBroadcastDaysMonthBefore
      ? 'not-live-month-before'
      : broadcastDays < minBroadcastDays
        ? 'too-few-broadcast-days'
        : undefined;
  if (lastDay(month) > kase.asOf) return pending(stake, lastDay(month), failed ?? 'earned', evidence);
  if (failed !== undefined) return missed(stake, failed, evidence);
  return earned(kase, stake, {
    earnedOn: lastDay(month),
    readsFrom: firstDay(before),
    evidence: { broadcastDays, needDays: minBroadcastDays, daysMonthBefore },
    refusedWithin: { from: firstDay(month), to: lastDay(month) },
  });
}
