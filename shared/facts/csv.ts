/** Facts as CSV: one type a file, columns named as the fields, an empty cell for a field left out. */
import type { Fact } from './schema.ts';

const NUMBERS = new Set([
  'revision',
  'bestMonthFen',
  'views',
  'grossFen',
  'refundedFen',
  'feesFen',
  'orders',
  'gmvFen',
]);
const FLAGS = new Set(['hasCart', 'recorded', 'withdrawn']);
/** Lists are JSON in their cell. */
const LISTS = new Set(['memberships']);

/** The type of the facts in a file by its name: `sales-2024-08.csv`, `broadcasts.csv`; undefined when it names none. */
export function typeOfFile(name: string): Fact['type'] | undefined {
  const types = ['participant', 'broadcast', 'sales', 'attestation', 'sanction'] as const;
  return types.find((type) => name.toLowerCase().startsWith(type));
}

/**
 * One row as the line of NDJSON that says the same. Nothing is judged here: what does not read as a number or a
 * flag stays text, and the schema refuses it by name.
 */
export function lineOfRow(type: string | undefined, row: Readonly<Record<string, string>>): string {
  const fields = Object.entries(row).flatMap(([name, cell]) =>
    cell === '' ? [] : [[name, valueIn(name, cell)]],
  );
  return JSON.stringify({ ...(type === undefined ? {} : { type }), ...Object.fromEntries(fields) });
}

function valueIn(name: string, cell: string): unknown {
  if (NUMBERS.has(name) && /^-?\d+(\.\d+)?$/.test(cell)) return Number(cell);
  if (FLAGS.has(name) && (cell === 'true' || cell === 'false')) return cell === 'true';
  if (LISTS.has(name)) return parseList(cell);
  return cell;
}

function parseList(cell: string): unknown {
  try {
    return JSON.parse(cell);
  } catch {
    return cell;
  }
}
