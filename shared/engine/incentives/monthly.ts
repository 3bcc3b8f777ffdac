/** Steady hosts: a month with enough broadcast days, after a month that had some. */
import { addMonths, type BusinessDate, firstDay, lastDay, type Month } from '../../values/calendar.ts';
import { earned, missed, pending } from '../conclude.ts';
import type { Case, Decision, Rule, Verdict } from '../decision.ts';
import { visibleMonths } from '../months.ts';
import { ruleOn, rulesOf } from '../rules.ts';

/** Decides `steady/YYYY-MM` for each month with a broadcast day, or with entries (docs/programs.md, Steady hosts). */
export function monthly(kase: Case, id: string): Verdict {
  const decisions: Decision[] = [];
  const first = rulesOf(kase.program, 'monthly', id)[0];
  if (first === undefined) return { decisions, kept: [] };
  for (const month of visibleMonths(first.incentive.firstMonth, kase, readsFrom)) {
    const rule = ruleOn(kase.program, 'monthly', id, lastDay(month));
    const decision = rule && month >= rule.incentive.firstMonth ? decideMonth(kase, rule, month) : undefined;
    if (decision !== undefined) decisions.push(decision);
  }
  return { decisions, kept: [] };
}

/** The month before is read too: it must be visible in full. */
function readsFrom(month: Month): BusinessDate {
  return firstDay(addMonths(month, -1));
}

function decideMonth(kase: Case, rule: Rule<'monthly'>, month: Month): Decision | undefined {
  const { id, amount, minBroadcastDays, minBroadcastDaysMonthBefore } = rule.incentive;
  const { broadcastDaysByMonth } = kase.activity(rule.version);
  const broadcastDays = broadcastDaysByMonth.get(month) ?? 0;
  const daysMonthBefore = broadcastDaysByMonth.get(addMonths(month, -1)) ?? 0;
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
    readsFrom: readsFrom(month),
    evidence: { broadcastDays, needDays: minBroadcastDays, daysMonthBefore },
    refusedWithin: { from: firstDay(month), to: lastDay(month) },
  });
}
