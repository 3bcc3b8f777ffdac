/** First jumps: the first period ever whose net sales reach a rung pays it, once in a life. */
import { addDays, type BusinessDate, dayNumber, type Period, periodOf } from '../../values/calendar.ts';
import { earned, missed, pending } from '../conclude.ts';
import type { Case, Decision, Holding, Rule, Verdict } from '../decision.ts';
import { isMissed } from '../reasons.ts';
import { ruleOn, rulesOf } from '../rules.ts';

/**
 * The occasion holds no month: reached in August, lost to refunds, reached again in September, it is paid once.
 * A rung at or under the best month before onboarding never pays (docs/programs.md, First jumps).
 */
export function milestone(kase: Case, id: string): Verdict {
  const verdict: Verdict = { decisions: [], kept: [] };
  const current = rulesOf(kase.program, 'milestone', id).at(-1);
  if (current === undefined) return verdict;
  const periods = visiblePeriods(kase, current);
  for (const { name } of current.incentive.rungs) {
    const occasion = `${id}/${name}`;
    const holding = kase.holdings.get(occasion);
    if (isSealed(holding, kase.horizon)) verdict.kept.push(occasion);
    else verdict.decisions.push(decideRung(kase, id, name, periods, current));
  }
  return verdict;
}

/** A rung once reached beyond the horizon is not reached for the first time again. */
function isSealed(holding: Holding | undefined, horizon: BusinessDate): boolean {
  return holding !== undefined && !isMissed(holding.last.reason) && holding.last.readsFrom < horizon;
}

interface PeriodSales extends Period {
  netFen: number;
}

/** The periods that the facts reach in full, to the current one, with their net sales. */
function visiblePeriods(kase: Case, { incentive, version }: Rule<'milestone'>): PeriodSales[] {
  const { every, firstFrom } = incentive;
  const net = new Map<BusinessDate, number>();
  for (const { date, netFen } of kase.activity(version).days) {
    const { from } = periodOf(date, every);
    net.set(from, (net.get(from) ?? 0) + netFen);
  }
  const periods: PeriodSales[] = [];
  let period = periodOf(firstWhole(kase.horizon, every, firstFrom), every);
  while (period.from <= kase.asOf) {
    periods.push({ ...period, netFen: net.get(period.from) ?? 0 });
    period = periodOf(addDays(period.to, 1), every);
  }
  return periods;
}

/** The first day of the first period that is wholly within the horizon, and not before the first looked at. */
function firstWhole(horizon: BusinessDate, every: 'month' | 'week', firstFrom: BusinessDate): BusinessDate {
  if (dayNumber(firstFrom) >= dayNumber(horizon)) return firstFrom;
  const { from, to } = periodOf(horizon, every);
  return from === horizon ? from : addDays(to, 1);
}

function decideRung(
  kase: Case,
  id: string,
  name: string,
  periods: readonly PeriodSales[],
  current: Rule<'milestone'>,
): Decision {
  const occasion = `${id}/${name}`;
  const best = kase.history.participant?.bestMonthFen ?? 0;
  for (const { from, to, netFen } of periods) {
    const rule = ruleOn(kase.program, 'milestone', id, to);
    const rung = rule?.incentive.rungs.find((candidate) => candidate.name === name);
    if (rule === undefined || rung === undefined || from < rule.incentive.firstFrom) continue;
    if (netFen < rung.atFen) continue;
    const stake = { rule, occasion, worth: rung.amount };
    const evidence = { from, to, netFen, needFen: rung.atFen };
    if (best >= rung.atFen) return outdone(stake, best, rung.atFen);
    if (to <= kase.asOf) return earned(kase, stake, { earnedOn: to, readsFrom: from, evidence });
    // What an earlier period no longer earns is lost until this one ends.
    if ((kase.holdings.get(occasion)?.sum ?? 0) === 0) return pending(stake, to, 'earned', evidence);
  }
  return belowRung(kase, name, occasion, periods, current, best);
}

/** Tells the period that once earned it, or else the current one. */
function belowRung(
  kase: Case,
  name: string,
  occasion: string,
  periods: readonly PeriodSales[],
  rule: Rule<'milestone'>,
  best: number,
): Decision {
  const rung = rule.incentive.rungs.find((candidate) => candidate.name === name)!;
  const stake = { rule, occasion, worth: rung.amount };
  if (best >= rung.atFen) return outdone(stake, best, rung.atFen);
  const { from, to } = periodOf(
    kase.holdings.get(occasion)?.last.earnedOn ?? kase.asOf,
    rule.incentive.every,
  );
  const netFen = periods.find((candidate) => candidate.from === from)?.netFen ?? 0;
  return missed(stake, 'below-rung', { from, to, netFen, needFen: rung.atFen, by: to });
}

function outdone(stake: Parameters<typeof missed>[0], bestMonthFen: number, needFen: number): Decision {
  return missed(stake, 'best-month-reached-it', { bestMonthFen, needFen });
}
