/** First stage: who may write, about which dates, under which policy, and who is looked at. */
import { FACTS_ZONE } from '../facts/schema.ts';
import type { Program } from '../policy/schema.ts';
import { versionHashes } from '../policy/versions.ts';
import { openBudget } from '../store/budget.ts';
import { readBudget } from '../store/budget-item.ts';
import { acquire, type Control, isHeld, readControl, takeOver } from '../store/control.ts';
import { pinPolicy } from '../store/policies.ts';
import { type Run, readRun, readRuns, recordAbandoned, recordOpened, recordProgress } from '../store/runs.ts';
import type { Table } from '../store/table.ts';
import { businessDate } from '../values/calendar.ts';
import { contentHash } from '../values/canonical.ts';
import { InputError } from '../values/validation.ts';
import { type Manifest, readManifest } from './plan.ts';
import { checkNewVersions, programFor, supersedingIn } from './policy-in-force.ts';
import { checkDates, datesOf, dayBefore, type RunDates, type RunInput } from './run-input.ts';
import { horizonOf, scopeOf } from './run-scope.ts';
import type { Services } from './services.ts';
import { horizonForUndecided } from './undecided.ts';

/** Within this time of the last close, a read that is not strong may miss what that run wrote. */
const SETTLED_MS = 60_000;
/** Of a race for the program, each round has a winner: losing many in a row is no race any more. */
const ATTEMPTS = 50;

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
 * @param opener says who opens: whoever asks again under the same name, because it did not hear the answer, is answered
 * again. It is the id of a run by hand; a scheduled run is named by its program, job and business date.
 * @param shown whether the run only plans, to be shown to an operator.
 * @throws {@link InputError} when the input makes no sense, a used policy version has changed, or a new one would
 * change the past.
 */
export async function openRun(
  services: Services,
  input: RunInput,
  opener: string,
  { shown = false } = {},
): Promise<Opening> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const control = await readControl(services.table, input.program);
    const program = programFor(services, input, control, shown);
    const opening = input.dryRun
      ? await openDry(services, program, input, opener, control)
      : await openAsSeen(services, program, input, opener, control);
    if (opening !== undefined) return opening;
  }
  throw new Error(
    `${input.program} changed hands ${ATTEMPTS} times while run ${opener} was opened: try again`,
  );
}

/** A dry run holds nothing, and leaves nothing behind. */
async function openDry(
  services: Services,
  program: Program,
  input: RunInput,
  runId: string,
  control: Control,
): Promise<Opening> {
  const dates = datesOf(input, control);
  checkDates(input, dates, control, businessDate(services.now(), FACTS_ZONE));
  await checkNewVersions(services.table, program, control);
  return toEvaluate(services, await runOf(services, program, input, dates, control, { runId, epoch: 0 }));
}

/** @returns undefined when the program is no longer as it was seen. */
async function openAsSeen(
  services: Services,
  program: Program,
  input: RunInput,
  opener: string,
  control: Control,
): Promise<Opening | undefined> {
  const { table, now } = services;
  const nowMs = now();
  await recordEnds(table, program.program, control);
  const again = await answeredBefore(services, program, control, opener);
  if (again !== undefined) return again;
  const schedule =
    input.scheduledAt === undefined
      ? undefined
      : `${program.program}.${input.job}.${dayBefore(input.scheduledAt)}`;
  const attempts = schedule === undefined ? [] : await attemptsOf(table, program.program, schedule, control);
  if (schedule !== undefined && attempts.some(({ state }) => state === 'closed')) {
    return { next: 'duplicate', runId: schedule };
  }
  if (isHeld(control, nowMs)) {
    if (schedule !== undefined && control.run?.schedule === schedule)
      return { next: 'duplicate', runId: schedule };
    return {
      next: 'held',
      holder: control.writer ?? '',
      until: new Date(control.leaseUntil).toISOString(),
    };
  }
  if (control.state === 'applying') return finishFirst(services, control, program.program, opener);
  const runId = schedule === undefined ? opener : attemptName(schedule, attempts.length);
  if (schedule === undefined) await checkUnused(table, program.program, runId);
  const dates = datesOf(input, control);
  checkDates(input, dates, control, businessDate(nowMs, FACTS_ZONE));
  await checkNewVersions(table, program, control);
  const run = await runOf(services, program, input, dates, control, {
    runId,
    epoch: control.epoch + 1,
    ...(schedule === undefined ? {} : { schedule }),
  });
  await pinPolicy(table, program, dates.asOf, nowMs);
  if (!(await acquire(table, run, control, { opener, nowMs, leaseMs: services.leaseMs }, run)))
    return undefined;
  return begin(services, program, run, await readControl(table, program.program));
}

/**
 * What follows once the program is taken, and may be done again: records whom that displaced, opens the budget, and
 * records the run.
 * @returns undefined when the run has been overtaken meanwhile.
 */
async function begin(
  services: Services,
  program: Program,
  run: Run,
  control: Control,
): Promise<Opening | undefined> {
  const { table } = services;
  if (control.epoch !== run.epoch) return undefined;
  await recordEnds(table, program.program, control);
  const keep = (control.givenUp ?? []).map(({ planEpoch }) => planEpoch);
  if ((await openBudget(table, program, { epoch: run.epoch, keep })) === undefined) return undefined;
  return (await recordOpened(table, run)) ? toEvaluate(services, run) : undefined;
}

/**
 * Puts on record what the control item says has ended: whoever displaced a run, or closed one, may have died before
 * it could. Ends that are on record stay as they are.
 */
export async function recordEnds(table: Table, program: string, control: Control): Promise<void> {
  const { displaced = [], lastClosed, closedAtMs = 0, epoch } = control;
  for (const { run, failure } of displaced) await recordAbandoned(table, run, failure);
  if (lastClosed === undefined) return;
  const record = await readRun(table, program, lastClosed);
  if (record === undefined || record.state === 'closed') return;
  const closedAt = new Date(closedAtMs).toISOString();
  await recordProgress(table, { program, runId: lastClosed, epoch }, { state: 'closed', closedAt });
}

/** The answer to an earlier try of this very step may have been lost: what it took is ours, and is answered again. */
async function answeredBefore(
  services: Services,
  program: Program,
  control: Control,
  opener: string,
): Promise<Opening | undefined> {
  if (control.state === 'planning' && control.opener === opener && control.run !== undefined) {
    return begin(services, program, control.run, control);
  }
  if (control.state !== 'applying' || control.finisher !== opener || control.writer === undefined)
    return undefined;
  const dead = await readDead(services, control);
  return finishOf(dead, { epoch: control.epoch });
}

/** Each attempt of a scheduled run has an id of its own: `…`, `…#2`, `…#3`. */
function attemptName(schedule: string, before: number): string {
  return before === 0 ? schedule : `${schedule}#${before + 1}`;
}

/** Its attempts so far: those on record, and one that holds the program and died before it was recorded. */
async function attemptsOf(table: Table, program: string, schedule: string, { run }: Control) {
  const recorded = await readRuns(table, program, schedule);
  const attempts = recorded.filter((record) => record.schedule === schedule);
  const unrecorded = run?.schedule === schedule && attempts.every(({ runId }) => runId !== run.runId);
  return unrecorded ? [...attempts, { ...run, state: 'planning' as const }] : attempts;
}

/** @throws {@link InputError} when a run by hand is given the id of another. */
async function checkUnused(table: Table, program: string, runId: string): Promise<void> {
  if ((await readRun(table, program, runId)) === undefined) return;
  throw new InputError(
    `run: got ${JSON.stringify(runId)}; allowed: an id that no run of ${program} has had (hongbao runs show ${runId} tells of it)`,
  );
}

/** All that the stages of a run must agree on. */
async function runOf(
  services: Services,
  program: Program,
  input: RunInput,
  dates: RunDates,
  control: Control,
  id: Pick<Run, 'runId' | 'epoch' | 'schedule'>,
): Promise<Run> {
  const { table, now, codeVersion } = services;
  const nowMs = now();
  const policy = versionHashes(program);
  const { raises } = await readBudget(table, program.program);
  const full = looksAtAll(input, control, { policy, raises });
  const scheduled = horizonOf(table, program, input, dates);
  const horizon = full ? await horizonForUndecided(table, program, control, scheduled) : scheduled;
  return {
    program: program.program,
    ...id,
    planEpoch: id.epoch,
    job: input.job,
    ...dates,
    horizon,
    full,
    ...(await scopeOf(services, input, dates, { horizon, full }, control)),
    ...(input.participants === undefined ? {} : { participants: input.participants }),
    ...(input.without === undefined ? {} : { without: input.without }),
    dryRun: input.dryRun,
    ...(input.plan === undefined ? {} : { plan: input.plan, partly: input.partly }),
    codeVersion,
    requestedBy: input.requestedBy,
    ...(input.reason === undefined ? {} : { reason: input.reason }),
    openedAt: new Date(nowMs).toISOString(),
    policy,
    ...supersedingIn(program),
    raises,
    consistent: control.state !== 'idle' || nowMs - (control.closedAtMs ?? 0) < SETTLED_MS,
  };
}

function toEvaluate({ shards }: Services, run: Run): Opening {
  const of = run.participants === undefined ? shards : 1;
  return { next: 'evaluate', run, shards: Array.from({ length: of }, (_, shard) => ({ shard, of })) };
}

/**
 * A month end and a backfill look at everyone, unless participants are named. So does a daily run after a limit was
 * raised, after money came back to a pool that had run short, or after the policy changed: nobody's facts moved, and
 * yet somebody may be owed something else.
 */
function looksAtAll(
  { job, participants }: RunInput,
  control: Control,
  { policy, raises }: Pick<Run, 'policy' | 'raises'>,
): boolean {
  if (participants !== undefined) return false;
  const changed = control.policy !== undefined && control.policy !== contentHash(policy);
  return job !== 'daily' || raises > (control.raises ?? 0) || changed;
}

/** A run that died while it applied, and its plan. */
interface Dead {
  run: Run;
  manifest: string;
  plan: Manifest;
}

/** @throws Error that says how to give the run up, when its plan cannot be read. */
async function readDead({ plans }: Services, { run, manifest, planEpoch, writer }: Control): Promise<Dead> {
  if (run === undefined || manifest === undefined || planEpoch === undefined)
    throw new Error(`run ${writer} holds the program without a plan: the control item is damaged`);
  try {
    return { run: { ...run, planEpoch }, manifest, plan: await readManifest(plans, manifest) };
  } catch (error) {
    throw new Error(
      `run ${run.runId} had begun to apply, and its plan cannot be read (${(error as Error).message}): give it up with hongbao runs abandon ${run.runId} --program ${run.program} --reason TEXT`,
    );
  }
}

/**
 * Takes over a dead run that had begun to apply: its plan is complete and funded, and is finished. Its plan is read
 * before it is taken over: one that cannot be finished is left to whoever can give it up.
 * @returns undefined when someone else was faster.
 */
export async function finishFirst(
  services: Services,
  control: Control,
  program: string,
  opener: string,
): Promise<Finish | undefined> {
  const { table, leaseMs, now } = services;
  const dead = await readDead(services, control);
  const hold = await takeOver(table, program, control, { opener, nowMs: now(), leaseMs });
  if (hold === undefined) return undefined;
  // Whoever wakes of the dead run records nothing on it any more.
  await recordOpened(table, { ...dead.run, epoch: hold.epoch });
  return finishOf(dead, hold);
}

function finishOf({ run, manifest, plan }: Dead, { epoch }: { epoch: number }): Finish {
  return { next: 'finish', run: { ...run, epoch }, parts: plan.parts, manifest };
}
