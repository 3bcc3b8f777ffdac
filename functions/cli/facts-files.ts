/** Files of facts as people have them: NDJSON or CSV, packed or not, in the encodings that spreadsheets write. */
import { createReadStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { open, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { checkHeader, lineOfRow, typeOfFile } from '../../shared/facts/csv.ts';
import { type FactLine, LineSplitter } from '../../shared/facts/lines.ts';
import type { FactType } from '../../shared/facts/schema.ts';
import { InputError } from '../../shared/values/validation.ts';
import { type Encoding, encodingOf, firstBytes, textOf } from './encodings.ts';

/** How a file is to be read, where its name does not say it. */
export interface Reading {
  as?: 'ndjson' | 'csv' | undefined;
  type?: FactType | undefined;
}

/** A file that can be read: it was looked through, and its columns are right. */
export interface FactsFile {
  lines(): AsyncGenerator<FactLine>;
  /** Removes what was set aside for it. */
  close(): void;
}

/**
 * Looks a whole file through before anything of it is taken in.
 * @param file a path, or `-` for standard input.
 * @throws {@link InputError} when it is no file of facts, is in no encoding that can be told, or has wrong columns.
 */
export async function openFacts(file: string, { as, type }: Reading): Promise<FactsFile> {
  const { path, close } = await twiceReadable(file);
  try {
    const packed = await startsWith(path, GZIP);
    const named = basename(file).replace(/\.gz$/i, '');
    const csv = isCsv(named, { as, type });
    const encoding = await encodingOfFile(file, () => bytesOf(path, packed));
    const text = () =>
      linesOf(textOf(bytesOf(path, packed), encoding), file === '-' ? 'standard input' : file);
    if (!csv) {
      await checkLines(file, text());
      return { lines: text, close };
    }
    const kind = type ?? typeOfFile(named);
    const header = await headerOf(text());
    checkHeader(file, kind, header);
    return { lines: () => rowsOf(text(), kind, header), close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Only CSV has a type of its own: where one is given, what is not named NDJSON is CSV. */
function isCsv(name: string, { as, type }: Reading): boolean {
  if (as !== undefined) return as === 'csv';
  return /\.csv$/i.test(name) || (type !== undefined && !/\.(ndjson|jsonl)$/i.test(name));
}

/** Standard input and pipes can be read once only: they are set aside, for all is looked through before it is taken in. */
async function twiceReadable(file: string): Promise<{ path: string; close: () => void }> {
  if (file !== '-' && statSync(file).isFile()) return { path: file, close: () => {} };
  const directory = mkdtempSync(join(tmpdir(), 'hongbao-'));
  const close = () => rmSync(directory, { recursive: true, force: true });
  const path = join(directory, 'facts');
  try {
    await writeFile(path, file === '-' ? process.stdin : createReadStream(file));
  } catch (error) {
    close();
    throw error;
  }
  return { path, close };
}

const GZIP = [0x1f, 0x8b];

/** What people give by mistake, by how it starts. */
const NO_FACTS: readonly [string, readonly number[]][] = [
  ['a zip archive or a spreadsheet (save the sheet as CSV)', [0x50, 0x4b, 0x03, 0x04]],
  ['an old spreadsheet (save the sheet as CSV)', [0xd0, 0xcf, 0x11, 0xe0]],
  ['a PNG image', [0x89, 0x50, 0x4e, 0x47]],
  ['a JPEG image', [0xff, 0xd8, 0xff]],
  ['a PDF', [0x25, 0x50, 0x44, 0x46]],
  ['packed twice', GZIP],
];

async function startsWith(path: string, bytes: readonly number[]): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes.length), 0, bytes.length, 0);
    return bytesRead === bytes.length && bytes.every((byte, index) => buffer[index] === byte);
  } finally {
    await file.close();
  }
}

function bytesOf(path: string, packed: boolean): Readable {
  // Whoever stops reading closes both ends, and what goes wrong at one is thrown at the other.
  return packed ? pipeline(createReadStream(path), createGunzip(), () => {}) : createReadStream(path);
}

/** @throws {@link InputError} when a file is no text, or what people give by mistake. */
async function encodingOfFile(file: string, bytes: () => Readable): Promise<Encoding> {
  let encoding: Encoding | undefined;
  try {
    const start = await firstBytes(bytes());
    const found = NO_FACTS.find(([, magic]) => magic.every((byte, index) => start[index] === byte));
    if (found !== undefined)
      throw new InputError(`file: got ${file}, ${found[0]}; allowed: NDJSON or CSV of facts`);
    encoding = await encodingOf(bytes);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`file: ${file} cannot be read: ${(error as Error).message}`);
  }
  if (encoding !== undefined) return encoding;
  throw new InputError(
    `file: got ${file}, which is no text; allowed: UTF-8, UTF-16 with a byte order mark, or GB18030 that plainly is Chinese`,
  );
}

async function* linesOf(text: AsyncIterable<string>, file: string): AsyncGenerator<FactLine> {
  const splitter = new LineSplitter(file);
  for await (const piece of text) yield* splitter.push(piece);
  yield* splitter.end();
}

/** @throws {@link InputError} when a file has lines, and not one of them begins as an object does. */
async function checkLines(file: string, lines: AsyncGenerator<FactLine>): Promise<void> {
  let seen = false;
  for await (const { text } of lines) {
    const start = text.trimStart();
    if (start.startsWith('{')) return;
    seen ||= start !== '';
  }
  if (!seen) return;
  throw new InputError(
    `file: got ${file}, of which no line begins with {; allowed: one JSON object a line, or CSV with --as csv`,
  );
}

/** @throws {@link InputError} when there is no header, or it is none. */
async function headerOf(lines: AsyncGenerator<FactLine>): Promise<string[]> {
  for await (const { text, at } of lines) {
    if (text.trim() === '') continue;
    const cells = cellsOf(text);
    if (Array.isArray(cells)) return cells;
    throw new InputError(
      `${at}: columns: got ${JSON.stringify(text.slice(0, 80))}; allowed: a header of CSV`,
    );
  }
  throw new InputError('file: got no line at all; allowed: a header of CSV, and rows');
}

/** The rows as the lines that say the same. One that is no row is refused with its place, and the next is read. */
async function* rowsOf(
  lines: AsyncGenerator<FactLine>,
  type: FactType | undefined,
  header: readonly string[],
): AsyncGenerator<FactLine> {
  let seenHeader = false;
  for await (const line of lines) {
    if (line.text.trim() === '') continue;
    if (seenHeader) yield rowOf(line, type, header);
    seenHeader = true;
  }
}

/**
 * A row is a line: no text of a fact goes over several, and a quote that is never closed costs its own row and no other.
 */
function rowOf(line: FactLine, type: FactType | undefined, header: readonly string[]): FactLine {
  if (line.refused !== undefined) return line;
  const cells = cellsOf(line.text);
  if (!Array.isArray(cells)) {
    const allowed = 'a row of CSV on one line, quotes doubled inside quotes';
    return { ...line, refused: `row: ${cells.reason}; allowed: ${allowed}` };
  }
  // Spreadsheets leave rows and columns of empty cells behind.
  if (cells.every((cell) => cell === '')) return { ...line, text: '' };
  const extra = cells.slice(header.length).some((cell) => cell !== '');
  return cells.length < header.length || extra
    ? { ...line, refused: `columns: got ${cells.length} cells; allowed: ${header.length}, one a column` }
    : { ...line, text: lineOfRow(type, header, cells) };
}

/** The cells of one row, or why it is none. */
function cellsOf(text: string): string[] | { reason: string } {
  try {
    // A carriage return ends no row: where it seemed to, all after it would be left out.
    const rows = parse(text, { bom: true, trim: true, relax_column_count: true, record_delimiter: '\n' });
    return rows[0] ?? [];
  } catch (error) {
    return { reason: (error as Error).message };
  }
}
