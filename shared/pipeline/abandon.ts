/** Giving a run up by hand: one that died while it planned, or one that had begun to apply and whose plan is gone. */
import { readBudget } from '../store/budget-item.ts';
import { giveUp, isHeld, readControl } from '../store/control.ts';
import { PlanLostError } from '../store/plans.ts';
import { InputError, parseInput, reasonSchema } from '../values/validation.ts';
import { abandonRun } from './allocate.ts';
import { recordEnds } from './open-run.ts';
import { readManifest, readPart } from './plan.ts';
import { HeldError } from './run-here.ts';
import type { Services } from './services.ts';

/** What giving a run up means. */
export interface GivingUp {
  runId: string;
  /** How far it had come. */
  state: 'planning' | 'applying';
  /** What stays reserved, by pool, until the budget is recounted. */
  staysReserved: Record<string, number>;
}

/**
 * Tells what giving a run up would mean, and with a reason does it. One that had begun to apply is finished if its
 * plan can be read and its reservation is there, and never given up. Otherwise nobody knows what it had granted: what it had reserved stays so, and
 * only `budget recount` frees it (law 12).
 *
 * @throws {@link InputError} when it does not hold the program, or can be finished; {@link HeldError} while it is
 * taken to be alive.
 */
export async function abandonByHand(
  services: Services,
  program: string,
  runId: string,
  decision?: { by: string; reason: string },
): Promise<GivingUp> {
  const { table, now } = services;
  const control = await readControl(table, program);
  const { writer, state, planEpoch = 0, manifest } = control;
  if (writer !== runId || state === 'idle') {
    throw new InputError(
      `run: got ${JSON.stringify(runId)}; allowed: the run that holds ${program}, ${writer ?? 'and none does'}`,
    );
  }
  if (isHeld(control, now())) throw new HeldError(program, runId, new Date(control.leaseUntil).toISOString());
  const failure = decision === undefined ? '' : `given up by ${decision.by}: ${reasonOf(decision)}`;
  if (state === 'planning') {
    if (decision !== undefined) await abandonRun(services, { program, runId, epoch: control.epoch }, failure);
    return { runId, state, staysReserved: {} };
  }
  const { reservations, settledEpoch } = await readBudget(table, program);
  const reserved = reservations.get(planEpoch);
  if ((await canBeRead(services, manifest)) && (reserved !== undefined || settledEpoch >= planEpoch)) {
    throw new InputError(
      `run: got ${runId}, whose plan can be read; allowed: a run whose plan or reservation is gone. Finish this one with hongbao runs resume ${runId} --program ${program}`,
    );
  }
  if (decision !== undefined) {
    if (!(await giveUp(table, program, control, { failure, nowMs: now() })))
      throw new Error(`run ${runId} has changed while you looked: look again`);
    await recordEnds(table, program, await readControl(table, program));
  }
  return { runId, state, staysReserved: Object.fromEntries(reserved ?? []) };
}

function reasonOf({ reason }: { reason: string }): string {
  return parseInput(reasonSchema, reason, 'reason');
}

async function canBeRead({ plans }: Services, manifest: string | undefined): Promise<boolean> {
  if (manifest === undefined) return false;
  try {
    const { parts } = await readManifest(plans, manifest);
    for (const part of parts) await readPart(plans, part);
    return true;
  } catch (error) {
    // What cannot be read just now is not gone: a throttled read must not cost a run.
    if (!(error instanceof PlanLostError)) throw error;
    return false;
  }
}
