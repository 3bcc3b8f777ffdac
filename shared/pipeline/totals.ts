/** What entries come to: the figures of a run's summary. */
import { nodesOf } from '../engine/allocate.ts';
import type { Entry } from '../engine/history.ts';
import type { Listing, Totals } from '../store/runs.ts';

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
  const name = `${entry.incentive} ${entry.unit}`;
  const row = totals.incentives[name] ?? { entries: 0, amount: 0 };
  totals.incentives[name] = { entries: row.entries + 1, amount: row.amount + amount };
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
    for (const [name, row] of Object.entries(incentives)) {
      const known = sum.incentives[name] ?? { entries: 0, amount: 0 };
      sum.incentives[name] = { entries: known.entries + row.entries, amount: known.amount + row.amount };
    }
  }
  return sum;
}

/** Adds to one of several sums, in place. */
export function addTo(record: Record<string, number>, key: string, by: number): void {
  record[key] = (record[key] ?? 0) + by;
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

/** The sum of listings. */
export function sumListings(listings: readonly Listing[]): Listing {
  return {
    count: listings.reduce((sum, { count }) => sum + count, 0),
    first: listings.flatMap(({ first }) => first).slice(0, LISTED),
  };
}
