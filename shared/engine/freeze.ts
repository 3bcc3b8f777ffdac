/** Decides what takes everyone: pools and ranks, once a month, then frozen. */
import type { Program } from '../policy/schema.ts';
import { firstDay, lastDay, type Month } from '../values/calendar.ts';
import { isTooLarge } from '../values/sums.ts';
import type { Span } from './case.ts';
import type { AgencyMonth, Award, Frozen, Rule } from './decision.ts';
import type { History } from './history.ts';
import { decidedOn, monthsUnder } from './months.ts';
import { refusalBetween } from './refusal.ts';
import { idsOf, isFor } from './rules.ts';
import { split } from './split.ts';
import { NO_MONTH, type Tally } from './tally.ts';

/**
 * The decisions that have fallen due and are not frozen yet, by `incentive/month`: each holder's share. One that
 * nobody wins is decided too.
 *
 * @param agencies the histories of every agency of the tally: who may take part is asked of them.
 */
export function freezeDue(
  program: Program,
  span: Span,
  frozen: Frozen,
  tally: Tally,
  agencies: readonly History[],
): Frozen {
  const decided = new Map<string, Award>();
  const isDue = (name: string, month: Month, { decidedAfterDays }: { decidedAfterDays: number }) =>
    !frozen.has(name) && decidedOn(month, decidedAfterDays) <= span.asOf;
  for (const id of idsOf(program, 'pooled-split')) {
    for (const { month, rule } of monthsUnder(program, 'pooled-split', id, span)) {
      const name = `${id}/${month}`;
      if (isDue(name, month, rule.incentive))
        decided.set(name, { shares: splitMonth(program, rule, month, tally, agencies) });
    }
  }
  for (const id of idsOf(program, 'ranking')) {
    for (const { month, rule } of monthsUnder(program, 'ranking', id, span)) {
      const name = `${id}/${month}`;
      if (!isDue(name, month, rule.incentive)) continue;
      const ranked = (tally.contenders.get(name) ?? []).map(({ participantId }) => participantId);
      decided.set(name, { shares: new Map(ranked.map((winner) => [winner, rule.incentive.amount])) });
    }
  }
  return decided;
}

function splitMonth(
  { platform }: Program,
  { incentive }: Rule<'pooled-split'>,
  month: Month,
  { agencies: months }: Tally,
  agencies: readonly History[],
): Map<string, number> {
  const sums = (agency: History) => months.get(agency.participantId)?.get(month) ?? NO_MONTH;
  const scores = agencies
    .filter((agency) => takesPart(platform, agency, incentive, month, sums(agency)))
    .map((agency) => [agency.participantId, sums(agency).growthFen] as const);
  return split(incentive.amount, new Map(scores), incentive.ceilingBps);
}

/** An agency whose share would be refused takes no part: also one whose sum is too large to be told. */
function takesPart(
  platform: string,
  agency: History,
  incentive: Rule<'pooled-split'>['incentive'],
  month: Month,
  { liveMembers, netFen }: AgencyMonth,
): boolean {
  return (
    agency.participant?.platform === platform &&
    isFor(incentive.who, agency.participant) &&
    liveMembers >= incentive.minLiveMembers &&
    !isTooLarge(netFen) &&
    refusalBetween(agency, firstDay(month), lastDay(month)) === undefined
  );
}
