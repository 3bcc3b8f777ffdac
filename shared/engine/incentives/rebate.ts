/** Rebates: a percentage of a month's fees or net sales back, by tier. */

import { memberReadsFrom } from '../../policy/reach.ts';
import { firstDay, lastDay, type Month } from '../../values/calendar.ts';
import { isTooLarge, MOST, plus, TOO_LARGE, told } from '../../values/sums.ts';
import { earned, missed, pending, tooLarge } from '../conclude.ts';
import type { Case, Decision, OwnerMonth, Rule, Verdict } from '../decision.ts';
import { decidedOn, monthsFor } from '../months.ts';
import { isClosedFor, occasionsOf } from './global.ts';

type Rebate = Rule<'rebate'>['incentive'];

/**
 * Decides `fee-cashback/YYYY-MM` once the lag is over, and adjusts it after that (docs/programs.md, Fee cashback). Only
 * runs that look at everyone do, so that a ledger does not grow by an entry a refund.
 */
export function rebate(kase: Case, id: string): Verdict {
  const agency = kase.history.participant?.kind === 'agency';
  // Without its members' sums, an agency's sales are not known to be none.
  const known = kase.around.full && (!agency || kase.around.agency !== undefined);
  if (!known) return { decisions: [], kept: occasionsOf(kase, id) };
  const readsFrom = agency ? (month: Month) => memberReadsFrom(kase.program, month) : firstDay;
  const decisions = monthsFor(kase, 'rebate', id, readsFrom).flatMap(
    ({ month, rule }) => decideMonth(kase, rule, month, readsFrom(month)) ?? [],
  );
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
  const worth = rebateOf(incentive, netFen, feesFen);
  const unknown = [netFen, feesFen, worth].some(isTooLarge);
  const stake = { rule, occasion, worth: unknown ? 0 : worth };
  const evidence = { netFen: told(netFen), feesFen: told(feesFen) };
  if (incentive.pooled !== undefined && payee !== kase.history.participantId) {
    return missed({ ...stake, worth: 0 }, 'another-shop-is-paid', { ...evidence, payee });
  }
  const decided = decidedOn(month, incentive.decidedAfterDays);
  const next = incentive.tiers.find(({ fromFen }) => fromFen > netFen);
  const distance = next === undefined ? {} : { needFen: next.fromFen, nextTierBps: next.bps };
  const reason = worth === 0 ? 'below-lowest-tier' : 'earned';
  const soFar = { ...evidence, ...distance, by: lastDay(month) };
  if (decided > kase.asOf) return pending(stake, decided, reason, soFar);
  if (reason !== 'earned') return missed(stake, reason, soFar);
  if (isClosedFor(kase, occasion)) return missed(stake, 'award-closed', evidence);
  const refusedWithin = { from: firstDay(month), to: lastDay(month) };
  const earning = { earnedOn: lastDay(month), readsFrom, refusedWithin };
  if (unknown) return tooLarge(kase, stake, earning);
  return earned(kase, stake, {
    ...earning,
    evidence: { ...evidence, ...tierEvidence(incentive, netFen) },
  });
}

/**
 * Pooled shops' sales and fees are their owner's, otherwise a participant's own. Of an agency only the fees are: its
 * sales are its members', whose fees are given back to them, not a second time to it.
 */
function salesOf(kase: Case, { incentive }: Rule<'rebate'>, month: Month): OwnerMonth {
  const { owner, agency } = kase.around;
  if (incentive.pooled !== undefined && owner !== undefined) {
    return owner.months[month] ?? { netFen: 0, feesFen: 0 };
  }
  const sum = { netFen: 0, feesFen: 0 };
  for (const day of kase.activity.days) {
    if (!day.date.startsWith(month)) continue;
    sum.netFen = plus(sum.netFen, day.netFen);
    sum.feesFen = plus(sum.feesFen, day.feesFen);
  }
  const isAgency = kase.history.participant?.kind === 'agency';
  return isAgency ? { netFen: agency?.get(month)?.netFen ?? 0, feesFen: sum.feesFen } : sum;
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
    return asNumber((base * BigInt(tier?.bps ?? 0)) / 100_000_000n);
  }
  let weighted = 0n;
  for (const [index, { fromFen, bps }] of incentive.tiers.entries()) {
    const end = Math.min(netFen, incentive.tiers[index + 1]?.fromFen ?? netFen);
    if (end > fromFen) weighted += BigInt(end - fromFen) * BigInt(bps);
  }
  return asNumber((base * weighted) / (net * 100_000_000n));
}

/** A rebate of more than the whole may pass what can be told. */
function asNumber(fen: bigint): number {
  return fen > BigInt(MOST) ? TOO_LARGE : Number(fen);
}

function tierEvidence({ tiers, by }: Rebate, netFen: number) {
  const tier = tiers.findLast(({ fromFen }) => fromFen <= netFen);
  return by === 'marginal' || tier === undefined ? {} : { tier: tier.name, percentBps: tier.bps };
}
