/** Fourth stage: writes the funded entries of one part. Writing it again writes nothing twice. */
import pMap from 'p-map';
import type { Entry } from '../engine/history.ts';
import { putEntry } from '../store/ledger.ts';
import type { Run, Totals } from '../store/runs.ts';
import { entryFor } from './entries.ts';
import { markAgain } from './evaluation.ts';
import { type Manifest, readManifest, readPart } from './plan.ts';
import type { Services } from './services.ts';
import { addEntry, noTotals } from './totals.ts';

/** What was applied of a part: `planned` entries are applied or displaced. */
export interface PartResult extends Totals {
  part: string;
  planned: number;
  /** Entries whose place another run took first: their participants are due again. */
  displaced: number;
}

const WRITERS = 16;

/** Applies one part of a plan in the name of its run. */
export async function applyPart(
  services: Services,
  run: Run,
  manifest: string,
  part: string,
): Promise<PartResult> {
  const { cuts } = await readManifest(services.plans, manifest);
  const entries = await fundedEntries(services, run, cuts, part);
  const totals = noTotals();
  const displaced: string[] = [];
  await pMap(
    entries,
    async (entry) => {
      const outcome = await putEntry(services.table, entry);
      if (outcome === 'displaced') displaced.push(entry.participantId);
      else addEntry(totals, entry);
    },
    { concurrency: WRITERS },
  );
  await markAgain(services, run, displaced);
  return { part, planned: entries.length, displaced: displaced.length, ...totals };
}

/** The entries that a part comes to under the cuts of its plan. */
export async function fundedEntries(
  { plans }: Services,
  run: Run,
  cuts: Manifest['cuts'],
  part: string,
): Promise<Entry[]> {
  const { participants } = await readPart(plans, part);
  return participants.flatMap(({ participantId, changes }) =>
    changes.flatMap((change) => entryFor(change, participantId, run, cuts) ?? []),
  );
}
