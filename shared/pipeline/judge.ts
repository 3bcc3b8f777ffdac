/** What an intake would do with lines, without doing it. */
import type { FactLine } from '../facts/lines.ts';
import { factItemId, readFactItems, type Slots } from '../store/facts.ts';
import type { Quarantined } from '../store/quarantine.ts';
import type { Table } from '../store/table.ts';
import type { BusinessDate } from '../values/calendar.ts';
import { addIngested, groupFacts, type Ingested, mergeGroup, noneIngested } from './merge-facts.ts';

/** Judges batch after batch, each on top of what the ones before it would have written. Writes nothing. */
export class Judge {
  readonly #table: Table;
  readonly #arrivedOn: BusinessDate;
  /** What would stand, of all items that lines were about. */
  readonly #standing = new Map<string, Slots>();

  constructor(table: Table, arrivedOn: BusinessDate) {
    this.#table = table;
    this.#arrivedOn = arrivedOn;
  }

  async judge(lines: readonly FactLine[]): Promise<{ counts: Ingested; refused: Quarantined[] }> {
    const { groups, refused } = groupFacts(lines, this.#arrivedOn);
    const counts = { ...noneIngested(), quarantined: refused.length };
    const unread = groups.filter(({ item }) => !this.#standing.has(factItemId(item)));
    const read = await readFactItems(
      this.#table,
      unread.map(({ item }) => item),
    );
    for (const group of groups) {
      const id = factItemId(group.item);
      const merge = mergeGroup(group, this.#standing.get(id) ?? read.get(id) ?? new Map(), this.#arrivedOn);
      this.#standing.set(id, merge.slots);
      addIngested(counts, merge.counts);
      refused.push(...merge.refused);
    }
    return { counts, refused };
  }
}
