/** Top creators: the best of a month, ranked once and then frozen. */
import { lastDay, type Month } from '../../values/calendar.ts';
import { isTooLarge, told } from '../../values/sums.ts';
import { missed, pending, tooLarge } from '../conclude.ts';
import type { Case, Decision, Rule, Verdict } from '../decision.ts';
import { monthFigures } from '../tally.ts';
import { fromFrozen, type Lost } from './global.ts';

/** Decides `top-creator/YYYY-MM` from its frozen ranking (docs/programs.md, Top creators). */
export function ranking(kase: Case, id: string): Verdict {
  return fromFrozen(kase, 'ranking', id, {
    evidence: (rule, month) => figures(kase, rule, month),
    unfrozen(rule, month, decidedOn) {
      const evidence = figures(kase, rule, month);
      if (evidence.netFen <= 0) return undefined;
      const reason = evidence.netFen < evidence.needFen ? 'below-floor' : 'earned';
      return pending(stakeOf(rule, month), decidedOn, reason, { ...evidence, by: lastDay(month) });
    },
    lost: (rule, month, how) => lost(kase, rule, month, how),
  });
}

function lost(kase: Case, rule: Rule<'ranking'>, month: Month, how: Lost): Decision | undefined {
  const { fen, views } = monthFigures(kase.activity, month, rule.incentive.measure);
  if (isTooLarge(fen) || isTooLarge(views)) return tooLarge(kase, stakeOf(rule, month), how);
  const evidence = figures(kase, rule, month);
  if (evidence.netFen <= 0) return undefined;
  return evidence.netFen < evidence.needFen
    ? missed(stakeOf(rule, month), 'below-floor', { ...evidence, by: lastDay(month) })
    : missed(stakeOf(rule, month), how.instead ?? 'not-ranked', evidence);
}

function stakeOf(rule: Rule<'ranking'>, month: Month) {
  return { rule, occasion: `${rule.incentive.id}/${month}`, worth: rule.incentive.amount };
}

function figures(kase: Case, { incentive }: Rule<'ranking'>, month: Month) {
  const { fen, views } = monthFigures(kase.activity, month, incentive.measure);
  return { netFen: told(fen), needFen: incentive.minFen, views: told(views), places: incentive.places };
}
