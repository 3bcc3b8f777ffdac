/** How results are printed: data on stdout in the format asked for, everything else on stderr. */
import Table from 'cli-table3';
import { stringify } from 'csv-stringify/sync';
import pc from 'picocolors';

export const FORMATS = ['table', 'json', 'ndjson', 'csv'] as const;
export type Format = (typeof FORMATS)[number];

export type Row = Readonly<Record<string, unknown>>;

/** Prints rows. `columns` names those of the table, in order; the other formats print every field. */
export function printRows(format: Format, rows: readonly Row[], columns: readonly string[]): void {
  const text = formatRows(format, rows, columns);
  if (text === '') note('nothing to show');
  else process.stdout.write(`${text}\n`);
}

function formatRows(format: Format, rows: readonly Row[], columns: readonly string[]): string {
  if (format === 'json') return JSON.stringify(rows, null, 2);
  if (format === 'ndjson') return rows.map((row) => JSON.stringify(row)).join('\n');
  if (format === 'csv') return csv(rows, columns);
  if (rows.length === 0) return '';
  return table(
    columns,
    rows.map((row) => columns.map((column) => cell(row[column]))),
  );
}

/** Prints one record: a table of two columns, or one object. */
export function printRecord(format: Format, record: Row): void {
  if (format === 'csv') {
    printRows(format, [record], Object.keys(record));
    return;
  }
  const fields = Object.entries(record).map(([field, value]) => [pc.bold(field), cell(value)]);
  process.stdout.write(`${format === 'table' ? table([], fields) : JSON.stringify(record)}\n`);
}

/** A table without rules between its rows. */
export function table(head: readonly string[], rows: readonly string[][]): string {
  const lines = new Table({
    head: head.map((name) => pc.bold(name)),
    style: { head: [], border: [], compact: true },
    chars: {
      top: '',
      'top-mid': '',
      'top-left': '',
      'top-right': '',
      bottom: '',
      'bottom-mid': '',
      'bottom-left': '',
      'bottom-right': '',
      left: '',
      'left-mid': '',
      right: '',
      'right-mid': '',
      middle: '  ',
      mid: '',
      'mid-mid': '',
    },
    colAligns:
      rows[0]?.map((_, column) =>
        rows.every((row) => /^-?[\d,.]*$/.test(row[column] ?? '')) ? 'right' : 'left',
      ) ?? [],
  });
  lines.push(...rows);
  return lines.toString();
}

let quiet = false;

/** Leaves out messages and progress. */
export function beQuiet(): void {
  quiet = true;
}

/** A message for the person, on stderr. */
export function note(text: string): void {
  if (!quiet) process.stderr.write(`${text}\n`);
}

/** Whether progress may be drawn: on a terminal that wants it. */
export function showsProgress(): boolean {
  return !quiet && process.stderr.isTTY === true;
}

function cell(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'number') return value.toLocaleString('en-US');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function csv(rows: readonly Row[], columns: readonly string[]): string {
  const header = rows.length === 0 ? [...columns] : [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = rows.map((row) =>
    header.map((column) => (typeof row[column] === 'object' ? JSON.stringify(row[column]) : row[column])),
  );
  return stringify([header, ...cells]).trimEnd();
}
