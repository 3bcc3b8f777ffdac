/** Each entry against the plan that its run wrote: whatever was changed, taken away or put in since is seen. */
import type { Entry } from '../../engine/history.ts';
import { readEntryAt, scanEntries } from '../../store/ledger.ts';
import { PlanLostError } from '../../store/plans.ts';
import type { RunRecord, Totals } from '../../store/runs.ts';
import { canonicalJson } from '../../values/canonical.ts';
import { fundedEntries } from '../apply-part.ts';
import { readManifest, readPart } from '../plan.ts';
import type { Services } from '../services.ts';
import { noTotals } from '../totals.ts';
import { addFingerprint, type Ledger, placeOf, type RunEntries } from './ledger.ts';
import { type Fault, unmendable } from './mend.ts';

/** What the entries are found to be, beside their plans. */
interface Compared {
  differences: Fault[];
  /** Entries whose plan is not kept any more: of these only the sums of their run can be judged. */
  unproven: number;
}

/** Compares run by run: no more is held at once than a part of a plan, and of a run that differs its entries. */
export async function compareWithPlans(
  services: Services,
  { runs: written }: Ledger,
  runs: readonly RunRecord[],
): Promise<Compared> {
  const compared: Compared = { differences: [], unproven: 0 };
  for (const run of runs) {
    const entries = written.get(run.runId);
    if (entries === undefined && (run.summary?.planned ?? 0) === 0) continue;
    try {
      if (await isAsPlanned(services, run, entries)) continue;
      compared.differences.push(...(await differencesOf(services, run)));
    } catch (error) {
      if (!(error instanceof PlanLostError)) throw error;
      compared.unproven += entries?.totals.entries ?? 0;
      compared.differences.push(...wrongTotals(run, entries));
    }
  }
  return compared;
}

/** The entries that a run's plan comes to, a part at a time. @throws {@link PlanLostError} when it is not kept. */
async function* plannedEntries({ plans }: Services, run: RunRecord): AsyncGenerator<Entry[]> {
  if (run.manifest === undefined) throw new PlanLostError(`run ${run.runId} is on record without its plan`);
  const { parts, cuts } = await readManifest(plans, run.manifest);
  for (const part of parts) yield fundedEntries(run, cuts, part, await readPart(plans, part));
}

async function isAsPlanned(
  services: Services,
  run: RunRecord,
  written: RunEntries | undefined,
): Promise<boolean> {
  let [count, fingerprint] = [0, 0n];
  for await (const entries of plannedEntries(services, run)) {
    count += entries.length;
    for (const entry of entries) fingerprint = addFingerprint(fingerprint, entry);
  }
  return count === (written?.totals.entries ?? 0) && fingerprint === (written?.fingerprint ?? 0n);
}

/** Looks at every entry of one run, and of its plan. */
async function differencesOf(services: Services, run: RunRecord): Promise<Fault[]> {
  const stored = new Map<string, Entry>();
  for await (const { entry } of scanEntries(services.table, run.program)) {
    if (entry.runId === run.runId) stored.set(placeOf(entry), entry);
  }
  const differences: Fault[] = [];
  const absent: Entry[] = [];
  for await (const entries of plannedEntries(services, run)) {
    for (const entry of entries) {
      const there = stored.get(placeOf(entry));
      if (there === undefined) absent.push(entry);
      else differences.push(...changedFields(run, there, entry));
      stored.delete(placeOf(entry));
    }
  }
  const added = [...stored.keys()].map((place) =>
    unmendable(`${place}: is of run ${run.runId}, whose plan has no such entry`),
  );
  return [...differences, ...added, ...(await missing(services, run, absent))];
}

function changedFields({ runId }: RunRecord, there: Entry, planned: Entry): Fault[] {
  const fields = [...new Set([...Object.keys(there), ...Object.keys(planned)])] as (keyof Entry)[];
  return fields
    .filter((field) => text(there[field]) !== text(planned[field]))
    .map((field) =>
      unmendable(
        `${placeOf(planned)}: ${field} is ${text(there[field])}, and the plan of run ${runId} says ${text(planned[field])}`,
      ),
    );
}

function text(value: unknown): string {
  return value === undefined ? 'none' : canonicalJson(value);
}

/**
 * What a closed run planned and the ledger does not have of it. Its record says how many entries met another run's in their
 * place, and how many the table would not take, of which later runs may have made good some: more than these are wrong. A
 * run that did not close may not have come to them.
 */
async function missing({ table }: Services, run: RunRecord, absent: readonly Entry[]): Promise<Fault[]> {
  const { runId, state, summary } = run;
  if (state !== 'closed' || summary === undefined) return [];
  const gone: Fault[] = [];
  const taken: Fault[] = [];
  for (const entry of absent) {
    const there = await readEntryAt(table, entry);
    const place = placeOf(entry);
    if (there === undefined) gone.push(unmendable(`${place}: is gone, and run ${runId} wrote it`));
    else taken.push(unmendable(`${place}: is of run ${there.runId}, and run ${runId} wrote it`));
  }
  const unwritten = summary.planned - summary.entries;
  const refused = unwritten - summary.displaced;
  if (absent.length <= unwritten && gone.length <= refused) return [];
  return gone.length > 0 ? gone : taken;
}

/** A run without its plan: its record still says what its entries come to. How many there are is told elsewhere. */
function wrongTotals({ runId, state, summary }: RunRecord, written: RunEntries | undefined): Fault[] {
  const totals = written?.totals ?? noTotals();
  if (state !== 'closed' || summary === undefined || summary.entries !== totals.entries) return [];
  const fields = ['refused', 'raised', 'lowered', 'short', 'incentives'] as const satisfies (keyof Totals)[];
  return fields
    .filter((field) => text(summary[field]) !== text(totals[field]))
    .map((field) =>
      unmendable(
        `run ${runId} says of its entries ${field} ${text(summary[field])}, and the ledger ${text(totals[field])}`,
      ),
    );
}
