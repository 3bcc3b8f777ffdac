/** Campaigns: each day whose valid sessions add up to enough minutes. */
import { minutesOf } from '../activity.ts';
import { earned, missed } from '../conclude.ts';
import type { Case, Decision, Verdict } from '../decision.ts';
import { ruleFor } from '../rules.ts';

/** Decides `opening-sprint/YYYY-MM-DD` for each broadcast day, by that day's rule (docs/programs.md, Daily activities). */
export function campaignDay(kase: Case, id: string): Verdict {
  const decisions: Decision[] = [];
  for (const day of kase.activity.broadcastDays) {
    const rule = ruleFor(kase, 'campaign-day', id, day.date);
    if (rule === undefined) continue;
    const { from, to, minMinutes, amount } = rule.incentive;
    if (day.date < from || to < day.date) continue;
    const stake = { rule, occasion: `${id}/${day.date}`, worth: amount };
    const evidence = { minutes: minutesOf(day), needMinutes: minMinutes };
    decisions.push(
      evidence.minutes < minMinutes
        ? missed(stake, 'too-few-minutes', evidence)
        : earned(kase, stake, { earnedOn: day.date, readsFrom: day.date, evidence }),
    );
  }
  return { decisions, kept: [] };
}
