/** What a pool could not pay, and that is sealed by now: it is still owed, unless it is refused since. */
import type { Incentive } from '../policy/schema.ts';
import { type BusinessDate, firstDay, lastDay, monthOf } from '../values/calendar.ts';
import type { Case, Holding } from './decision.ts';
import { stillFits } from './fit.ts';
import { isMissed } from './reasons.ts';
import { refusalBetween } from './refusal.ts';
import { kindsOf } from './rules.ts';

/**
 * The sealed occasions whose last entry names a shortfall, and whose date or month nothing refuses since: they are paid
 * from that entry, however old it is (docs/programs.md, worked case 20).
 */
export function sealedUnpaid(kase: Case): Set<string> {
  const unpaid = new Set<string>();
  for (const holding of kase.holdings.values()) {
    const { occasion, last } = holding;
    const sealed = last.readsFrom < kase.horizon && !isMissed(last.reason);
    if (!sealed || (last.shortfall ?? 0) === 0 || !stillFits(kase, holding)) continue;
    const { from, to } = refusableDates(kase, holding);
    if (refusalBetween(kase.history, from, to) === undefined) unpaid.add(occasion);
  }
  return unpaid;
}

/** A reward for a month is refused when any date of it is, every other by the day on which it was earned. */
const FOR_A_MONTH: readonly Incentive['kind'][] = [
  'monthly',
  'rebate',
  'window-rollup',
  'pooled-split',
  'ranking',
];

function refusableDates({ program }: Case, { last }: Holding): { from: BusinessDate; to: BusinessDate } {
  const kind = kindsOf(program).get(last.incentive);
  if (kind === undefined || !FOR_A_MONTH.includes(kind)) return { from: last.earnedOn, to: last.earnedOn };
  const month = monthOf(last.earnedOn);
  return { from: firstDay(month), to: lastDay(month) };
}
