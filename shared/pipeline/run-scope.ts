/** Which facts a run reads, and whom it looks at. */
import { FACTS_ZONE } from '../facts/schema.ts';
import { memberReadsFrom, reachDays } from '../policy/reach.ts';
import type { Program } from '../policy/schema.ts';
import type { Control } from '../store/control.ts';
import { arrivalDays, BUCKET_GRACE_MS } from '../store/due.ts';
import type { Run } from '../store/runs.ts';
import { floorOf, type Table } from '../store/table.ts';
import { addDays, type BusinessDate, businessDate, earlier, later, monthOf } from '../values/calendar.ts';
import { InputError } from '../values/validation.ts';
import type { RunDates, RunInput } from './run-input.ts';
import type { Services } from './services.ts';

/** Before every arrival. */
const BEGINNING = '0000-01-01';

/**
 * Whom a run looks at, and how far the watermark moves when all of them are decided. A run that looks at everyone
 * looks at all who had facts since its horizon, because it decides again each month that can still change: so a
 * month end that was missed is made good by the next one.
 */
export async function scopeOf(
  { table, now }: Services,
  { job, participants }: Pick<RunInput, 'job' | 'participants'>,
  { to, asOf }: RunDates,
  { horizon, full }: Pick<Run, 'horizon' | 'full'>,
  { watermark: before }: Control,
): Promise<Pick<Run, 'arrivals' | 'watermark' | 'since'>> {
  if (participants !== undefined) return { arrivals: [] };
  const today = businessDate(now(), FACTS_ZONE);
  const ended = addDays(businessDate(now() - BUCKET_GRACE_MS, FACTS_ZONE), -1);
  const undecided = before === undefined ? BEGINNING : addDays(before, 1);
  const reached = earlier(job === 'daily' ? to : asOf, ended);
  const watermark = before === undefined ? reached : later(before, reached);
  const arrivals = full
    ? await arrivalDays(table, earlier(undecided, addDays(horizon, -1)), later(addDays(asOf, 1), today))
    : await arrivalDays(table, undecided, addDays(to, 1));
  return { arrivals, watermark, ...(before === undefined ? {} : { since: undecided }) };
}

/**
 * The first date whose facts are read. A range by hand widens it so that its first month, and the silence before
 * its first day, are seen whole. Never before the floor: there, what has expired looks like what was withdrawn (law 5).
 * @throws {@link InputError} when a range asks for facts from before the floor.
 */
export function horizonOf(
  table: Table,
  program: Program,
  { job }: RunInput,
  { from, asOf }: RunDates,
): BusinessDate {
  const scheduled = scheduledHorizon(table, program, asOf);
  return job === 'daily' ? scheduled : earlier(scheduled, firstReadFor(table, program, from));
}

/** The first date whose facts a run as of a date reads, when nobody asks for older ones. */
export function scheduledHorizon(table: Table, program: Program, asOf: BusinessDate): BusinessDate {
  return later(addDays(asOf, -reachDays(program)), floorOf(table) ?? BEGINNING);
}

/**
 * The first date whose facts a range rests on.
 * @throws {@link InputError} when that is before the floor.
 */
export function firstReadFor(table: Table, program: Program, from: BusinessDate): BusinessDate {
  const first = memberReadsFrom(program, monthOf(from));
  const floor = floorOf(table) ?? BEGINNING;
  if (first >= floor) return first;
  throw new InputError(
    `from: got ${from}, which rests on facts from ${first} on; allowed: a range that rests on facts from ${floor} on, because older ones may have expired`,
  );
}
