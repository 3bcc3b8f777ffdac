/** From a planned change to the entry that is written: what the pool pays of it. */
import type { Change, Entry } from '../engine/history.ts';
import type { Run } from '../store/runs.ts';
import { type Manifest, paidOf } from './plan.ts';

/**
 * The entry that a change becomes once it is funded: in full, in part with the shortfall on record, or not at
 * all. Undefined when it is held, or when the ledger already says that exactly this much is owed and could not be
 * paid.
 *
 * @param part the hash of the part of the plan that the change is in: the entry names it (law 2).
 */
export function entryFor(
  change: Change,
  participantId: string,
  { program, runId, openedAt }: Pick<Run, 'program' | 'runId' | 'openedAt'>,
  { part, cuts }: { part: string; cuts: Manifest['cuts'] },
): Entry | undefined {
  const { shortfall: alreadyShort, hold, ...rest } = change;
  if (hold !== undefined) return undefined;
  const entry: Entry = { ...rest, participantId, program, runId, part, recordedAt: openedAt };
  const paid = paidOf(change, participantId, cuts);
  if (paid === change.amount) return entry;
  const shortfall = change.amount - paid;
  if (paid === 0 && shortfall === alreadyShort) return undefined;
  return {
    ...entry,
    amount: paid,
    kind: paid === 0 ? 'refusal' : entry.kind,
    reason: 'pool-exhausted',
    shortfall,
  };
}
