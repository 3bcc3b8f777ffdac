/** How results are printed: data on stdout in the format asked for, everything else on stderr. */
import Table from 'cli-table3';
import { stringify } from 'csv-stringify/sync';
import pc from 'picocolors';
import { printable, printableJson, printableLines } from '../../shared/values/printable.ts';

export const FORMATS = ['table', 'json', 'ndjson', 'csv'] as const;
export type Format = (typeof FORMATS)[number];

export type Row = Readonly<Record<string, unknown>>;

/** A piece of a line in a style of its own. */
interface Styled {
  text: string;
  style: (text: string) => string;
}

const styled = (style: Styled['style']) => (text: string) => ({ text, style });
export const bold = styled(pc.bold);
export const dim = styled(pc.dim);
export const good = styled(pc.green);
export const bad = styled(pc.red);

/** A line on stdout for a person. What it is made of may be anybody's text: none of it reaches a terminal raw. */
export function say(...parts: (string | Styled)[]): void {
  write(
    parts
      .map((part) =>
        typeof part === 'string' ? printableLines(part) : part.style(printableLines(part.text)),
      )
      .join(''),
  );
}

/** Prints rows. `columns` names those of the table, in order; the other formats print every field. */
export function printRows(format: Format, rows: readonly Row[], columns: readonly string[]): void {
  const text = formatRows(format, rows, columns);
  if (text === '') note('nothing to show');
  else write(text);
}

function formatRows(format: Format, rows: readonly Row[], columns: readonly string[]): string {
  if (format === 'json') return printableJson(rows, 2);
  if (format === 'ndjson') return rows.map((row) => printableJson(row)).join('\n');
  if (format === 'csv') return csv(rows, columns);
  if (rows.length === 0) return '';
  return table(
    columns,
    rows.map((row) => columns.map((column) => cell(row[column]))),
  );
}

/** Prints one record: a table of two columns, or one object. */
export function printRecord(format: Format, record: Row): void {
  if (format === 'csv') printRows(format, [record], Object.keys(record));
  else if (format !== 'table') printJson(record);
  else
    write(
      table(
        [],
        Object.entries(record).map(([field, value]) => [field, cell(value)]),
      ),
    );
}

/** Prints a value as JSON, on one line unless told otherwise. */
export function printJson(value: unknown, indent?: number): void {
  write(printableJson(value, indent));
}

/** Prints a table for a person. */
export function printTable(head: readonly string[], rows: readonly string[][]): void {
  write(table(head, rows));
}

/** The one place where text goes to stdout. */
function write(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** A table without rules between its rows; without a head, its first column is one. */
function table(head: readonly string[], rows: readonly string[][]): string {
  const lines = new Table({
    head: head.map((name) => pc.bold(printable(name))),
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
  const asHead = (text: string, column: number) => (head.length === 0 && column === 0 ? pc.bold(text) : text);
  lines.push(...rows.map((row) => row.map((text, column) => asHead(printable(text), column))));
  return lines.toString();
}

let quiet = false;

/** Whether messages and progress are left out. */
export function beQuiet(wanted: boolean): void {
  quiet = wanted;
}

/** A message for the person, on stderr. */
export function note(text: string): void {
  if (!quiet) complain(text);
}

/** What went wrong, on stderr: said also when quiet. */
export function complain(text: string): void {
  process.stderr.write(`${printableLines(text)}\n`);
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

/** A cell that a spreadsheet would take for a formula gets an apostrophe before it; numbers stay numbers. */
function csv(rows: readonly Row[], columns: readonly string[]): string {
  const header = rows.length === 0 ? [...columns] : [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = rows.map((row) => header.map((column) => csvCell(row[column])));
  return stringify([header, ...cells], { escape_formulas: true }).trimEnd();
}

function csvCell(value: unknown): unknown {
  if (typeof value === 'string') return printable(value);
  return typeof value === 'object' && value !== null ? printableJson(value) : value;
}
