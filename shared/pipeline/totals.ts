/** What entries come to: the figures of a run's summary. */
import { nodesOf } from '../engine/allocate.ts';
import type { Entry } from '../engine/history.ts';
import type { Listing, Totals } from '../store/runs.ts';
import { at, plus, plusToTell } from '../values/sums.ts';

export function noTotals(): Totals {
  return { entries: 0, refused: 0, raised: {}, lowered: {}, short: {}, incentives: {} };
}

/** Adds one entry to totals, in place. */
export function addEntry(totals: Totals, entry: Entry): void {
  totals.entries++;
  if (entry.kind === 'refusal') totals.refused++;
  const { pool, amount } = entry;
  for (const node of nodesOf(entry)) {
    if (amount > 0) addTo(totals.raised, node, amount);
    if (amount < 0) addTo(totals.lowered, node, -amount);
  }
  if (pool !== undefined && entry.shortfall !== undefined) addTo(totals.short, pool, entry.shortfall);
  addRow(totals, `${entry.incentive} ${entry.unit}`, { entries: 1, amount });
}

function addRow({ incentives }: Totals, name: string, by: { entries: number; amount: number }): void {
  const row = at(incentives, name) ?? { entries: 0, amount: 0 };
  incentives[name] = { entries: row.entries + by.entries, amount: plusToTell(row.amount, by.amount) };
}

/** The sum of totals. */
export function sumTotals(all: readonly Totals[]): Totals {
  const sum = noTotals();
  for (const { entries, refused, raised, lowered, short, incentives } of all) {
    sum.entries += entries;
    sum.refused += refused;
    for (const [pool, amount] of Object.entries(raised)) addTo(sum.raised, pool, amount);
    for (const [pool, amount] of Object.entries(lowered)) addTo(sum.lowered, pool, amount);
    for (const [pool, amount] of Object.entries(short)) addTo(sum.short, pool, amount);
    for (const [name, row] of Object.entries(incentives)) addRow(sum, name, row);
  }
  return sum;
}

/** Adds to one of several sums, in place. What a run paid or took back fits into its limit; a shortfall may not. */
export function addTo(record: Record<string, number>, key: string, by: number): void {
  record[key] = plusToTell(at(record, key) ?? 0, by);
}

/** Adds to what is claimed, in place: a sum that is too large is above every limit, so that a pool always cuts it. */
export function addClaim(claimed: Record<string, number>, node: string, amount: number): void {
  claimed[node] = plus(at(claimed, node) ?? 0, amount);
}

const LISTED = 20;

export function noListing(): Listing {
  return { count: 0, first: [] };
}

/** Adds a name to a listing, in place. */
export function addListing(listing: Listing, name: string): void {
  listing.count++;
  if (listing.first.length < LISTED) listing.first.push(name);
}

/** A listing of names. */
export function listingOf(names: readonly string[]): Listing {
  return { count: names.length, first: names.slice(0, LISTED) };
}

/** The sum of listings. */
export function sumListings(listings: readonly Listing[]): Listing {
  return {
    count: listings.reduce((sum, { count }) => sum + count, 0),
    first: listings.flatMap(({ first }) => first).slice(0, LISTED),
  };
}
