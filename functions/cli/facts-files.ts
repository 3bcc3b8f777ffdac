/** Files of facts as people have them: NDJSON or CSV, packed or not, in the encodings that spreadsheets write. */
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { open, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { TextDecoder } from 'node:util';
import { createGunzip } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { checkHeader, lineOfRow, typeOfFile } from '../../shared/facts/csv.ts';
import type { FactType } from '../../shared/facts/schema.ts';
import type { FactLine } from '../../shared/pipeline/ingest.ts';
import { InputError } from '../../shared/values/validation.ts';

/** How a file is to be read, where its name does not say it. */
export interface Reading {
  as?: 'ndjson' | 'csv';
  type?: FactType;
}

/** A file that can be read: it was looked through, and its columns are right. */
export interface FactsFile {
  lines(): AsyncGenerator<FactLine>;
  /** Removes what was set aside for it. */
  close(): void;
}

/**
 * Looks a whole file through before anything of it is taken in.
 * @param file a path, or `-` for standard input, which is set aside in a temporary directory.
 * @throws {@link InputError} when it is no file of facts, is in no encoding that can be told, or has wrong columns.
 */
export async function openFacts(file: string, { as, type }: Reading): Promise<FactsFile> {
  const { path, close } = file === '-' ? await setAside() : { path: file, close: () => {} };
  try {
    const packed = await startsWith(path, GZIP);
    const named = basename(file).replace(/\.gz$/i, '');
    const csv = as === undefined ? /\.csv$/i.test(named) : as === 'csv';
    const encoding = await encodingOf(file, () => bytesOf(path, packed));
    const text = () =>
      linesOf(decoded(bytesOf(path, packed), encoding), file === '-' ? 'standard input' : file);
    if (!csv) return { lines: text, close };
    const kind = type ?? typeOfFile(named);
    const header = await headerOf(text());
    checkHeader(file, kind, header);
    return { lines: () => rowsOf(text(), kind, header), close };
  } catch (error) {
    close();
    throw error;
  }
}

async function setAside(): Promise<{ path: string; close: () => void }> {
  const directory = mkdtempSync(join(tmpdir(), 'hongbao-'));
  const path = join(directory, 'stdin');
  await writeFile(path, process.stdin);
  return { path, close: () => rmSync(directory, { recursive: true, force: true }) };
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
  const stream = createReadStream(path);
  if (!packed) return stream;
  const unpacked = createGunzip();
  stream.on('error', (error) => unpacked.destroy(error));
  return stream.pipe(unpacked);
}

type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'gb18030';

/** Characters that no text of facts has, and that a wrong guess of the encoding would give. */
const STRANGE = /[\uE000-\uF8FF\uFFFD]/;

/**
 * By its byte order mark; without one UTF-8 if all of it is that, and GB18030, as Chinese spreadsheets save CSV, if all of
 * it is that and reads as text. Nothing is ever guessed in part: a file in neither is refused whole.
 */
async function encodingOf(file: string, bytes: () => Readable): Promise<Encoding> {
  const tried: { encoding: Encoding; decoder: TextDecoder; fits: boolean }[] = [];
  try {
    let start = true;
    for await (const chunk of bytes() as AsyncIterable<Buffer>) {
      if (start) {
        const found = NO_FACTS.find(([, magic]) => magic.every((byte, index) => chunk[index] === byte));
        if (found !== undefined)
          throw new InputError(`file: got ${file}, ${found[0]}; allowed: NDJSON or CSV of facts`);
        for (const encoding of candidates(chunk)) {
          tried.push({ encoding, decoder: new TextDecoder(encoding, { fatal: true }), fits: true });
        }
        start = false;
      }
      for (const one of tried) one.fits &&= reads(one.decoder, one.encoding, chunk);
    }
    for (const one of tried) one.fits &&= reads(one.decoder, one.encoding, undefined);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`file: ${file} cannot be read: ${(error as Error).message}`);
  }
  if (tried.length === 0) return 'utf-8';
  const first = tried.find(({ fits }) => fits);
  if (first !== undefined) return first.encoding;
  throw new InputError(
    `file: got ${file}, which is no text; allowed: UTF-8, UTF-16 with a byte order mark, or GB18030`,
  );
}

function candidates(start: Buffer): Encoding[] {
  if (start[0] === 0xff && start[1] === 0xfe) return ['utf-16le'];
  if (start[0] === 0xfe && start[1] === 0xff) return ['utf-16be'];
  return ['utf-8', 'gb18030'];
}

function reads(decoder: TextDecoder, encoding: Encoding, chunk: Buffer | undefined): boolean {
  try {
    const text = chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    return !text.includes('\0') && !(encoding === 'gb18030' && STRANGE.test(text));
  } catch {
    return false;
  }
}

async function* decoded(bytes: Readable, encoding: Encoding): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  for await (const chunk of bytes as AsyncIterable<Buffer>) yield decoder.decode(chunk, { stream: true });
  yield decoder.decode();
}

/** Lines end at a line feed only: U+2028 is a character of a text as any other. */
async function* linesOf(text: AsyncIterable<string>, file: string): AsyncGenerator<FactLine> {
  let number = 0;
  let rest = '';
  const line = (content: string): FactLine => ({
    text: content.endsWith('\r') ? content.slice(0, -1) : content,
    at: `${file}:${number}`,
  });
  for await (const chunk of text) {
    const pieces = (rest + chunk).split('\n');
    rest = pieces.pop() ?? '';
    for (const piece of pieces) {
      number++;
      yield line(piece);
    }
  }
  number++;
  if (rest !== '') yield line(rest);
}

/** A row may go on over some lines, in quotes; over more than these, a quote was never closed. */
const ROW_LINES = 20;

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
  let waiting: FactLine[] = [];
  let seenHeader = false;
  const row = (first: FactLine, cells: readonly string[]): FactLine => {
    const extra = cells.slice(header.length).some((cell) => cell !== '');
    return cells.length < header.length || extra
      ? { ...first, refused: `columns: got ${cells.length} cells; allowed: ${header.length}, one a column` }
      : { ...first, text: lineOfRow(type, header, cells) };
  };
  /** Takes what is whole off the lines that wait. At the end of a file, nothing can be completed any more. */
  function* taken(atEnd: boolean): Generator<FactLine> {
    while (waiting.length > 0) {
      const [first] = waiting as [FactLine];
      const size = wholeRow(waiting);
      if (size === undefined && !atEnd && waiting.length < ROW_LINES) return;
      const cells = cellsOf(
        waiting
          .slice(0, size ?? 1)
          .map(({ text }) => text)
          .join('\n'),
      );
      waiting = waiting.slice(size ?? 1);
      if (Array.isArray(cells)) yield row(first, cells);
      else
        yield {
          ...first,
          refused: `row: ${cells.reason}; allowed: a row of CSV, quotes doubled inside quotes`,
        };
    }
  }
  for await (const line of lines) {
    if (waiting.length === 0 && line.text.trim() === '') continue;
    if (!seenHeader) {
      seenHeader = true;
      continue;
    }
    waiting.push(line);
    yield* taken(false);
  }
  yield* taken(true);
}

/** Of how many of the lines that wait the first row is made; undefined when its quotes are still open. */
function wholeRow(lines: readonly FactLine[]): number | undefined {
  for (let size = 1; size <= lines.length; size++) {
    const cells = cellsOf(
      lines
        .slice(0, size)
        .map(({ text }) => text)
        .join('\n'),
    );
    if (Array.isArray(cells)) return size;
    if (!cells.open) return size === 1 ? 1 : undefined;
  }
  return undefined;
}

/** The cells of one row, or why it is none. */
function cellsOf(text: string): string[] | { reason: string; open: boolean } {
  try {
    const rows = parse(text, {
      bom: true,
      trim: true,
      relax_column_count: true,
      skip_empty_lines: true,
    }) as string[][];
    return rows[0] ?? [];
  } catch (error) {
    const { message, code } = error as Error & { code?: string };
    return { reason: message, open: code === 'CSV_QUOTE_NOT_CLOSED' };
  }
}
