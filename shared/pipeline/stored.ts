/** What stages hand on by hash: canonical JSON writes maps as lists of pairs, and here they become maps again. */
import type { AgencyMonth } from '../engine/decision.ts';
import type { Contender, Tally } from '../engine/tally.ts';
import type { Month } from '../values/calendar.ts';

type Pairs<K, V> = [K, V][];

/** An agency's month with its one map as pairs. */
type StoredMonth = Omit<AgencyMonth, 'windows'> & { windows: Pairs<string, number> };

export type StoredAgencies = Pairs<string, Pairs<Month, StoredMonth>>;

export function agenciesFrom(stored: StoredAgencies): Tally['agencies'] {
  return new Map(
    stored.map(([agency, months]) => [
      agency,
      new Map(months.map(([month, sums]) => [month, { ...sums, windows: new Map(sums.windows) }])),
    ]),
  );
}

/** A tally by its canonical JSON. */
export function tallyFrom(text: string): Tally {
  const { agencies, contenders } = JSON.parse(text) as {
    agencies: StoredAgencies;
    contenders: Pairs<string, Contender[]>;
  };
  return { agencies: agenciesFrom(agencies), contenders: new Map(contenders) };
}
