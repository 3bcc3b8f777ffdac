/** Builds decisions: the part that every kind of incentive shares. */
import type { Incentive } from '../policy/schema.ts';
import type { BusinessDate } from '../values/calendar.ts';
import { MOST } from '../values/sums.ts';
import type { Case, Decision, Holding } from './decision.ts';
import type { Evidence } from './history.ts';
import type { MissedReason } from './reasons.ts';
import { causesBetween, type Refusal, refusalBetween } from './refusal.ts';

/** What an occasion is worth, and under which rule. */
export interface Stake {
  rule: { incentive: Pick<Incentive, 'id' | 'reward'>; label: string };
  occasion: string;
  worth: number;
  /** A perk is counted, and draws on no pool. */
  perk?: boolean;
}

/** Where and when something was earned. */
export interface Earning {
  earnedOn: BusinessDate;
  readsFrom: BusinessDate;
  evidence: Evidence;
  /** The dates on which a sanction or a closing refuses it; the day it was earned when left out. */
  refusedWithin?: { from: BusinessDate; to: BusinessDate };
  /** Why it is refused whatever the date. */
  refusedBy?: Refusal | undefined;
}

/** Earned, unless refused for the date or month it was earned in. */
export function earned(kase: Case, stake: Stake, earning: Earning): Decision {
  const { from, to } = earning.refusedWithin ?? { from: earning.earnedOn, to: earning.earnedOn };
  const refusal = earning.refusedBy ?? refusalBetween(kase.history, from, to);
  return {
    ...common(stake),
    outcome: refusal === undefined ? 'earned' : 'refused',
    amount: refusal === undefined ? stake.worth : 0,
    earnedOn: earning.earnedOn,
    readsFrom: earning.readsFrom,
    reason: refusal?.reason ?? 'earned',
    evidence: { ...earning.evidence, ...refusal?.evidence },
    ...(refusal === undefined ? {} : { causes: causesOf(kase, refusal, earning.refusedBy, from, to) }),
  };
}

/** Its owner's cap refuses besides whatever the dates do. */
function causesOf(
  { history }: Case,
  { reason }: Refusal,
  refusedBy: Refusal | undefined,
  from: BusinessDate,
  to: BusinessDate,
): string[] {
  const within = causesBetween(history, from, to);
  return refusedBy === undefined ? within : [reason, ...within];
}

/**
 * Refused by name: a sum that it rests on passes what can be told exactly, so nobody knows what it is worth (law 10).
 * It takes no part in anything; everybody else is decided.
 */
export function tooLarge(
  kase: Case,
  stake: Stake,
  earning: Omit<Earning, 'evidence' | 'refusedBy'>,
): Decision {
  const refusedBy: Refusal = { reason: 'sum-too-large', evidence: { mostFen: MOST } };
  return earned(kase, { ...stake, worth: 0 }, { ...earning, evidence: {}, refusedBy });
}

/**
 * Not earned, with the values that say how far from it. `readsFrom` is told where an open window misses it: what
 * is taken back then remembers which window that was.
 */
export function missed(
  stake: Stake,
  reason: MissedReason,
  evidence: Evidence,
  readsFrom?: BusinessDate,
): Decision {
  return {
    ...common(stake),
    outcome: 'missed',
    amount: 0,
    earnedOn: undefined,
    readsFrom,
    reason,
    evidence,
  };
}

/** What the ledger holds is no longer earned: it is taken back as it was granted, under the rule that had granted it. */
export function lost({ occasion, last }: Holding, reason: MissedReason, evidence: Evidence): Decision {
  return {
    outcome: 'missed',
    incentive: last.incentive,
    occasion,
    unit: last.unit,
    pool: last.pool,
    limitedBy: last.limitedBy,
    amount: 0,
    worth: 0,
    earnedOn: undefined,
    readsFrom: undefined,
    reason,
    evidence,
    policy: last.policy,
  };
}

/** Not decidable before `decidedOn`; the reason is what would be said if it were decided today. */
export function pending(
  stake: Stake,
  decidedOn: BusinessDate,
  reason: MissedReason | 'earned',
  evidence: Evidence,
): Decision {
  return { ...missed(stake, 'no-longer-earned', evidence), outcome: 'pending', reason, earnedOn: decidedOn };
}

function common({ rule, occasion, worth, perk = false }: Stake) {
  const { id, reward } = rule.incentive;
  return {
    incentive: id,
    occasion,
    unit: perk ? ('count' as const) : reward.unit,
    pool: perk ? undefined : reward.pool,
    limitedBy: perk || reward.limit === undefined ? undefined : id,
    worth,
    policy: rule.label,
  };
}
