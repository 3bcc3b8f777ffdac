/** Funding: who is paid when a pool has less left than is claimed. */
import type { BusinessDate } from '../values/calendar.ts';
import { compareCodeUnits } from '../values/canonical.ts';

/** A raise that draws on a pool. */
export interface Claim {
  earnedOn: BusinessDate;
  participantId: string;
  occasion: string;
  amount: number;
}

/** The place of a claim in the queue for a pool. */
export type Rank = Pick<Claim, 'earnedOn' | 'participantId' | 'occasion'>;

/** Where a pool ends: claims before the rank are paid in full, the one at it `partial`, those after it nothing. */
export interface Cut extends Rank {
  partial: number;
}

/** The nodes of the budget that something draws on: its incentive, when that has a limit, and its pool. */
export function nodesOf({ limitedBy, pool }: { limitedBy?: string; pool?: string }): string[] {
  return [limitedBy, pool].filter((node) => node !== undefined);
}

/** By earned date, then participant id, then occasion (docs/programs.md, For both programs). */
export function compareRank(a: Rank, b: Rank): number {
  return (
    compareCodeUnits(a.earnedOn, b.earnedOn) ||
    compareCodeUnits(a.participantId, b.participantId) ||
    compareCodeUnits(a.occasion, b.occasion)
  );
}

/**
 * The date on which a pool runs short, and what is left of it on that morning; undefined when all is funded.
 * Sums by date are enough for this, so a million claims need no sorting: only one date's do.
 */
export function dateOfCut(
  claimedByDate: ReadonlyMap<BusinessDate, number>,
  available: number,
): { date: BusinessDate; left: number } | undefined {
  let left = available;
  for (const [date, claimed] of [...claimedByDate].sort(([a], [b]) => compareCodeUnits(a, b))) {
    if (claimed > left) return { date, left };
    left -= claimed;
  }
  return undefined;
}

/** The cut among the claims of one date that exceed what is left. */
export function cutAmong(claims: readonly Claim[], left: number): Cut {
  let rest = left;
  for (const { amount, ...rank } of claims.toSorted(compareRank)) {
    if (amount > rest)
      return {
        earnedOn: rank.earnedOn,
        participantId: rank.participantId,
        occasion: rank.occasion,
        partial: rest,
      };
    rest -= amount;
  }
  throw new Error(`claims fit into ${left}: there is no cut`);
}

/** What a claim is paid under a cut, or in full without one. */
export function funded(claim: Claim, cut: Cut | undefined): number {
  if (cut === undefined) return claim.amount;
  const order = compareRank(claim, cut);
  return order < 0 ? claim.amount : order === 0 ? cut.partial : 0;
}
