/** Re-plans and re-adds everything: does the ledger say what the facts and the policy do, and do the sums agree? */
import type { Program } from '../../policy/schema.ts';
import { inForce } from '../../policy/versions.ts';
import { type Control, isHeld, readControl } from '../../store/control.ts';
import { readHeld } from '../../store/held.ts';
import { type Listing, readRuns } from '../../store/runs.ts';
import { HeldError } from '../run-here.ts';
import type { Services } from '../services.ts';
import { addListing, listingOf, noListing } from '../totals.ts';
import { readUndecided } from '../undecided.ts';
import { readLedger } from './ledger.ts';
import { compareWithPlans } from './manifests.ts';
import type { Fault } from './mend.ts';
import { deadRuns, withEnds, wrongDates } from './records.ts';
import { replan } from './replan.ts';
import { wrongPlaces, wrongPools, wrongRuns } from './sums.ts';

/** What a verification found. Only `differences` are wrong. */
export interface Verification {
  program: string;
  entries: number;
  participants: number;
  differences: Fault[];
  /** Changes that a coming run decides, by participant and occasion, and by which run. */
  pending: Listing;
  /** Lowerings that wait for an operator, by id. */
  corrections: Listing;
  /** What a pool could not pay, by participant and occasion, and how much. */
  unfunded: Listing;
  /** Occasions that rest on facts from before the horizon, by participant and occasion: their sums are not planned again. */
  sealed: Listing;
  /** Facts that came too late for what they belong to, and do not count. */
  tooLate: Listing;
  /** Awards that are due and that no run has decided. */
  undecided: Listing;
  /** Entries that could not be compared with the plan that they were written from: it is not kept any more. */
  unproven: number;
}

/**
 * Verifies one program as of its last closed as-of. Writes nothing.
 * @throws {@link HeldError} while a run writes, or when one began meanwhile: what is half written looks wrong.
 */
export async function verify(services: Services, deployed: Program): Promise<Verification> {
  const { table, now } = services;
  const control = await readControl(table, deployed.program);
  const program = inForce(deployed, control.superseding ?? []);
  if (isHeld(control, now())) throw heldBy(program, control);
  const ledger = await readLedger(table, program.program);
  const runs = withEnds(control, await readRuns(table, program.program));
  const compared = await compareWithPlans(services, ledger, runs);
  const undecided = await readUndecided(table, program.program, control);
  const replanned = await replan(services, program, control, { runs, ledger, undecided });
  const found: Verification = {
    program: program.program,
    entries: ledger.entries,
    participants: ledger.participants,
    differences: [
      ...deadRuns(program.program, control, runs),
      ...wrongDates(program.program, control, runs),
      ...wrongPlaces(ledger),
      ...wrongRuns(ledger, runs),
      ...compared.differences,
      ...(await wrongPools(table, program.program, control, ledger)),
      ...replanned.differences,
    ],
    pending: replanned.pending,
    corrections: await waitingCorrections(services, program),
    unfunded: replanned.unfunded,
    sealed: replanned.sealed,
    tooLate: replanned.tooLate,
    undecided: listingOf(undecided),
    unproven: compared.unproven,
  };
  // A run that began meanwhile has changed some of what was read, and not the rest.
  const after = await readControl(table, program.program);
  if (after.epoch !== control.epoch) throw heldBy(program, after);
  return found;
}

function heldBy({ program }: Program, { writer, lastClosed, leaseUntil }: Control): HeldError {
  return new HeldError(program, writer ?? lastClosed ?? '', new Date(leaseUntil).toISOString());
}

async function waitingCorrections({ table }: Services, { program }: Program): Promise<Listing> {
  const waiting = noListing();
  for (const { participantId, change, state } of await readHeld(table, program)) {
    if (state === 'waiting') addListing(waiting, `${program}:${participantId}:${change.occasion}`);
  }
  return waiting;
}
