/** Deciding on lowerings that wait for an operator, so that the next run writes what was approved (law 8). */
import { FACTS_ZONE } from '../facts/schema.ts';
import { readControl } from '../store/control.ts';
import { markDue } from '../store/due.ts';
import { decideHeld, type HeldBy, type HeldDecision } from '../store/held.ts';
import { addDays, type BusinessDate, businessDate, later } from '../values/calendar.ts';
import type { Services } from './services.ts';

/**
 * Decides on one. Whoever it is about is marked due first, and again after while a run has passed the mark: a nightly run
 * beside it, and a command that dies between two writes and is given again, both end with the next run writing it.
 * Approving what is approved already marks again.
 *
 * @returns false when it has changed since it was read.
 */
export async function decideCorrection(
  services: Pick<Services, 'table' | 'now'>,
  held: HeldBy,
  decision: HeldDecision,
): Promise<boolean> {
  if (decision.decision === 'rejected') return decideHeld(services.table, held, decision);
  const before = await mark(services, held);
  const done = held.state === 'approved' || (await decideHeld(services.table, held, decision));
  if (done) await markWhilePassed(services, held, before);
  return done;
}

/** Some runs may pass while a mark is made; not as many as this. */
const MARKS = 20;

/** Marks again until no run has passed the day that was marked. */
async function markWhilePassed(
  services: Pick<Services, 'table' | 'now'>,
  held: HeldBy,
  first: BusinessDate,
): Promise<void> {
  let marked = first;
  for (let attempt = 0; attempt < MARKS; attempt++) {
    const { watermark } = await readControl(services.table, held.program);
    if (watermark === undefined || watermark < marked) return;
    marked = await mark(services, held);
  }
  throw new Error(
    `runs of ${held.program} pass every day that ${held.participantId} is marked on: try again`,
  );
}

/**
 * Marks the participant due on the day that the next daily run looks at, and on today, which no run passes before it is
 * over: the two differ where runs are of dates long ago.
 * @returns the first of these: a run that passes it has to be followed by another mark.
 */
async function mark(
  { table, now }: Pick<Services, 'table' | 'now'>,
  { program, participantId }: HeldBy,
): Promise<BusinessDate> {
  const { closedAsOf, watermark } = await readControl(table, program);
  const today = businessDate(now(), FACTS_ZONE);
  const next = addDays(later(closedAsOf ?? '', watermark ?? '') || addDays(today, -1), 1);
  for (const date of new Set([next, today])) await markDue(table, date, [participantId], now());
  return next;
}
