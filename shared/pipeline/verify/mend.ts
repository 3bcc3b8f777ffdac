/** A difference, and what mends it: the command, as it is typed. */
import type { BusinessDate } from '../../values/calendar.ts';

export interface Fault {
  /** What is, and what should be. */
  what: string;
  mend: string;
}

/** Entries and records are never rewritten: what was changed or is gone can only be put back as it was. */
const RESTORE = 'restore it from a backup of the table, for no run rewrites it';

export function unmendable(what: string): Fault {
  return { what, mend: RESTORE };
}

export function recountCommand(program: string): string {
  return `hongbao budget recount --program ${program} --reason TEXT`;
}

/** A backfill that decides again: everyone, or one participant. */
export function backfillCommand(
  program: string,
  { from, to }: { from: BusinessDate; to: BusinessDate },
  participantId?: string,
): string {
  const whom = participantId === undefined ? '' : ` --participant ${participantId}`;
  return `hongbao backfill --program ${program} --from ${from} --to ${to}${whom} --reason TEXT`;
}

export function monthEndCommand(program: string, month: string): string {
  return `hongbao run month-end --program ${program} --month ${month}`;
}

export function resumeCommand(program: string, runId: string): string {
  return `hongbao runs resume ${runId} --program ${program}`;
}
