/**
 * The control item, one a program: who may write, and how far the program has come. Every transition is one
 * conditional update of this one item, fenced by the epoch, so a writer that has been overtaken changes nothing,
 * however late it wakes. Taking, taking over, closing and abandoning raise the epoch (law 9).
 */
import type { BusinessDate, Month } from '../values/calendar.ts';
import { getItem, type Item, updateIf } from './items.ts';
import type { Run } from './runs.ts';
import { keys, type Table } from './table.ts';

/** A run that no longer holds the program, and why: whoever opens next records it before anything else. */
export interface Displaced {
  run: Run;
  failure: string;
}

/** A run that was given up while it applied: what it had reserved stays so until a recount. */
interface GivenUp {
  planEpoch: number;
  runId: string;
  /** When, in milliseconds since the epoch: a writer of it may live for a day after. */
  atMs: number;
}

export interface Control {
  /** Counts the transitions; whoever acts names the epoch it was given. */
  epoch: number;
  state: 'idle' | 'planning' | 'applying';
  /** The run that holds the program, unless idle. */
  writer?: string;
  /** Who opened it: two executions of one scheduled run are told apart by this. */
  opener?: string;
  /** The run itself, for whoever has to record or finish it; a recount has none. */
  run?: Run;
  /** Who took it over, once it was dead: an answer that was lost is given again. */
  finisher?: string;
  /** The epoch in which it was planned: it names its reservation, also after it was taken over. */
  planEpoch?: number;
  /** The hash of the plan being applied. */
  manifest?: string;
  /** Until when the writer is taken to be alive, in milliseconds since the epoch. */
  leaseUntil: number;
  /** Everyone due up to this arrival date has been decided. */
  watermark?: BusinessDate;
  /** The greatest as-of of a closed run: no writing run looks back before it. */
  closedAsOf?: BusinessDate;
  /** The raises of the budget that a run which looked at everyone has answered. */
  raises?: number;
  /** The policy that the last closed run was under. */
  policy?: string;
  /** The superseding versions that count: a plan made under them has been applied. */
  superseding?: string[];
  /** The last run that was closed, so that closing it again is known to be done. */
  lastClosed?: string;
  /** When that was, in milliseconds since the epoch. */
  closedAtMs?: number;
  /** The last month whose end was decided for everyone. */
  decidedThrough?: Month;
  /** Awards that were due by the last closed as-of, and that no run had decided then, by `incentive/month` (law 6). */
  undecided?: string[];
  /** Runs displaced by the last transition. */
  displaced?: Displaced[];
  givenUp?: GivenUp[];
}

/** A run's right to write, as given by {@link acquire}. */
export interface Hold {
  program: string;
  runId: string;
  epoch: number;
}

/** Who takes the program, and for how long it is taken to be alive. */
export interface Taking {
  opener: string;
  nowMs: number;
  leaseMs: number;
}

const NEVER: Control = { epoch: 0, state: 'idle', leaseUntil: 0 };

/** The control item, read strongly; that of a program that never ran is idle at epoch 0. */
export async function readControl(table: Table, program: string): Promise<Control> {
  const item = await getItem(table, keys.control(program));
  if (item === undefined) return NEVER;
  const { pk: _pk, sk: _sk, ...control } = item;
  return { ...NEVER, ...control };
}

/** Whether a writer holds the program and is taken to be alive. */
export function isHeld(control: Control, nowMs: number): boolean {
  return control.writer !== undefined && control.leaseUntil > nowMs;
}

/**
 * Takes the program to plan, from nobody or from a dead writer that had not begun to apply, which is named as
 * displaced. Only as it was seen: whatever happened since, a close too, makes it fail.
 *
 * @param run what takes it; its epoch is the one after the one seen. A recount is no run.
 * @returns false when someone else was faster.
 */
export async function acquire(
  table: Table,
  hold: Hold,
  seen: Control,
  { opener, nowMs, leaseMs }: Taking,
  run?: Run,
): Promise<boolean> {
  const displaced = displacedBy(seen, 'its lease ended while it was planning');
  return transition(table, hold.program, {
    set: {
      epoch: hold.epoch,
      planEpoch: hold.epoch,
      writer: hold.runId,
      opener,
      run,
      state: 'planning',
      leaseUntil: nowMs + leaseMs,
      displaced,
    },
    remove: ['manifest', 'finisher', ...(run === undefined ? ['run'] : [])],
    condition:
      seen.epoch === 0
        ? 'attribute_not_exists(epoch)'
        : 'epoch = :seen AND #state <> :applying AND (attribute_not_exists(writer) OR leaseUntil <= :now)',
    values: seen.epoch === 0 ? {} : { ':seen': seen.epoch, ':now': nowMs, ':applying': 'applying' },
    already: (now) => now.epoch === hold.epoch && now.opener === opener && now.writer === hold.runId,
  });
}

/**
 * Takes over a dead writer that had begun to apply, to finish its plan in its name.
 * @returns the hold, or undefined when someone else was faster, or it is not dead.
 */
export async function takeOver(
  table: Table,
  program: string,
  seen: Control,
  { opener, nowMs, leaseMs }: Taking,
): Promise<Hold | undefined> {
  if (seen.writer === undefined) return undefined;
  const hold = { program, runId: seen.writer, epoch: seen.epoch + 1 };
  const done = await transition(table, program, {
    set: { epoch: hold.epoch, leaseUntil: nowMs + leaseMs, finisher: opener },
    condition: 'epoch = :seen AND #state = :applying AND leaseUntil <= :now',
    values: { ':seen': seen.epoch, ':applying': 'applying', ':now': nowMs },
    already: (now) => now.epoch === hold.epoch && now.finisher === opener,
  });
  return done ? hold : undefined;
}

/** Moves from planning to applying exactly one plan. @returns false when the hold was lost. */
export async function startApplying(table: Table, hold: Hold, manifest: string): Promise<boolean> {
  return transition(table, hold.program, {
    set: { state: 'applying', manifest },
    ...heldBy(hold, 'planning'),
    already: (now) =>
      now.epoch === hold.epoch &&
      now.writer === hold.runId &&
      now.state === 'applying' &&
      now.manifest === manifest,
  });
}

/** What closing a run moves forward; what is undefined stays as it is. */
export interface Closing {
  closedAsOf: BusinessDate;
  policy: string;
  watermark: BusinessDate | undefined;
  decidedThrough: Month | undefined;
  raises: number | undefined;
  superseding?: string[] | undefined;
  undecided?: string[];
  nowMs: number;
}

/** Frees the program after a plan was applied, and moves its dates forward. @returns false when the hold was lost. */
export async function close(table: Table, hold: Hold, { nowMs, ...forward }: Closing): Promise<boolean> {
  return transition(table, hold.program, {
    set: {
      epoch: hold.epoch + 1,
      state: 'idle',
      leaseUntil: 0,
      lastClosed: hold.runId,
      closedAtMs: nowMs,
      ...forward,
    },
    remove: HOLDER,
    ...heldBy(hold, 'applying'),
    already: (now) => now.lastClosed === hold.runId,
  });
}

/** Frees the program from a run that had not begun to apply. @returns false when the hold was lost. */
export async function abandon(table: Table, hold: Hold, displaced: readonly Displaced[]): Promise<boolean> {
  return transition(table, hold.program, {
    set: { epoch: hold.epoch + 1, state: 'idle', leaseUntil: 0, displaced },
    remove: HOLDER,
    ...heldBy(hold, 'planning'),
    already: (now) => now.epoch === hold.epoch + 1 && now.state === 'idle',
  });
}

/**
 * Frees the program from a dead run that had begun to apply, and whose plan is gone: what it had reserved stays so.
 * @returns false when it is not as it was seen, or not dead.
 */
export async function giveUp(
  table: Table,
  program: string,
  seen: Control,
  { failure, nowMs }: { failure: string; nowMs: number },
): Promise<boolean> {
  const { writer: runId = '', planEpoch = seen.epoch, displaced = [], givenUp = [] } = seen;
  return transition(table, program, {
    set: {
      epoch: seen.epoch + 1,
      state: 'idle',
      leaseUntil: 0,
      // What it has written stands, and is judged by the versions that it was planned under.
      superseding: seen.run?.superseding,
      displaced: [...displaced, ...displacedBy(seen, failure)],
      givenUp: [...givenUp, { planEpoch, runId, atMs: nowMs }],
    },
    remove: HOLDER,
    condition: 'epoch = :seen AND #state = :applying AND leaseUntil <= :now',
    values: { ':seen': seen.epoch, ':applying': 'applying', ':now': nowMs },
    already: (now) =>
      now.epoch === seen.epoch + 1 && (now.givenUp ?? []).some((one) => one.planEpoch === planEpoch),
  });
}

/** Frees the program after its budget was recounted: nothing is reserved any more. @returns false when the hold was lost. */
export async function endRecount(table: Table, hold: Hold): Promise<boolean> {
  return transition(table, hold.program, {
    set: { epoch: hold.epoch + 1, state: 'idle', leaseUntil: 0 },
    remove: [...HOLDER, 'givenUp'],
    ...heldBy(hold, 'planning'),
    already: (now) => now.epoch === hold.epoch + 1 && now.state === 'idle',
  });
}

/** Declares the writer dead, so that the next run takes over at once. @returns false when the hold was lost. */
export async function endLease(table: Table, hold: Hold): Promise<boolean> {
  return transition(table, hold.program, {
    set: { leaseUntil: 0 },
    condition: 'epoch = :epoch AND writer = :run',
    values: { ':epoch': hold.epoch, ':run': hold.runId },
    already: () => false,
  });
}

/** The run that holds the program, as displaced: under the epoch that it had come to, for its record may be under that. */
export function displacedBy({ run, epoch }: Control, failure: string): Displaced[] {
  return run === undefined ? [] : [{ run: { ...run, epoch }, failure }];
}

/** What is known of the run that holds the program, and goes when it is free. */
const HOLDER = ['writer', 'opener', 'finisher', 'run', 'manifest', 'planEpoch'];

function heldBy({ epoch, runId }: Hold, state: Control['state']) {
  return {
    condition: 'epoch = :epoch AND writer = :run AND #state = :held',
    values: { ':epoch': epoch, ':run': runId, ':held': state },
  };
}

/** One conditional update. A failed condition is read back: it may be our own write, retried (law 9). */
async function transition(
  table: Table,
  program: string,
  step: {
    set: Readonly<Record<string, unknown>>;
    remove?: readonly string[];
    condition: string;
    values: Item;
    already: (now: Control) => boolean;
  },
): Promise<boolean> {
  const { set, remove = [], condition, values } = step;
  const fields = Object.entries(set).filter(([, value]) => value !== undefined);
  const names = [...fields.map(([field]) => field), ...remove].map((field) => [`#${field}`, field] as const);
  const removes = remove.length === 0 ? '' : ` REMOVE ${remove.map((field) => `#${field}`).join(', ')}`;
  const done = await updateIf(table, keys.control(program), {
    update: `SET ${fields.map(([field]) => `#${field} = :to_${field}`).join(', ')}${removes}`,
    condition,
    names: { ...Object.fromEntries(names), ...(condition.includes('#state') ? { '#state': 'state' } : {}) },
    values: { ...values, ...Object.fromEntries(fields.map(([field, value]) => [`:to_${field}`, value])) },
  });
  return done || step.already(await readControl(table, program));
}
