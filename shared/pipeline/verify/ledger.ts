/** What is kept of the ledger while it is verified: some numbers an occasion and a run, never the entries themselves. */
import { nodesOf } from '../../engine/allocate.ts';
import type { Entry } from '../../engine/history.ts';
import { scanEntries } from '../../store/ledger.ts';
import type { Totals } from '../../store/runs.ts';
import type { Table } from '../../store/table.ts';
import type { BusinessDate } from '../../values/calendar.ts';
import { contentHash } from '../../values/canonical.ts';
import { addEntry, noTotals } from '../totals.ts';

/** What the ledger has of one occasion of a participant. */
interface OccasionEntries {
  entries: number;
  /** The greatest number of an entry, and the first date whose facts that one rests on. */
  last: number;
  readsFrom: BusinessDate;
}

/** What the ledger has of one run. */
export interface RunEntries {
  /** The place of its first entry, for people. */
  first: string;
  totals: Totals;
  /** The sum of its entries by node of the budget: exact, whatever a damaged ledger adds up to. */
  granted: Map<string, bigint>;
  /** See {@link addFingerprint}. */
  fingerprint: bigint;
}

export interface Ledger {
  entries: number;
  participants: number;
  /** By participant and occasion, as {@link occasionOf} names them. */
  occasions: Map<string, OccasionEntries>;
  runs: Map<string, RunEntries>;
  /** Entries whose keys say otherwise than they do, or whose amount is no whole number. */
  unsound: string[];
}

/** Reads every entry of a program once. */
export async function readLedger(table: Table, program: string): Promise<Ledger> {
  const participants = new Set<string>();
  const ledger: Ledger = { entries: 0, participants: 0, occasions: new Map(), runs: new Map(), unsound: [] };
  for await (const { entry, agrees } of scanEntries(table, program)) {
    ledger.entries++;
    participants.add(entry.participantId);
    const sound = Number.isSafeInteger(entry.amount);
    if (!agrees || !sound) ledger.unsound.push(placeOf(entry));
    addToOccasion(ledger, entry);
    addToRun(ledger, entry, sound);
  }
  ledger.participants = participants.size;
  return ledger;
}

/** Names an occasion of a participant. */
function occasionOf({ participantId, occasion }: Pick<Entry, 'participantId' | 'occasion'>): string {
  return `${participantId} ${occasion}`;
}

/** Names the place of an entry in the ledger: no two have the same. */
export function placeOf(entry: Pick<Entry, 'participantId' | 'occasion' | 'n'>): string {
  return `${occasionOf(entry)} entry ${entry.n}`;
}

/**
 * Adds an entry to what tells the entries of a run from others, in whatever order they are met: the sum of their hashes.
 * Equal sums are equal entries, as surely as equal hashes are.
 */
export function addFingerprint(sum: bigint, entry: Entry): bigint {
  return BigInt.asUintN(HASH_BITS, sum + BigInt(`0x${contentHash(entry)}`));
}

const HASH_BITS = 128;

function addToOccasion({ occasions }: Ledger, entry: Entry): void {
  const name = occasionOf(entry);
  const known = occasions.get(name);
  const isLast = known === undefined || entry.n > known.last;
  occasions.set(name, {
    entries: (known?.entries ?? 0) + 1,
    last: isLast ? entry.n : known.last,
    readsFrom: isLast ? entry.readsFrom : known.readsFrom,
  });
}

function addToRun({ runs }: Ledger, entry: Entry, sound: boolean): void {
  const run = runs.get(entry.runId) ?? {
    first: placeOf(entry),
    totals: noTotals(),
    granted: new Map<string, bigint>(),
    fingerprint: 0n,
  };
  runs.set(entry.runId, run);
  if (placeOf(entry) < run.first) run.first = placeOf(entry);
  run.fingerprint = addFingerprint(run.fingerprint, entry);
  addEntry(run.totals, sound ? entry : { ...entry, amount: 0 });
  if (!sound) return;
  for (const node of nodesOf(entry)) {
    run.granted.set(node, (run.granted.get(node) ?? 0n) + BigInt(entry.amount));
  }
}
