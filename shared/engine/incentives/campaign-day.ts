/** Campaigns: each day whose valid sessions add up to enough minutes. */
import { minutesOf } from '../activity.ts';
import { earned, lost, missed } from '../conclude.ts';
import type { Case, Decision, Verdict } from '../decision.ts';
import { isSuperseded, whyDayLost } from '../nearest.ts';
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
  return { decisions: [...decisions, ...goneDays(kase, id, decisions)], kept: [] };
}

/** What the ledger has for days that the facts read make no broadcast day any more. */
function goneDays(kase: Case, id: string, decisions: readonly Decision[]): Decision[] {
  const decided = new Set(decisions.map(({ occasion }) => occasion));
  return [...kase.holdings.values()]
    .filter(({ last, occasion }) => last.incentive === id && !decided.has(occasion))
    .filter((holding) => !isSuperseded(kase, holding))
    .map((holding) => lost(holding, whyDayLost(kase, holding.last.earnedOn), {}));
}
