/** First jumps: the first month ever whose net sales reach a rung pays it, once in a life. */
import {
  addMonths,
  firstDay,
  lastDay,
  later,
  type Month,
  monthOf,
  monthsBetween,
} from '../../values/calendar.ts';
import { netByMonth } from '../activity.ts';
import { earned, missed, pending } from '../conclude.ts';
import type { Case, Decision, Rule, Verdict } from '../decision.ts';
import type { Entry } from '../history.ts';
import { isMissed } from '../reasons.ts';
import { ruleOn, rulesOf } from '../rules.ts';

/**
 * The occasion holds no month: reached in August, lost to refunds, reached again in September, it is paid once.
 * A rung at or under the best month before onboarding never pays (PROGRAM.md, First jumps).
 */
export function milestone(kase: Case, id: string): Verdict {
  const verdict: Verdict = { decisions: [], kept: [] };
  const current = rulesOf(kase.program, 'milestone', id).at(-1);
  if (current === undefined) return verdict;
  const months = visibleMonths(kase, current);
  for (const { name } of current.incentive.rungs) {
    const occasion = `${id}/${name}`;
    const last = kase.holdings.get(occasion)?.last;
    if (last !== undefined && !isMissed(last.reason) && last.readsFrom < kase.horizon)
      verdict.kept.push(occasion);
    else verdict.decisions.push(decideRung(kase, id, name, months, current, last));
  }
  return verdict;
}

interface MonthSales {
  month: Month;
  netFen: number;
}

/** The months that the facts reach in full, to the current one, with their net sales. */
function visibleMonths(kase: Case, current: Rule<'milestone'>): MonthSales[] {
  const inHorizon = monthOf(kase.horizon);
  const whole = kase.horizon === firstDay(inHorizon) ? inHorizon : addMonths(inHorizon, 1);
  const first = later(current.incentive.firstMonth, whole);
  const net = netByMonth(kase.activity(current.version));
  return monthsBetween(first, monthOf(kase.asOf)).map((month) => ({ month, netFen: net.get(month) ?? 0 }));
}

function decideRung(
  kase: Case,
  id: string,
  name: string,
  months: readonly MonthSales[],
  current: Rule<'milestone'>,
  last: Entry | undefined,
): Decision {
  const occasion = `${id}/${name}`;
  const best = kase.history.participant?.bestMonthFen ?? 0;
  for (const { month, netFen } of months) {
    const rule = ruleOn(kase.program, 'milestone', id, lastDay(month));
    const rung = rule?.incentive.rungs.find((candidate) => candidate.name === name);
    if (rule === undefined || rung === undefined || month < rule.incentive.firstMonth) continue;
    if (netFen < rung.atFen) continue;
    const stake = { rule, occasion, worth: rung.amount };
    const evidence = { month, netFen, needFen: rung.atFen };
    if (best >= rung.atFen)
      return missed(stake, 'best-month-reached-it', { bestMonthFen: best, needFen: rung.atFen });
    if (lastDay(month) > kase.asOf) return pending(stake, lastDay(month), 'earned', evidence);
    return earned(kase, stake, { earnedOn: lastDay(month), readsFrom: firstDay(month), evidence });
  }
  return belowRung(kase, name, occasion, months, current, best, last);
}

/** Tells the month that once earned it, or else the current one. */
function belowRung(
  kase: Case,
  name: string,
  occasion: string,
  months: readonly MonthSales[],
  rule: Rule<'milestone'>,
  best: number,
  last: Entry | undefined,
): Decision {
  const rung = rule.incentive.rungs.find((candidate) => candidate.name === name)!;
  const stake = { rule, occasion, worth: rung.amount };
  if (best >= rung.atFen)
    return missed(stake, 'best-month-reached-it', { bestMonthFen: best, needFen: rung.atFen });
  const month = monthOf(last?.earnedOn ?? kase.asOf);
  const netFen = months.find((candidate) => candidate.month === month)?.netFen ?? 0;
  return missed(stake, 'below-rung', { month, netFen, needFen: rung.atFen, by: lastDay(month) });
}
