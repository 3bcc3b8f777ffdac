/** The difference between what a participant should have and what the ledger says it has. */
import type { BusinessDate } from '../values/calendar.ts';
import type { Unit } from '../values/units.ts';
import type { Decision, Holding } from './decision.ts';
import type { Evaluation } from './evaluate.ts';
import type { Evidence } from './history.ts';
import { isMissed, type ReasonCode } from './reasons.ts';

/** One entry that the ledger lacks. A positive amount still has to be funded from its pool, if it has one. */
export interface Change {
  incentive: string;
  occasion: string;
  /** The number of the entry to write. */
  n: number;
  kind: 'grant' | 'adjustment' | 'refusal';
  unit: Unit;
  amount: number;
  earnedOn: BusinessDate;
  readsFrom: BusinessDate;
  reason: ReasonCode;
  evidence: Evidence;
  policy: string;
  pool?: string;
  /** The shortfall that the ledger already names for this occasion: not paying it again needs no new entry. */
  shortfall?: number;
}

/**
 * Plans the entries that bring the ledger to the decisions. Planning again after they are written gives none.
 *
 * - An occasion is **sealed** when its last entry rests on facts from before the horizon: it keeps its sum, since
 *   old facts not read must not look like facts withdrawn. Only what was last found missed may be earned anew.
 * - **Pending** and kept occasions are left alone.
 * - What is earned but refused writes an entry of amount 0 with its reason, once.
 * - What was refused and is no longer earned writes another, or the refusal would be remembered for good.
 */
export function reconcile({ decisions, kept, holdings }: Evaluation, horizon: BusinessDate): Change[] {
  const changes: Change[] = [];
  const decided = new Set<string>();
  for (const decision of decisions) {
    decided.add(decision.occasion);
    const holding = holdings.get(decision.occasion);
    if (decision.outcome === 'pending' || isSealed(holding, horizon)) continue;
    const change = changeFor(decision, holding);
    if (change !== undefined) changes.push(change);
  }
  for (const holding of holdings.values()) {
    if (decided.has(holding.occasion) || kept.has(holding.occasion) || isSealed(holding, horizon)) continue;
    if (holding.sum !== 0) changes.push(takeBack(holding, 'no-longer-earned', {}, holding.last.policy));
  }
  return changes;
}

function isSealed(holding: Holding | undefined, horizon: BusinessDate): boolean {
  return holding !== undefined && holding.last.readsFrom < horizon && !isMissed(holding.last.reason);
}

function changeFor(decision: Decision, holding: Holding | undefined): Change | undefined {
  const amount = decision.amount - (holding?.sum ?? 0);
  if (decision.outcome === 'missed') {
    return holding === undefined || (amount === 0 && isMissed(holding.last.reason))
      ? undefined
      : takeBack(holding, decision.reason, decision.evidence, decision.policy, decision.readsFrom);
  }
  if (amount === 0 && (decision.outcome === 'earned' || holding?.last.reason === decision.reason))
    return undefined;
  if (decision.earnedOn === undefined || decision.readsFrom === undefined) {
    throw new Error(`${decision.occasion} is ${decision.outcome} without a date`);
  }
  const granted = holding !== undefined && holding.last.kind !== 'refusal';
  return {
    incentive: decision.incentive,
    occasion: decision.occasion,
    n: (holding?.last.n ?? 0) + 1,
    kind: amount === 0 ? 'refusal' : granted ? 'adjustment' : 'grant',
    unit: decision.unit,
    amount,
    earnedOn: decision.earnedOn,
    readsFrom: decision.readsFrom,
    reason: decision.reason,
    evidence: decision.evidence,
    policy: decision.policy,
    ...(decision.pool === undefined ? {} : { pool: decision.pool }),
    ...(holding?.last.shortfall === undefined ? {} : { shortfall: holding.last.shortfall }),
  };
}

function takeBack(
  holding: Holding,
  reason: ReasonCode,
  evidence: Evidence,
  policy: string,
  readsFrom = holding.last.readsFrom,
): Change {
  const { last, sum } = holding;
  return {
    incentive: last.incentive,
    occasion: holding.occasion,
    n: last.n + 1,
    kind: 'adjustment',
    unit: last.unit,
    amount: 0 - sum,
    earnedOn: last.earnedOn,
    readsFrom,
    reason,
    evidence,
    policy,
    ...(last.pool === undefined ? {} : { pool: last.pool }),
  };
}
