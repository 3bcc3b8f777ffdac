/** Working off the quarantine: which rows are still open, trying one again, and dropping one for good. */
import { identityOfRaw } from '../facts/parse.ts';
import { FACTS_ZONE } from '../facts/schema.ts';
import { factItemId, readFactItems } from '../store/facts.ts';
import {
  closeRow,
  type Quarantined,
  type QuarantineRow,
  quarantine,
  readQuarantine,
} from '../store/quarantine.ts';
import { businessDate } from '../values/calendar.ts';
import { InputError, parseInput, reasonSchema } from '../values/validation.ts';
import { ingest } from './ingest.ts';
import type { Ingested } from './merge-facts.ts';
import type { Services } from './services.ts';

/** A row, and whether it is closed by itself, because a better fact of the same key stands by now. */
export interface JudgedRow extends QuarantineRow {
  closed: boolean;
}

/**
 * Every row. One is closed by itself once the fact that stands has a higher revision than the line; of a line refused for
 * other reasons than losing a conflict, at least its revision. One whose key cannot be read is closed by hand only.
 */
export async function judgedRows({ table }: Pick<Services, 'table'>): Promise<JudgedRow[]> {
  const rows = (await readQuarantine(table)).map((row) => ({ row, about: identityOfRaw(row.raw) }));
  const items = new Map(
    rows.flatMap(({ about }) => (about === undefined ? [] : [[factItemId(about), about] as const])),
  );
  const standing = await readFactItems(table, [...items.values()]);
  return rows.map(({ row, about }) => {
    const stands = about && standing.get(factItemId(about))?.get(about.slot)?.fact.revision;
    const better =
      stands !== undefined &&
      (row.conflict === true ? stands > (about?.revision ?? 0) : stands >= (about?.revision ?? 0));
    return { ...row, closed: row.state !== 'open' || better };
  });
}

/** The rows that some prefixes name, each exactly one. @throws {@link InputError} naming those that do not. */
export function rowsNamed(rows: readonly JudgedRow[], prefixes: readonly string[]): JudgedRow[] {
  return prefixes.map((prefix) => {
    const found = rows.filter(({ id }) => id.startsWith(prefix));
    if (found.length === 1) return found[0]!;
    throw new InputError(
      `quarantine: got ${JSON.stringify(prefix)}, which ${found.length === 0 ? 'no row' : `${found.length} rows`} begin with; allowed: the id of a row, or enough of it to tell it from the others`,
    );
  });
}

/** What trying a row again came to. */
export interface Retried {
  id: string;
  outcome: 'accepted' | 'unchanged' | 'superseded' | 'refused again';
  reason: string;
}

/** Takes a row in again, as arrived today. One that is refused again stays where it is, with its reason of now. */
export async function retryRow(
  services: Pick<Services, 'table' | 'now'>,
  row: QuarantineRow,
  by: string,
): Promise<Retried> {
  const today = businessDate(services.now(), FACTS_ZONE);
  let again: Quarantined | undefined;
  const counts = await ingest(
    services,
    [{ text: row.raw, ...(row.at === undefined ? {} : { at: row.at }) }],
    today,
    {
      keep: async (refused) => {
        again ??= refused[0];
        // The row is there: what is kept is a loser in another form of it, or the one that loses against it now.
        const others = refused.filter(({ raw }) => raw !== row.raw);
        await quarantine(services.table, others, services.now());
      },
    },
  );
  if (again !== undefined && counts.accepted === 0)
    return { id: row.id, outcome: 'refused again', reason: again.reason };
  await closeRow(services.table, row, { state: 'retried', by, at: new Date(services.now()).toISOString() });
  return { id: row.id, outcome: outcomeOf(counts), reason: row.reason };
}

function outcomeOf({ accepted, superseded }: Ingested): Retried['outcome'] {
  if (accepted > 0) return 'accepted';
  return superseded > 0 ? 'superseded' : 'unchanged';
}

/** Drops a row for good, on the record. @throws {@link InputError} when the reason is blank, Error when it is closed. */
export async function dropRow(
  { table, now }: Pick<Services, 'table' | 'now'>,
  row: QuarantineRow,
  decision: { by: string; reason: string },
): Promise<void> {
  const why = parseInput(reasonSchema, decision.reason, 'reason');
  const at = new Date(now()).toISOString();
  if (!(await closeRow(table, row, { state: 'dropped', by: decision.by, why, at })))
    throw new Error(`row ${row.id} has been dealt with meanwhile: list the quarantine again`);
}
