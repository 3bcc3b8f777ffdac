/** Closing an award by hand that could not be decided (law 6). */
import { readControl } from '../store/control.ts';
import { closeAward, readAwards } from '../store/decisions.ts';
import { InputError } from '../values/validation.ts';
import { HeldError } from './run-here.ts';
import type { Services } from './services.ts';
import { readUndecided } from './undecided.ts';

/**
 * Closes an undecided award by hand: nobody gets anything of it any more who has nothing of it now, and nobody is asked
 * again.
 * @throws {@link InputError} when it is decided, saying by which run, or is not due; {@link HeldError} while a run holds
 * the program, which may be deciding it.
 */
export async function closeUndecided(
  { table, now }: Services,
  program: string,
  name: string,
  decision: { by: string; reason: string },
): Promise<void> {
  const control = await readControl(table, program);
  // One that died while it applied may have decided it: it is finished first.
  if (control.state !== 'idle')
    throw new HeldError(program, control.writer ?? '', new Date(control.leaseUntil).toISOString());
  const undecided = await readUndecided(table, program, control);
  const at = new Date(now()).toISOString();
  if (undecided.includes(name) && (await closeAward(table, program, name, { ...decision, at }))) return;
  const known = (await readAwards(table, program)).find((award) => award.name === name);
  const allowed = undecided.filter((one) => one !== name).join(', ') || 'none: nothing is undecided';
  throw new InputError(
    known === undefined
      ? `award: got ${JSON.stringify(name)}, which is not due and undecided; allowed: ${allowed}`
      : `award: got ${JSON.stringify(name)}, which ${known.closed === undefined ? `run ${known.runId} has decided` : `${known.closed.by} has closed`}; allowed: ${allowed}`,
  );
}
