/** Fourth stage: writes the funded entries of one part. Writing it again writes nothing twice. */
import pMap from 'p-map';
import type { Entry } from '../engine/history.ts';
import { putHeld, withdrawHeld } from '../store/held.ts';
import { type PutOutcome, putEntry } from '../store/ledger.ts';
import type { Run, Totals } from '../store/runs.ts';
import type { Table } from '../store/table.ts';
import { listUnpaid } from '../store/unpaid.ts';
import { entryFor } from './entries.ts';
import { markAgain } from './evaluation.ts';
import { type Manifest, type Part, readManifest, readPart } from './plan.ts';
import type { Services } from './services.ts';
import { addEntry, noTotals } from './totals.ts';

/** What was applied of a part: `planned` entries are applied or displaced. */
export interface PartResult extends Totals {
  part: string;
  planned: number;
  /** Lowerings put up for an operator. */
  held: number;
  /** Entries whose place another run took first: their participants are due again. */
  displaced: number;
  /** Entries that the table would never take: their participants are due again. */
  failed: number;
  /** The first of these, for people. */
  failures: string[];
}

const WRITERS = 16;
const FAILURES_SHOWN = 5;

/** Applies one part of a plan in the name of its run. */
export async function applyPart(
  services: Services,
  run: Run,
  manifest: string,
  part: string,
): Promise<PartResult> {
  const { cuts } = await readManifest(services.plans, manifest);
  const content = await readPart(services.plans, part);
  const held = await applyHolds(services, run, content);
  const entries = fundedEntries(run, cuts, part, content);
  await listUnpaid(services.table, run.program, unpaidIn(entries));
  const totals = noTotals();
  const displaced: string[] = [];
  const failed: { id: string; error: string }[] = [];
  await pMap(
    entries,
    async (entry) => {
      const outcome = await putOrRefuse(services.table, entry);
      if (outcome === 'displaced') displaced.push(entry.participantId);
      else if (typeof outcome === 'object') failed.push({ id: entry.participantId, ...outcome });
      else addEntry(totals, entry);
    },
    { concurrency: WRITERS },
  );
  await markAgain(services, run, [...displaced, ...failed.map(({ id }) => id)]);
  return {
    part,
    planned: entries.length,
    displaced: displaced.length,
    failed: failed.length,
    failures: failed.slice(0, FAILURES_SHOWN).map(({ id, error }) => `${id}: ${error}`),
    held,
    ...totals,
  };
}

/**
 * What the table would refuse however often it is asked fails one participant, by name: the plan goes on (law 12).
 * What may pass, a throttle or a lost connection, is thrown, and the part is tried again.
 */
async function putOrRefuse(table: Table, entry: Entry): Promise<PutOutcome | { error: string }> {
  try {
    return await putEntry(table, entry);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const never =
      error.name === 'ValidationException' || error instanceof TypeError || error instanceof RangeError;
    if (!never) throw error;
    return { error: `${entry.occasion}: ${error.message}` };
  }
}

/** Puts up what waits for an operator, and withdraws what need not wait any more. Doing it again changes nothing. */
async function applyHolds(services: Services, run: Run, { participants }: Part): Promise<number> {
  const { table } = services;
  const { program } = run;
  const overtaken: string[] = [];
  let held = 0;
  for (const { participantId, changes } of participants) {
    for (const change of changes) {
      if (change.hold === 'drop') await withdrawHeld(table, program, participantId, change);
      if (change.hold !== 'put') continue;
      if (await putHeld(table, program, participantId, change)) held++;
      else overtaken.push(participantId);
    }
  }
  // Somebody decided meanwhile on what it would replace: whether it still has to wait is asked again.
  await markAgain(services, run, overtaken);
  return held;
}

/** Listed before the entries are written: a raise finds them however old they are. */
function unpaidIn(entries: readonly Entry[]): string[] {
  return entries.flatMap(({ participantId, shortfall = 0 }) => (shortfall > 0 ? participantId : []));
}

/** The entries that a part, named by its hash, comes to under the cuts of its plan. */
export function fundedEntries(
  run: Run,
  cuts: Manifest['cuts'],
  part: string,
  { participants }: Part,
): Entry[] {
  return participants.flatMap(({ participantId, changes }) =>
    changes.flatMap((change) => entryFor(change, participantId, run, { part, cuts }) ?? []),
  );
}
