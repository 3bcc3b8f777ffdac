/** `hongbao import`: takes facts in from files or standard input. */
import { createReadStream, statSync } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Command } from 'commander';
import { parse as parseCsv } from 'csv-parse';
import { lineOfRow, typeOfFile } from '../../shared/facts/csv.ts';
import { FACTS_ZONE } from '../../shared/facts/schema.ts';
import { addIngested, type Ingested, ingest, noneIngested } from '../../shared/pipeline/ingest.ts';
import { readControl } from '../../shared/store/control.ts';
import { businessDate } from '../../shared/values/calendar.ts';
import { InputError } from '../../shared/values/validation.ts';
import { type CommonOptions, command, dateArgument, programsOf, withTarget } from './command.ts';
import { note, printRecord } from './output.ts';
import { startProgress } from './progress.ts';
import type { Target } from './target.ts';

interface ImportOptions extends CommonOptions {
  arrivedOn?: string;
}

const BATCH_LINES = 1_000;
export const QUARANTINED_EXIT = 3;

export function importCommand(): Command {
  return command(
    'import',
    'take facts in: NDJSON, one fact a line; - is standard input',
    'import facts.ndjson --arrived-on 2024-08-01',
  )
    .argument('<file...>', 'files of facts')
    .option('--arrived-on <date>', 'the day they arrived, when it was not today', dateArgument)
    .action(importFiles);
}

async function importFiles(files: string[], options: ImportOptions): Promise<void> {
  const missing = files.filter(
    (file) => file !== '-' && statSync(file, { throwIfNoEntry: false })?.isDirectory() !== false,
  );
  if (missing.length > 0)
    throw new InputError(`file: got ${missing.join(', ')}; allowed: files that exist, or -`);
  const work = async (target: Target) => {
    await arrivalDate(target, options);
    const counts = await importAll(target, files, () => arrivalDate(target, options));
    printRecord(options.format, { ...counts });
    if (counts.quarantined === 0) return;
    note(`${counts.quarantined} facts were quarantined, and why: hongbao quarantine`);
    process.exitCode = QUARANTINED_EXIT;
  };
  await withTarget(options, work, { makes: true });
}

/**
 * The date on which facts arrive now. An import may take hours: days end, and runs pass them, while it does.
 * @throws {@link InputError} when it is still to come, or a run has passed it: they would never be looked at.
 */
async function arrivalDate({ services: { table } }: Target, options: ImportOptions): Promise<string> {
  const today = businessDate(Date.now(), FACTS_ZONE);
  const arrivedOn = options.arrivedOn ?? today;
  if (arrivedOn > today) {
    throw new InputError(`--arrived-on: got ${arrivedOn}; allowed: at most today, ${today}`);
  }
  for (const { program } of programsOf(options)) {
    const { watermark } = await readControl(table, program);
    if (watermark !== undefined && arrivedOn <= watermark) {
      throw new InputError(
        `--arrived-on: got ${arrivedOn}; allowed: a date after ${watermark}, up to which ${program} has decided everyone who was due`,
      );
    }
  }
  return arrivedOn;
}

async function importAll(
  { services }: Target,
  files: readonly string[],
  arrivalOf: () => Promise<string>,
): Promise<Ingested> {
  const counts = noneIngested();
  const progress = startProgress(1);
  let lines = 0;
  try {
    for await (const batch of batches(files)) {
      const done = await ingest(services, batch, await dateOfBatch(arrivalOf, lines));
      addIngested(counts, done);
      lines += batch.length;
      progress.at(0, `${lines} lines`);
    }
  } finally {
    progress.end();
  }
  return counts;
}

/** A run that passes the date while facts are taken in ends the import; it is no bad input any more. */
async function dateOfBatch(arrivalOf: () => Promise<string>, lines: number): Promise<string> {
  try {
    return await arrivalOf();
  } catch (error) {
    if (lines === 0 || !(error instanceof InputError)) throw error;
    throw new Error(`${lines} lines are taken in, the rest is not: ${error.message}`);
  }
}

/** The lines of a file; the rows of CSV become the lines that say the same. */
async function* linesOf(file: string): AsyncGenerator<string> {
  const input: Readable = file === '-' ? process.stdin : createReadStream(file);
  if (!file.endsWith('.csv')) {
    yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
    return;
  }
  const type = typeOfFile(basename(file));
  const rows = input.pipe(parseCsv({ columns: true, bom: true, skip_empty_lines: true, trim: true }));
  for await (const row of rows) yield lineOfRow(type, row as Record<string, string>);
}

async function* batches(files: readonly string[]): AsyncGenerator<string[]> {
  let batch: string[] = [];
  for (const file of files) {
    for await (const line of linesOf(file)) {
      batch.push(line);
      if (batch.length < BATCH_LINES) continue;
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}
