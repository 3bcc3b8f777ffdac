/** The difference between what a participant should have and what the ledger says it has. */

import { seenDays } from '../policy/reach.ts';
import type { PolicyVersion, Program } from '../policy/schema.ts';
import { versionNamed } from '../policy/versions.ts';
import { type BusinessDate, dayNumber } from '../values/calendar.ts';
import type { Decision, Evaluation, Holding } from './decision.ts';
import type { Change, Evidence, Held } from './history.ts';
import { isMissed, type ReasonCode } from './reasons.ts';

/**
 * Plans the entries that bring the ledger to the decisions. Planning again after they are written gives none.
 *
 * - An occasion is **sealed** when its last entry rests on facts from before the horizon: it keeps its sum, since
 *   old facts not read must not look like facts withdrawn. Only what was last found missed may be earned anew.
 * - **Pending** and kept occasions are left alone.
 * - What is earned but refused writes an entry of amount 0 with its reason, once.
 * - What late facts moved far back writes one of amount 0, so that it is sealed by the date it now rests on.
 * - What was refused and is no longer earned writes another, or the refusal would be remembered for good.
 * - A lowering is written, held for an operator or never made, as the policy says for its pool.
 */
export function reconcile(
  program: Program,
  { decisions, kept, holdings }: Evaluation,
  horizon: BusinessDate,
  held: readonly Held[] = [],
): Change[] {
  const changes: Change[] = [];
  const decided = new Set<string>();
  const judged = new Set<string>();
  for (const decision of decisions) {
    decided.add(decision.occasion);
    const holding = holdings.get(decision.occasion);
    if (decision.outcome === 'pending' || isSealed(holding, horizon)) continue;
    judged.add(decision.occasion);
    const change = changeFor(program, decision, holding);
    if (change !== undefined) changes.push(change);
  }
  for (const holding of holdings.values()) {
    if (decided.has(holding.occasion) || kept.has(holding.occasion) || isSealed(holding, horizon)) continue;
    judged.add(holding.occasion);
    if (holding.sum !== 0) changes.push(takeBack(holding, 'no-longer-earned', {}, holding.last.policy));
  }
  const own = held.filter((one) => one.program === program.program);
  return [
    ...changes.flatMap((change) => correct(program, change, own) ?? []),
    ...noLongerDue(changes, own, judged),
  ];
}

function isSealed(holding: Holding | undefined, horizon: BusinessDate): boolean {
  return holding !== undefined && holding.last.readsFrom < horizon && !isMissed(holding.last.reason);
}

function changeFor(program: Program, decision: Decision, holding: Holding | undefined): Change | undefined {
  const amount = decision.amount - (holding?.sum ?? 0);
  if (decision.outcome === 'missed') {
    return holding === undefined || (amount === 0 && isMissed(holding.last.reason))
      ? undefined
      : takeBack(holding, decision.reason, decision.evidence, decision.policy, decision.readsFrom);
  }
  const unchanged = decision.outcome === 'earned' || holding?.last.reason === decision.reason;
  if (amount === 0 && unchanged && !movedUnseen(program, decision, holding)) return undefined;
  if (decision.earnedOn === undefined || decision.readsFrom === undefined) {
    throw new Error(`${decision.occasion} is ${decision.outcome} without a date`);
  }
  const granted = holding !== undefined && holding.last.kind !== 'refusal';
  return {
    incentive: decision.incentive,
    occasion: decision.occasion,
    n: (holding?.last.n ?? 0) + 1,
    kind: amount === 0 && decision.outcome === 'refused' ? 'refusal' : granted ? 'adjustment' : 'grant',
    unit: decision.unit,
    amount,
    earnedOn: decision.earnedOn,
    readsFrom: decision.readsFrom,
    reason: decision.reason,
    evidence: decision.evidence,
    policy: decision.policy,
    ...(decision.pool === undefined ? {} : { pool: decision.pool }),
    ...(decision.limitedBy === undefined ? {} : { limitedBy: decision.limitedBy }),
    ...(holding?.last.shortfall === undefined ? {} : { shortfall: holding.last.shortfall }),
  };
}

/** Whether late facts moved an occasion so far back that the ledger would take it for one of its later date. */
function movedUnseen(
  program: Program,
  { readsFrom, policy }: Decision,
  holding: Holding | undefined,
): boolean {
  if (readsFrom === undefined || holding === undefined) return false;
  return dayNumber(holding.last.readsFrom) - dayNumber(readsFrom) >= seenDays(versionNamed(program, policy));
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
    ...(last.limitedBy === undefined ? {} : { limitedBy: last.limitedBy }),
  };
}

/** A lowering as its pool's corrections mode lets it happen. One that was decided on waits no more. */
function correct(program: Program, change: Change, held: readonly Held[]): Change | undefined {
  const mode = change.amount < 0 ? modeOf(versionNamed(program, change.policy), change) : 'automatic';
  if (mode === 'automatic') return change;
  if (mode === 'never') return undefined;
  const known = held.find((one) => isFor(one, change));
  if (known?.change.amount !== change.amount || known.state === 'withdrawn')
    return { ...change, hold: 'put' };
  if (known.state !== 'approved') return undefined;
  return { ...change, evidence: { ...change.evidence, approvedBy: known.log.at(-1)?.by ?? '' } };
}

function modeOf({ corrections }: PolicyVersion, { pool }: Change): PolicyVersion['corrections'][string] {
  return pool === undefined ? 'automatic' : (corrections[pool] ?? 'automatic');
}

function isFor({ change }: Held, { occasion, n }: Change): boolean {
  return change.occasion === occasion && change.n === n;
}

/** Waiting lowerings that the facts no longer ask for are withdrawn; what was not judged now waits on. */
function noLongerDue(
  changes: readonly Change[],
  held: readonly Held[],
  judged: ReadonlySet<string>,
): Change[] {
  return held
    .filter(({ state, change }) => state === 'waiting' && judged.has(change.occasion))
    .filter((one) => !changes.some((change) => isFor(one, change)))
    .map(({ change }) => ({ ...change, hold: 'drop' as const }));
}
