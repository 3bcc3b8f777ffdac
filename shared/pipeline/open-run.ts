/** First stage: who may write, about which dates, under which policy, and who is looked at. */

import { readsFromForMembers } from '../engine/months.ts';
import { FACTS_ZONE } from '../facts/schema.ts';
import { findProgram } from '../policy/catalogue.ts';
import { HORIZON_DAYS } from '../policy/schedules.ts';
import type { Program } from '../policy/schema.ts';
import { versionHashes } from '../policy/versions.ts';
import { acquire, type Control, type Hold, isHeld, readControl, takeOver } from '../store/control.ts';
import { arrivalDays } from '../store/due.ts';
import { pinPolicy } from '../store/policies.ts';
import { ensurePools, releaseAll } from '../store/pools.ts';
import { type Run, readRun, recordOpened, recordProgress } from '../store/runs.ts';
import { RETENTION_DAYS } from '../store/table.ts';
import { addDays, type BusinessDate, businessDate, earlier, later, monthOf } from '../values/calendar.ts';
import { contentHash } from '../values/canonical.ts';
import { readManifest } from './plan.ts';
import { checkDates, datesOf, dayBefore, type RunDates, type RunInput } from './run-input.ts';
import type { Services } from './services.ts';

/** A due bucket is passed only when its day ended this long before the run was opened. */
const BUCKET_GRACE_MS = 3_600_000;
/** Within this time of the last close, a read that is not strong may miss what that run wrote. */
const SETTLED_MS = 60_000;
/** Before every arrival. */
const BEGINNING = '0000-01-01';

/** The participants of one part: those of some due buckets, or those named. */
export interface Shard {
  shard: number;
  of: number;
}

/** The plan of a dead run, complete and funded. */
export interface Finish {
  next: 'finish';
  run: Run;
  parts: string[];
  manifest: string;
}

/** What comes next. */
export type Opening =
  | { next: 'evaluate'; run: Run; shards: Shard[] }
  /** A dead run had begun to apply: its plan is finished first, in its name; then this one is opened again. */
  | Finish
  /** A scheduled run that fired twice: the other has been closed, or is under way. */
  | { next: 'duplicate'; runId: string }
  /** Another writer is alive. */
  | { next: 'held'; holder: string; until: string };

/**
 * Opens a run, or says why not. Scheduled runs wait for a holder and ask again; by hand, it is an error.
 *
 * @param runId names a run by hand; a scheduled run is named by its program, job and business date. Either way it
 * says who opens: whoever asks again under the same name, because it did not hear the answer, is answered again.
 * @throws {@link InputError} when the input makes no sense, or a used policy version has changed.
 */
export async function openRun(services: Services, input: RunInput, runId: string): Promise<Opening> {
  const { table, catalogue } = services;
  const nowMs = services.now();
  const program = findProgram(input.program, catalogue);
  const control = await readControl(table, program.program);
  const dates = datesOf(input, control);
  const id =
    input.scheduledAt === undefined
      ? runId
      : `${program.program}.${input.job}.${dayBefore(input.scheduledAt)}`;
  if (!input.dryRun) {
    if (input.scheduledAt !== undefined && (await isClosed(services, program.program, id, control))) {
      return { next: 'duplicate', runId: id };
    }
    // The answer to an earlier try of this very stage may have been lost: what it took is ours, and taken again.
    const takenByUs = control.state === 'planning' && control.writer === id && control.opener === runId;
    if (isHeld(control, nowMs) && !takenByUs) {
      if (control.writer === id) return { next: 'duplicate', runId: id };
      return {
        next: 'held',
        holder: control.writer ?? '',
        until: new Date(control.leaseUntil).toISOString(),
      };
    }
    if (control.state === 'applying') {
      return (await finishFirst(services, control, program.program)) ?? openRun(services, input, runId);
    }
  }
  checkDates(input, dates, control, businessDate(nowMs, FACTS_ZONE));
  const hold = input.dryRun ? dryHold(program, id) : await prepare(services, program, control, id, runId);
  if (hold === undefined) return openRun(services, input, runId);
  const horizon = horizonOf(input, dates);
  const policy = versionHashes(program);
  const full = looksAtAll(input, control, policy);
  const run: Run = {
    ...hold,
    job: input.job,
    ...dates,
    horizon,
    full,
    ...(await scopeOf(services, input, dates, { horizon, full }, control)),
    ...(input.participants === undefined ? {} : { participants: input.participants }),
    dryRun: input.dryRun,
    ...(input.plan === undefined ? {} : { plan: input.plan }),
    codeVersion: services.codeVersion,
    requestedBy: input.requestedBy,
    ...(input.reason === undefined ? {} : { reason: input.reason }),
    openedAt: new Date(nowMs).toISOString(),
    policy,
    ...(full && control.lookAtAll !== undefined ? { lookAtAll: control.lookAtAll } : {}),
    consistent: control.state !== 'idle' || nowMs - (control.closedAtMs ?? 0) < SETTLED_MS,
  };
  if (!input.dryRun) await recordOpened(table, run);
  const of = input.participants === undefined ? services.shards : 1;
  return { next: 'evaluate', run, shards: Array.from({ length: of }, (_, shard) => ({ shard, of })) };
}

/**
 * A month end and a backfill look at everyone, unless participants are named. So does a daily run after a limit was
 * raised or the policy changed: nobody's facts moved, and yet somebody may be owed something else.
 */
function looksAtAll({ job, participants }: RunInput, control: Control, policy: Run['policy']): boolean {
  if (participants !== undefined) return false;
  const changed = control.policy !== undefined && control.policy !== contentHash(policy);
  return job !== 'daily' || control.lookAtAll !== undefined || changed;
}

function dryHold({ program }: Program, runId: string): Hold {
  return { program, runId, epoch: 0 };
}

/**
 * Pins the policy, takes the program and clears what a dead planner had reserved.
 * @returns undefined when someone else was faster.
 */
async function prepare(
  services: Services,
  program: Program,
  control: Control,
  runId: string,
  opener: string,
): Promise<Hold | undefined> {
  const { table, leaseMs } = services;
  const nowMs = services.now();
  await pinPolicy(table, program, nowMs);
  await ensurePools(table, program);
  if (control.writer !== undefined && control.writer !== runId) {
    // Before it is overtaken: once it no longer holds the program, nobody would know to record it.
    const dead = { program: program.program, runId: control.writer };
    await recordProgress(table, dead, {
      state: 'abandoned',
      failure: 'its lease ended while it was planning',
    });
  }
  const hold = await acquire(table, program.program, runId, control, { opener, nowMs, leaseMs });
  if (hold !== undefined) await releaseAll(table, program.program);
  return hold;
}

async function isClosed(
  { table }: Services,
  program: string,
  runId: string,
  control: Control,
): Promise<boolean> {
  const run = await readRun(table, program, runId);
  return run?.state === 'closed' && control.writer !== runId;
}

/** Before its plan was named, a dead run is abandoned; after, its plan is complete and funded, and is finished. */
export async function finishFirst(
  services: Services,
  control: Control,
  program: string,
): Promise<Finish | undefined> {
  const { table, plans, leaseMs } = services;
  const hold = await takeOver(table, program, control, { nowMs: services.now(), leaseMs });
  if (hold === undefined) return undefined;
  const record = await readRun(table, program, hold.runId);
  if (record === undefined || control.manifest === undefined) {
    throw new Error(`run ${hold.runId} was applying, and its record is gone`);
  }
  const { parts } = await readManifest(plans, control.manifest);
  return { next: 'finish', run: { ...record, ...hold }, parts, manifest: control.manifest };
}

/**
 * Whom a run looks at, and how far the watermark moves when all of them are decided. A run that looks at everyone
 * looks at all who had facts since its horizon, because it decides again each month that can still change: so a
 * month end that was missed is made good by the next one.
 */
async function scopeOf(
  { table, now }: Services,
  { job, participants }: RunInput,
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
 * its first day, are seen whole; retention is the end.
 */
function horizonOf({ job }: RunInput, { from, asOf }: RunDates): BusinessDate {
  const scheduled = addDays(asOf, -HORIZON_DAYS);
  if (job === 'daily') return scheduled;
  const asked = readsFromForMembers(monthOf(from));
  return later(addDays(asOf, -RETENTION_DAYS), earlier(scheduled, asked));
}
