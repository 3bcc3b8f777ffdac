/**
 * The control item, one a program: who may write, and how far the program has come. Every transition is one
 * conditional update of this one item, so a writer that has been overtaken changes nothing.
 */
import type { BusinessDate, Month } from '../values/calendar.ts';
import { getItem, updateIf } from './items.ts';
import { keys, type Table } from './table.ts';

export interface Control {
  /** Counts the writers; whoever acts names the epoch it was given. */
  epoch: number;
  state: 'idle' | 'planning' | 'applying';
  /** The run that holds the program, unless idle. */
  writer?: string;
  /** Who opened it: two executions of one scheduled run are told apart by this. */
  opener?: string;
  /** The hash of the plan being applied. */
  manifest?: string;
  /** Until when the writer is taken to be alive, in milliseconds since the epoch. */
  leaseUntil: number;
  /** Everyone due up to this arrival date has been decided. */
  watermark?: BusinessDate;
  /** The greatest as-of of a closed run: no writing run looks back before it. */
  closedAsOf?: BusinessDate;
  /** Asks the next run to look at everyone; a token, so that only the request that was met is struck off. */
  lookAtAll?: string;
  /** The policy that the last closed run was under. */
  policy?: string;
  /** The last run that was closed, so that closing it again is known to be done. */
  lastClosed?: string;
  /** When that was, in milliseconds since the epoch. */
  closedAtMs?: number;
  /** The last month whose end was decided for everyone. */
  decidedThrough?: Month;
}

/** A run's right to write, as given by {@link acquire}. */
export interface Hold {
  program: string;
  runId: string;
  epoch: number;
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
 * Takes the program for a run that will plan: from nobody, from a dead writer that had not begun to apply, or
 * from an earlier try of the same opener, whose answer was lost.
 * @returns the hold, or undefined when someone else was faster.
 */
export async function acquire(
  table: Table,
  program: string,
  runId: string,
  seen: Control,
  { opener, nowMs, leaseMs }: { opener: string; nowMs: number; leaseMs: number },
): Promise<Hold | undefined> {
  const hold = { program, runId, epoch: seen.epoch + 1 };
  const done = await transition(table, program, {
    update:
      'SET epoch = :next, writer = :run, opener = :opener, #state = :planning, leaseUntil = :until REMOVE manifest',
    condition:
      seen.epoch === 0
        ? 'attribute_not_exists(epoch)'
        : 'epoch = :seen AND #state <> :applying AND (attribute_not_exists(writer) OR leaseUntil <= :now OR opener = :opener)',
    values: {
      ':next': hold.epoch,
      ':run': runId,
      ':opener': opener,
      ':planning': 'planning',
      ':until': nowMs + leaseMs,
      ...(seen.epoch === 0 ? {} : { ':seen': seen.epoch, ':now': nowMs, ':applying': 'applying' }),
    },
    already: (now) => now.epoch === hold.epoch && now.opener === opener && now.state === 'planning',
  });
  return done ? hold : undefined;
}

/**
 * Takes over a dead writer that had begun to apply, to finish its plan in its name.
 * @returns the hold, or undefined when someone else was faster, or it is not dead.
 */
export async function takeOver(
  table: Table,
  program: string,
  seen: Control,
  { nowMs, leaseMs }: { nowMs: number; leaseMs: number },
): Promise<Hold | undefined> {
  if (seen.writer === undefined) return undefined;
  const hold = { program, runId: seen.writer, epoch: seen.epoch + 1 };
  const done = await transition(table, program, {
    update: 'SET epoch = :next, leaseUntil = :until',
    condition: 'epoch = :seen AND #state = :applying AND leaseUntil <= :now',
    values: {
      ':next': hold.epoch,
      ':until': nowMs + leaseMs,
      ':seen': seen.epoch,
      ':applying': 'applying',
      ':now': nowMs,
    },
    already: () => false,
  });
  return done ? hold : undefined;
}

/** Moves from planning to applying exactly one plan. @returns false when the hold was lost. */
export async function startApplying(table: Table, hold: Hold, manifest: string): Promise<boolean> {
  return transition(table, hold.program, {
    update: 'SET #state = :applying, manifest = :manifest',
    condition: 'epoch = :epoch AND writer = :run AND #state = :planning',
    values: {
      ':epoch': hold.epoch,
      ':run': hold.runId,
      ':planning': 'planning',
      ':applying': 'applying',
      ':manifest': manifest,
    },
    already: (now) =>
      now.epoch === hold.epoch &&
      now.writer === hold.runId &&
      now.state === 'applying' &&
      now.manifest === manifest,
  });
}

/** Frees the program after a plan was applied, and moves its dates forward. @returns false when the hold was lost. */
export async function close(
  table: Table,
  hold: Hold,
  {
    watermark,
    closedAsOf,
    decidedThrough,
    policy,
    nowMs,
  }: {
    watermark: BusinessDate | undefined;
    policy: string;
    closedAsOf: BusinessDate;
    decidedThrough: Month | undefined;
    nowMs: number;
  },
): Promise<boolean> {
  return transition(table, hold.program, {
    update: `SET #state = :idle, leaseUntil = :none, lastClosed = :run, closedAtMs = :now, closedAsOf = :asOf, policy = :policy${
      watermark === undefined ? '' : ', watermark = :watermark'
    }${decidedThrough === undefined ? '' : ', decidedThrough = :month'} REMOVE writer, opener, manifest`,
    condition: 'epoch = :epoch AND writer = :run AND #state = :applying',
    values: {
      ':epoch': hold.epoch,
      ':run': hold.runId,
      ':applying': 'applying',
      ':idle': 'idle',
      ':none': 0,
      ':now': nowMs,
      ':asOf': closedAsOf,
      ':policy': policy,
      ...(watermark === undefined ? {} : { ':watermark': watermark }),
      ...(decidedThrough === undefined ? {} : { ':month': decidedThrough }),
    },
    already: (now) => now.epoch === hold.epoch && now.lastClosed === hold.runId,
  });
}

/** Frees the program from a run that had not begun to apply. @returns false when the hold was lost. */
export async function abandon(table: Table, hold: Hold): Promise<boolean> {
  return transition(table, hold.program, {
    update: 'SET #state = :idle, leaseUntil = :none REMOVE writer, opener',
    condition: 'epoch = :epoch AND writer = :run AND #state = :planning',
    values: {
      ':epoch': hold.epoch,
      ':run': hold.runId,
      ':planning': 'planning',
      ':idle': 'idle',
      ':none': 0,
    },
    already: (now) => now.epoch === hold.epoch && now.state === 'idle',
  });
}

/** Asks the next run to look at everyone: a limit was raised, and someone may be owed what it then could not pay. */
export async function askForAll(table: Table, program: string, token: string): Promise<void> {
  await updateIf(table, keys.control(program), {
    update: 'SET lookAtAll = :token',
    condition: 'attribute_not_exists(lookAtAll) OR lookAtAll <> :token',
    values: { ':token': token },
  });
}

/** Strikes a request to look at everyone off, once a run has. A newer one stays. */
export async function haveLookedAtAll(table: Table, program: string, token: string): Promise<void> {
  await updateIf(table, keys.control(program), {
    update: 'REMOVE lookAtAll',
    condition: 'lookAtAll = :token',
    values: { ':token': token },
  });
}

/** Declares the writer dead, so that the next run takes over at once. @returns false when the hold was lost. */
export async function endLease(table: Table, hold: Hold): Promise<boolean> {
  return transition(table, hold.program, {
    update: 'SET leaseUntil = :none',
    condition: 'epoch = :epoch AND writer = :run',
    values: { ':epoch': hold.epoch, ':run': hold.runId, ':none': 0 },
    already: () => false,
  });
}

/** One conditional update. A failed condition is read back: it may be our own write, retried (law 9). */
async function transition(
  table: Table,
  program: string,
  step: {
    update: string;
    condition: string;
    values: Record<string, unknown>;
    already: (now: Control) => boolean;
  },
): Promise<boolean> {
  const { update, condition, values } = step;
  const names = `${update} ${condition}`.includes('#state') ? { names: { '#state': 'state' } } : {};
  if (await updateIf(table, keys.control(program), { update, condition, values, ...names })) return true;
  return step.already(await readControl(table, program));
}
