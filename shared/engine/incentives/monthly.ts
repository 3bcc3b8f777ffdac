/** Steady hosts: a month with enough broadcast days, after a month that had some. */
import { addMonths, type BusinessDate, firstDay, lastDay, type Month } from '../../values/calendar.ts';
import { earned, missed, pending } from '../conclude.ts';
import type { Case, Decision, Rule, Verdict } from '../decision.ts';
import { monthsFor } from '../months.ts';

/** Decides `steady/YYYY-MM` for each month with a broadcast day, or with entries (docs/programs.md, Steady hosts). */
export function monthly(kase: Case, id: string): Verdict {
  const decisions = monthsFor(kase, 'monthly', id, readsFrom).flatMap(
    ({ month, rule }) => decideMonth(kase, rule, month) ?? [],
  );
  return { decisions, kept: [] };
}

/** The month before is read too: it must be visible in full. */
function readsFrom(month: Month): BusinessDate {
  return firstDay(addMonths(month, -1));
}

function decideMonth(kase: Case, rule: Rule<'monthly'>, month: Month): Decision | undefined {
  const { id, amount, minBroadcastDays, minBroadcastDaysMonthBefore } = rule.incentive;
  const { broadcastDaysByMonth } = kase.activity;
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
