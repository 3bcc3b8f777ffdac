/** The months of monthly incentives: which the facts reach, by which rule and when each is decided. */
import { memberReadsFrom } from '../policy/reach.ts';
import type { Incentive, IncentiveOf, Program } from '../policy/schema.ts';
import {
  addDays,
  type BusinessDate,
  lastDay,
  later,
  type Month,
  monthOf,
  monthsBetween,
} from '../values/calendar.ts';
import { compareCodeUnits } from '../values/canonical.ts';
import type { Span } from './case.ts';
import type { Case, Rule } from './decision.ts';
import { concerns, ruleOn, rulesOf } from './rules.ts';

/** The kinds of incentives that say the first month they look at. */
export type MonthlyKind = Extract<Incentive, { firstMonth: Month }>['kind'];

/** A month and the rule in force on its last day. */
export interface DecidedMonth<K extends MonthlyKind> {
  month: Month;
  rule: Rule<K>;
}

/**
 * The months of an incentive whose facts are all read, each with the rule in force on its last day, whoever that is
 * for. A month before that rule's own first month is none of its.
 *
 * @param readsFrom the first date whose facts a month rests on.
 */
export function monthsUnder<K extends MonthlyKind>(
  program: Program,
  kind: K,
  id: string,
  span: Span,
  readsFrom = (month: Month): BusinessDate => memberReadsFrom(program, month),
): DecidedMonth<K>[] {
  const first = rulesOf(program, kind, id)
    .map((rule) => firstMonthOf(rule))
    .sort(compareCodeUnits)[0];
  if (first === undefined) return [];
  return visibleMonths(first, span, readsFrom).flatMap((month) => {
    const rule = ruleOn(program, kind, id, lastDay(month));
    return rule === undefined || month < firstMonthOf(rule) ? [] : [{ month, rule }];
  });
}

/** Those of {@link monthsUnder} whose rule is for the participant. */
export function monthsFor<K extends MonthlyKind>(
  kase: Case,
  kind: K,
  id: string,
  readsFrom?: (month: Month) => BusinessDate,
): DecidedMonth<K>[] {
  return monthsUnder(kase.program, kind, id, kase, readsFrom).filter(({ rule }) => concerns(rule, kase));
}

/** The compiler does not see through the kind. */
function firstMonthOf<K extends MonthlyKind>({ incentive }: Rule<K>): Month {
  return (incentive as IncentiveOf<MonthlyKind>).firstMonth;
}

/** The months from the first to the current one whose facts are all read, given what a month reads from. */
export function visibleMonths(
  first: Month,
  { horizon, asOf }: Span,
  readsFrom: (month: Month) => BusinessDate,
): Month[] {
  return monthsBetween(later(first, monthOf(horizon)), monthOf(asOf)).filter(
    (month) => readsFrom(month) >= horizon,
  );
}

/** The date as of which a month is decided. */
export function decidedOn(month: Month, afterDays: number): BusinessDate {
  return addDays(lastDay(month), afterDays);
}
