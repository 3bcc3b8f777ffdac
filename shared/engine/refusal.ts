/** Why what was earned is refused: a sanction on the date, or the participant closed. */
import type { BusinessDate } from '../values/calendar.ts';
import type { Evidence, History } from './history.ts';
import type { RefusedReason } from './reasons.ts';

export interface Refusal {
  reason: RefusedReason;
  evidence: Evidence;
}

/**
 * What is earned on a sanctioned date, or on or after `closedOn`, is refused (docs/programs.md, For both programs).
 * A reward for a month is refused when any date of it is: give its first and last date.
 */
export function refusalBetween(history: History, from: BusinessDate, to: BusinessDate): Refusal | undefined {
  const sanction = history.sanctions.find(
    (candidate) =>
      candidate.withdrawn !== true &&
      candidate.from <= to &&
      (candidate.to === undefined || from <= candidate.to),
  );
  if (sanction !== undefined) {
    return {
      reason: 'sanctioned',
      evidence: { sanction: sanction.id, sanctionReason: sanction.reason.slice(0, 60) },
    };
  }
  const closedOn = history.participant?.closedOn;
  if (closedOn !== undefined && closedOn <= to) return { reason: 'closed', evidence: { closedOn } };
  return undefined;
}
