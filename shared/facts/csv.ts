/** Facts as CSV: one type a file, columns named as the fields, an empty cell for a field left out. */
import { InputError } from '../values/validation.ts';
import { isExact } from './parse.ts';
import { FACT_TYPES, type FactType, fieldsOf } from './schema.ts';

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
/** As spreadsheets write them, in English and in Chinese. */
const TRUE = new Set(['true', '是']);
const FALSE = new Set(['false', '否']);
/** Lists are JSON in their cell. */
const LISTS = new Set(['memberships']);

/** The type of the facts in a file by its name: `sales-2024-08.csv`, `broadcasts.csv`; undefined when it names none. */
export function typeOfFile(name: string): FactType | undefined {
  return FACT_TYPES.find((type) => name.toLowerCase().startsWith(type));
}

/**
 * Checks the header of a file of one type, before anything of it is read. A column `type` may say it too.
 * @throws {@link InputError} naming each column that stands twice, is missing or is no field of the type.
 */
export function checkHeader(file: string, type: FactType | undefined, header: readonly string[]): void {
  const refuse = (got: string, allowed: string) => {
    throw new InputError(`${file}: columns: got ${got}; allowed: ${allowed}`);
  };
  const twice = header.filter((name, index) => header.indexOf(name) !== index);
  if (twice.length > 0) refuse(`${[...new Set(twice)].join(', ')} twice`, 'each column once');
  if (type === undefined) {
    if (!header.includes('type'))
      refuse(header.join(', '), 'a column type, or --type, or a file named by its type');
    return;
  }
  const { all, required } = fieldsOf(type);
  const unknown = header.filter((name) => name !== 'type' && !all.includes(name));
  if (unknown.length > 0)
    refuse(
      unknown.map((name) => name || 'one without a name').join(', '),
      `the fields of ${type}: ${all.join(', ')}`,
    );
  const missing = required.filter((field) => !header.includes(field));
  if (missing.length > 0)
    refuse(`none named ${missing.join(', ')}`, `all that ${type} must have: ${required.join(', ')}`);
}

/**
 * One row as the line of NDJSON that says the same. Nothing is judged here: what does not read as a number or a
 * flag stays text, and the schema refuses it by name.
 */
export function lineOfRow(
  type: FactType | undefined,
  header: readonly string[],
  cells: readonly string[],
): string {
  const fields = header.flatMap((name, index) => {
    const cell = cells[index] ?? '';
    return cell === '' ? [] : [[name, valueIn(name, cell)] as const];
  });
  return JSON.stringify({ ...(type === undefined ? {} : { type }), ...Object.fromEntries(fields) });
}

function valueIn(name: string, cell: string): unknown {
  if (NUMBERS.has(name)) return isExact(cell) ? Number(cell) : cell;
  if (FLAGS.has(name)) {
    const flag = cell.toLowerCase();
    return TRUE.has(flag) ? true : FALSE.has(flag) ? false : cell;
  }
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
