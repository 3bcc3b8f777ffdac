/** First jumps: the first period ever whose net sales reach a rung pays it, once in a life. */
import { addDays, type BusinessDate, later, type Period, periodOf } from '../../values/calendar.ts';
import { compareCodeUnits } from '../../values/canonical.ts';
import { plusToTell } from '../../values/sums.ts';
import { earned, missed, pending } from '../conclude.ts';
import type { Case, Decision, Holding, Rule, Verdict } from '../decision.ts';
import { whyBelow } from '../nearest.ts';
import { isMissed } from '../reasons.ts';
import { ruleFor, rulesOf } from '../rules.ts';

/**
 * The occasion holds no month: reached in August, lost to refunds, reached again in September, it is paid once.
 * A rung at or under the best month before onboarding never pays (docs/programs.md, First jumps).
 */
export function milestone(kase: Case, id: string): Verdict {
  const verdict: Verdict = { decisions: [], kept: [] };
  const periods = visiblePeriods(kase, id);
  const names = rulesOf(kase.program, 'milestone', id).flatMap(({ incentive }) =>
    incentive.rungs.map(({ name }) => name),
  );
  for (const name of new Set(names)) {
    const occasion = `${id}/${name}`;
    if (isSealed(kase.holdings.get(occasion), kase.horizon)) verdict.kept.push(occasion);
    else verdict.decisions.push(...decideRung(kase, id, name, periods));
  }
  return verdict;
}

/** A rung once reached beyond the horizon is not reached for the first time again. */
function isSealed(holding: Holding | undefined, horizon: BusinessDate): boolean {
  return holding !== undefined && !isMissed(holding.last.reason) && holding.last.readsFrom < horizon;
}

/** What was taken back because it is earned no longer: it may be earned anew. */
function isLost({ sum, last }: Holding): boolean {
  return sum === 0 && isMissed(last.reason);
}

/** A month or a week, its net sales, and the rule in force on its last day. */
interface JudgedPeriod extends Period {
  netFen: number;
  /** Before refunds. */
  grossFen: number;
  rule: Rule<'milestone'>;
}

type Every = Rule<'milestone'>['incentive']['every'];

/**
 * The periods that the facts reach in full, to the current one, in the order of their last days: of every length that
 * a version asks for, those whose last day falls under a version that asks for it, and that is for the participant.
 */
function visiblePeriods(kase: Case, id: string): JudgedPeriod[] {
  const rules = rulesOf(kase.program, 'milestone', id).map(({ incentive }) => incentive);
  const first = rules.map(({ firstFrom }) => firstFrom).sort(compareCodeUnits)[0] ?? kase.asOf;
  return [...new Set(rules.map(({ every }) => every))]
    .flatMap((every) => periodsOf(kase, id, every, later(first, kase.horizon)))
    .sort((a, b) => compareCodeUnits(a.to, b.to));
}

const NOTHING = { netFen: 0, grossFen: 0 };

function periodsOf(kase: Case, id: string, every: Every, first: BusinessDate): JudgedPeriod[] {
  const sold = new Map<BusinessDate, { netFen: number; grossFen: number }>();
  for (const { date, netFen, grossFen } of kase.activity.days) {
    const { from } = periodOf(date, every);
    const sum = sold.get(from) ?? NOTHING;
    sold.set(from, {
      netFen: plusToTell(sum.netFen, netFen),
      grossFen: plusToTell(sum.grossFen, grossFen),
    });
  }
  const periods: JudgedPeriod[] = [];
  for (
    let period = periodOf(first, every);
    period.from <= kase.asOf;
    period = periodOf(addDays(period.to, 1), every)
  ) {
    const rule = ruleFor(kase, 'milestone', id, period.to);
    if (period.from < first || rule === undefined) continue;
    if (rule.incentive.every !== every || period.from < rule.incentive.firstFrom) continue;
    periods.push({ ...period, ...(sold.get(period.from) ?? NOTHING), rule });
  }
  return periods;
}

/** What is concluded of one rung; nothing when no version that is for the participant has it. */
function decideRung(kase: Case, id: string, name: string, periods: readonly JudgedPeriod[]): Decision[] {
  const occasion = `${id}/${name}`;
  const best = kase.history.participant?.bestMonthFen ?? 0;
  const judged = periods.flatMap((period) => {
    const rung = period.rule.incentive.rungs.find((candidate) => candidate.name === name);
    return rung === undefined
      ? []
      : [{ ...period, rung, stake: { rule: period.rule, occasion, worth: rung.amount } }];
  });
  for (const { from, to, netFen, rung, stake } of judged) {
    if (netFen < rung.atFen) continue;
    const evidence = { from, to, netFen, needFen: rung.atFen };
    if (best >= rung.atFen) return [outdone(stake, best, rung.atFen)];
    if (to <= kase.asOf) return [earned(kase, stake, { earnedOn: to, readsFrom: from, evidence })];
    // What an earlier period no longer earns is lost until this one ends.
    if ((kase.holdings.get(occasion)?.sum ?? 0) === 0) return [pending(stake, to, 'earned', evidence)];
  }
  // Not reached: told of the period that once earned it, until that is taken back; or else of the last that asks for it.
  const holding = kase.holdings.get(occasion);
  const once = holding === undefined || isLost(holding) ? undefined : holding.last.earnedOn;
  const told =
    judged.find(({ from, to }) => once !== undefined && from <= once && once <= to) ?? judged.at(-1);
  if (told === undefined) return [];
  const { from, to, netFen, grossFen, rung, stake } = told;
  if (best >= rung.atFen) return [outdone(stake, best, rung.atFen)];
  const why = whyBelow(kase, occasion, 'below-rung', { grossFen, needFen: rung.atFen });
  return [missed(stake, why, { from, to, netFen, needFen: rung.atFen, by: to })];
}

function outdone(stake: Parameters<typeof missed>[0], bestMonthFen: number, needFen: number): Decision {
  return missed(stake, 'best-month-reached-it', { bestMonthFen, needFen });
}
