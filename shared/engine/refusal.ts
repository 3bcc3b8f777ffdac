/** Why what was earned is refused: a sanction on the date, or the participant closed. */
import type { Sanction } from '../facts/schema.ts';
import type { BusinessDate } from '../values/calendar.ts';
import type { Evidence, History } from './history.ts';
import type { RefusedReason } from './reasons.ts';

export interface Refusal {
  reason: RefusedReason;
  evidence: Evidence;
}

/**
 * All that refuses what was earned within some dates, as a waiver names it: reasons, and each sanction by its id. Empty
 * when nothing does.
 */
export function causesBetween(history: History, from: BusinessDate, to: BusinessDate): string[] {
  const sanctions = sanctionsBetween(history, from, to).map(({ id }) => `sanction:${id}`);
  return [
    ...(sanctions.length === 0 ? [] : ['sanctioned', ...sanctions]),
    ...(isClosed(history, to) ? ['closed'] : []),
  ];
}

/**
 * What is earned on a sanctioned date, or on or after `closedOn`, is refused (docs/programs.md, For both programs).
 * A reward for a month is refused when any date of it is: give its first and last date.
 */
export function refusalBetween(history: History, from: BusinessDate, to: BusinessDate): Refusal | undefined {
  const [sanction] = sanctionsBetween(history, from, to);
  if (sanction !== undefined) {
    return {
      reason: 'sanctioned',
      evidence: { sanction: sanction.id, sanctionReason: sanction.reason.slice(0, 60) },
    };
  }
  if (isClosed(history, to))
    return { reason: 'closed', evidence: { closedOn: history.participant?.closedOn ?? to } };
  return undefined;
}

function sanctionsBetween({ sanctions }: History, first: BusinessDate, last: BusinessDate): Sanction[] {
  return sanctions.filter(
    ({ withdrawn, from, to }) => withdrawn !== true && from <= last && (to === undefined || first <= to),
  );
}

function isClosed({ participant }: History, by: BusinessDate): boolean {
  return participant?.closedOn !== undefined && participant.closedOn <= by;
}
