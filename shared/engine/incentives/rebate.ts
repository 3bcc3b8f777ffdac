/** Rebates: a percentage of a month's fees or net sales back, by tier. */
import { firstDay, lastDay, type Month } from '../../values/calendar.ts';
import { earned, missed, pending } from '../conclude.ts';
import type { Case, Decision, OwnerMonth, Rule, Verdict } from '../decision.ts';
import { decidedOn, readsFromForMembers, visibleMonths } from '../months.ts';
import { ruleOn, rulesOf } from '../rules.ts';
import { occasionsOf } from './global.ts';

type Rebate = Rule<'rebate'>['incentive'];

/**
 * Decides `fee-cashback/YYYY-MM` once the lag is over, and adjusts it after that (docs/programs.md, Fee cashback). Only
 * runs that look at everyone do, so that a ledger does not grow by an entry a refund.
 */
export function rebate(kase: Case, id: string): Verdict {
  const first = rulesOf(kase.program, 'rebate', id)[0];
  const agency = kase.history.participant?.kind === 'agency';
  // Without its members' sums, an agency's sales are not known to be none.
  const known = kase.around.full && (!agency || kase.around.agency !== undefined);
  if (first === undefined || !known) return { decisions: [], kept: occasionsOf(kase, id) };
  const decisions: Decision[] = [];
  const readsFrom = agency ? readsFromForMembers : firstDay;
  for (const month of visibleMonths(first.incentive.firstMonth, kase, readsFrom)) {
    const rule = ruleOn(kase.program, 'rebate', id, lastDay(month));
    const decision = rule && decideMonth(kase, rule, month, readsFrom(month));
    if (decision !== undefined) decisions.push(decision);
  }
  return { decisions, kept: [] };
}

function decideMonth(
  kase: Case,
  rule: Rule<'rebate'>,
  month: Month,
  readsFrom: string,
): Decision | undefined {
  const { incentive } = rule;
  const occasion = `${incentive.id}/${month}`;
  const { netFen, feesFen } = salesOf(kase, rule, month);
  if (netFen === 0 && !kase.holdings.has(occasion)) return undefined;
  const { payee = kase.history.participantId } = kase.around.owner ?? {};
  const stake = { rule, occasion, worth: rebateOf(incentive, netFen, feesFen) };
  const evidence = { netFen, feesFen };
  if (incentive.pooled !== undefined && payee !== kase.history.participantId) {
    return missed({ ...stake, worth: 0 }, 'another-shop-is-paid', { ...evidence, payee });
  }
  const decided = decidedOn(month, incentive.decidedAfterDays);
  const next = incentive.tiers.find(({ fromFen }) => fromFen > netFen);
  const distance = next === undefined ? {} : { needFen: next.fromFen, nextTierBps: next.bps };
  const reason = stake.worth === 0 ? 'below-lowest-tier' : 'earned';
  const soFar = { ...evidence, ...distance, by: lastDay(month) };
  if (decided > kase.asOf) return pending(stake, decided, reason, soFar);
  if (reason !== 'earned') return missed(stake, reason, soFar);
  return earned(kase, stake, {
    earnedOn: lastDay(month),
    readsFrom,
    evidence: { ...evidence, ...tierEvidence(incentive, netFen) },
    refusedWithin: { from: firstDay(month), to: lastDay(month) },
  });
}

/** An agency's sales are its members'; pooled shops' their owner's; otherwise its own. */
function salesOf(kase: Case, { incentive, version }: Rule<'rebate'>, month: Month): OwnerMonth {
  const none = { netFen: 0, feesFen: 0 };
  if (kase.history.participant?.kind === 'agency') return kase.around.agency?.[month] ?? none;
  if (incentive.pooled !== undefined && kase.around.owner !== undefined) {
    return kase.around.owner.months[month] ?? none;
  }
  const sum = { ...none };
  for (const day of kase.activity(version).days) {
    if (!day.date.startsWith(month)) continue;
    sum.netFen += day.netFen;
    sum.feesFen += day.feesFen;
  }
  return sum;
}

/**
 * What a month gives back, in fen, rounded down once. In the marginal form each tier takes the slice of net sales
 * within it, and of fees the same share as the slice has of the net sales.
 */
export function rebateOf(
  incentive: Pick<Rebate, 'of' | 'by' | 'tiers' | 'floorBps'>,
  netFen: number,
  feesFen: number,
): number {
  if (netFen <= 0) return 0;
  const net = BigInt(netFen);
  // In ten-thousandths of a fen, so that the floor, too, is exact.
  const base =
    incentive.of === 'net-sales'
      ? net * 10_000n
      : BigInt(feesFen) * 10_000n - net * BigInt(incentive.floorBps ?? 0);
  if (base <= 0n) return 0;
  if (incentive.by === 'whole') {
    const tier = incentive.tiers.findLast(({ fromFen }) => fromFen <= netFen);
    return Number((base * BigInt(tier?.bps ?? 0)) / 100_000_000n);
  }
  let weighted = 0n;
  for (const [index, { fromFen, bps }] of incentive.tiers.entries()) {
    const end = Math.min(netFen, incentive.tiers[index + 1]?.fromFen ?? netFen);
    if (end > fromFen) weighted += BigInt(end - fromFen) * BigInt(bps);
  }
  return Number((base * weighted) / (net * 100_000_000n));
}

function tierEvidence({ tiers, by }: Rebate, netFen: number) {
  const tier = tiers.findLast(({ fromFen }) => fromFen <= netFen);
  return by === 'marginal' || tier === undefined ? {} : { tier: tier.name, percentBps: tier.bps };
}
