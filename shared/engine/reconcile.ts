/** The difference between what a participant should have and what the ledger says it has. */

import { seenDays } from '../policy/reach.ts';
import type { PolicyVersion, Program } from '../policy/schema.ts';
import { versionNamed } from '../policy/versions.ts';
import { type BusinessDate, dayNumber } from '../values/calendar.ts';
import { at } from '../values/sums.ts';
import type { Decision, Evaluation, Holding } from './decision.ts';
import type { Change, Evidence, Held, Lowering } from './history.ts';
import { isMissed, type ReasonCode } from './reasons.ts';
import { isSealed } from './sealed.ts';

/**
 * Plans the entries that bring the ledger to the decisions. Planning again after they are written gives none.
 *
 * - An occasion is **sealed** when its last entry rests on facts from before the horizon: it keeps its sum, since
 *   old facts not read must not look like facts withdrawn. Only what was last found missed may be earned anew.
 * - **Pending** and kept occasions are left alone.
 * - What is earned but refused writes an entry of amount 0 with its reason, once.
 * - What late facts moved far back writes one of amount 0, so that it is sealed by the date it now rests on.
 * - What was refused and is no longer earned writes another, or the refusal would be remembered for good.
 * - What a pool could not pay of a sealed occasion is asked for again.
 * - A lowering is written, held for an operator or never made, as the policy says for its pool.
 */
export function reconcile(
  program: Program,
  { decisions, kept, holdings, unpaid }: Evaluation,
  horizon: BusinessDate,
  held: readonly Held[] = [],
): Change[] {
  const asked: Asked[] = [];
  const decided = new Set<string>();
  const judged = new Set<string>();
  for (const decision of decisions) {
    decided.add(decision.occasion);
    const holding = holdings.get(decision.occasion);
    if (decision.outcome === 'pending' || isSealed(holding, horizon)) continue;
    judged.add(decision.occasion);
    const change = changeFor(program, decision, holding);
    if (change !== undefined) asked.push({ change, holding, causes: decision.causes ?? [decision.reason] });
  }
  for (const holding of holdings.values()) {
    if (unpaid.has(holding.occasion)) asked.push({ change: payRest(holding), holding, causes: [] });
    if (decided.has(holding.occasion) || kept.has(holding.occasion) || isSealed(holding, horizon)) continue;
    judged.add(holding.occasion);
    if (holding.sum === 0) continue;
    const change = takeBack(holding, 'no-longer-earned', {}, holding.last.policy);
    asked.push({ change, holding, causes: [change.reason] });
  }
  return [
    ...asked.flatMap((one) => correct(program, one, heldFor(program, one.change, held)) ?? []),
    ...noLongerDue(program, asked, held, judged),
  ];
}

/** A change, what the ledger has for its occasion, and all that causes it. */
interface Asked {
  change: Change;
  holding: Holding | undefined;
  causes: readonly string[];
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
    reason: amount < 0 && decision.outcome === 'earned' ? 'earned-less' : decision.reason,
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

/** What is sealed and was not paid in full is paid from its entry, once there is enough (law 8). */
function payRest({ occasion, last }: Holding): Change {
  const {
    incentive,
    n,
    kind,
    unit,
    earnedOn,
    readsFrom,
    evidence,
    policy,
    pool,
    limitedBy,
    shortfall = 0,
  } = last;
  return {
    incentive,
    occasion,
    n: n + 1,
    kind: kind === 'refusal' ? 'grant' : 'adjustment',
    unit,
    amount: shortfall,
    earnedOn,
    readsFrom,
    reason: 'earned',
    evidence,
    policy,
    ...(pool === undefined ? {} : { pool }),
    ...(limitedBy === undefined ? {} : { limitedBy }),
    shortfall,
  };
}

/** A lowering as its pool's corrections mode lets it happen. One that was decided on waits no more. */
function correct(program: Program, asked: Asked, known: Held | undefined): Change | undefined {
  const { change } = asked;
  const mode = modeOf(program, change);
  if (mode === 'automatic') return change;
  if (mode === 'never') return undefined;
  const lowering = loweringOf(asked);
  if (known === undefined) return { ...change, hold: 'put', correction: { ...lowering, seen: 0 } };
  if (isWaived(known, lowering)) return undefined;
  if (!isThis(known, change, lowering) || known.state === 'withdrawn' || known.state === 'rejected')
    return { ...change, hold: 'put', correction: { ...lowering, seen: known.version } };
  if (known.state === 'waiting') return undefined;
  return { ...change, evidence: { ...change.evidence, approvedBy: known.log.at(-1)?.by ?? '' } };
}

function modeOf(program: Program, { amount, pool, policy }: Change): PolicyVersion['corrections'][string] {
  if (amount >= 0 || pool === undefined) return 'automatic';
  return at(versionNamed(program, policy).corrections, pool) ?? 'automatic';
}

function loweringOf({ change, holding, causes }: Asked): Lowering {
  return { causes: [...causes].sort(), to: (holding?.sum ?? 0) + change.amount };
}

/** Whether an operator let the participant keep it: for all of these causes, and down to that sum. */
function isWaived({ waivers }: Held, { causes, to }: Lowering): boolean {
  return waivers.some((waiver) => to >= waiver.to && causes.every((cause) => waiver.causes.includes(cause)));
}

/** Whether a correction is this very lowering: the place in the ledger, the sum and the causes. */
function isThis(known: Held, { n, amount }: Change, { causes, to }: Lowering): boolean {
  const same = known.change.n === n && known.change.amount === amount && known.to === to;
  return (
    same && known.causes.length === causes.length && causes.every((cause) => known.causes.includes(cause))
  );
}

function heldFor({ program }: Program, { occasion }: Change, held: readonly Held[]): Held | undefined {
  return held.find((one) => one.program === program && one.change.occasion === occasion);
}

/**
 * Waiting lowerings that the facts no longer ask for are withdrawn: also those of an occasion that is raised now, or that
 * is waived again. What was not judged now waits on.
 */
function noLongerDue(
  program: Program,
  asked: readonly Asked[],
  held: readonly Held[],
  judged: ReadonlySet<string>,
): Change[] {
  return held.flatMap((known) => {
    const { change, state, version, causes, to } = known;
    if (known.program !== program.program || state !== 'waiting' || !judged.has(change.occasion)) return [];
    const still = asked.some(
      (one) =>
        one.change.occasion === change.occasion &&
        modeOf(program, one.change) === 'hold' &&
        !isWaived(known, loweringOf(one)),
    );
    return still ? [] : [{ ...change, hold: 'drop' as const, correction: { causes, to, seen: version } }];
  });
}
