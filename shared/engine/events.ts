/** Events: incentives with a first and a last day, decided by the version in force on the first. */
import type { IncentiveOf } from '../policy/schema.ts';
import { versionOn } from '../policy/versions.ts';
import type { BusinessDate } from '../values/calendar.ts';
import type { ActiveDay } from './activity.ts';
import type { Case, Rule } from './decision.ts';
import { concerns, ruleOn, rulesOf } from './rules.ts';

/**
 * The editions of an event that are for the participant, have begun, and are read from their first day on: a part of
 * an event decides nothing (docs/design.md, law 5). One that starts while another version is in force than the one that
 * says it takes no effect.
 */
export function editionsOf<K extends 'event-ladder' | 'fee-rate'>(
  kase: Case,
  kind: K,
  id: string,
): Rule<K>[] {
  return rulesOf(kase.program, kind, id).filter((rule) => {
    const { from } = rule.incentive as IncentiveOf<'event-ladder' | 'fee-rate'>;
    const begun = kase.horizon <= from && from <= kase.asOf;
    return begun && ruleOn(kase.program, kind, id, from) === rule && concerns(rule, kase);
  });
}

/** The days of a window or an event that count: on a date under no version nothing is earned. */
export function daysWithin(kase: Case, from: BusinessDate, to: BusinessDate): ActiveDay[] {
  return kase.activity.days.filter(
    ({ date }) => from <= date && date <= to && versionOn(kase.program, date) !== undefined,
  );
}
