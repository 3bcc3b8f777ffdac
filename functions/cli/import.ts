/** `hongbao import`: takes facts in from files or standard input. */
import { statSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { FACT_TYPES, FACTS_ZONE } from '../../shared/facts/schema.ts';
import {
  addIngested,
  type FactLine,
  type Ingested,
  ingest,
  noneIngested,
} from '../../shared/pipeline/ingest.ts';
import { readControl } from '../../shared/store/control.ts';
import { businessDate } from '../../shared/values/calendar.ts';
import { InputError } from '../../shared/values/validation.ts';
import { type CommonOptions, command, dateArgument, programsOf, withTarget } from './command.ts';
import { type FactsFile, openFacts, type Reading } from './facts-files.ts';
import { note, printRecord } from './output.ts';
import { startProgress } from './progress.ts';
import type { Target } from './target.ts';

interface ImportOptions extends CommonOptions, Reading {
  arrivedOn?: string;
  dryRun?: boolean;
}

const BATCH_LINES = 1_000;
export const QUARANTINED_EXIT = 3;

export function importCommand(): Command {
  return command(
    'import',
    'take facts in: NDJSON, one fact a line, or CSV of one type; .gz too; - is standard input',
    'import facts.ndjson --arrived-on 2024-08-01',
  )
    .argument('<file...>', 'files of facts')
    .option('--arrived-on <date>', 'the day they arrived, when it was not today', dateArgument)
    .addOption(
      new Option('--as <format>', 'what the files are, where their names do not say it').choices([
        'ndjson',
        'csv',
      ]),
    )
    .addOption(
      new Option('--type <type>', 'what the rows of CSV are, where the name does not say it').choices(
        FACT_TYPES,
      ),
    )
    .option('--dry-run', 'say what would become of the facts, and write nothing')
    .action(importFiles);
}

/** All files are looked through before anything is written. */
async function importFiles(names: string[], options: ImportOptions): Promise<void> {
  const missing = names.filter(
    (file) => file !== '-' && statSync(file, { throwIfNoEntry: false })?.isFile() !== true,
  );
  if (missing.length > 0)
    throw new InputError(`file: got ${missing.join(', ')}; allowed: files that exist, or -`);
  const files: FactsFile[] = [];
  try {
    for (const name of names) files.push(await openFacts(name, options));
    const makes = options.dryRun !== true;
    await withTarget(options, (target) => importOpened(target, files, options), { makes });
  } finally {
    for (const file of files) file.close();
  }
}

async function importOpened(
  target: Target,
  files: readonly FactsFile[],
  options: ImportOptions,
): Promise<void> {
  await arrivalDate(target, options);
  const counts = await importAll(target, files, options);
  printRecord(options.format, { ...counts });
  if (counts.quarantined === 0) return;
  note(
    options.dryRun === true
      ? `${counts.quarantined} facts would be quarantined`
      : `${counts.quarantined} facts were quarantined, and why: hongbao quarantine`,
  );
  process.exitCode = QUARANTINED_EXIT;
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
  target: Target,
  files: readonly FactsFile[],
  options: ImportOptions,
): Promise<Ingested> {
  const { dryRun = false } = options;
  const arrivalOf = () => arrivalDate(target, options);
  const counts = noneIngested();
  const progress = startProgress(1);
  let lines = 0;
  try {
    for await (const batch of batches(files)) {
      const arrivedOn = await dateOfBatch(arrivalOf, lines);
      addIngested(counts, await ingest(target.services, batch, arrivedOn, { dryRun }));
      lines += batch.length;
      progress.at(0, `${lines} lines`);
    }
    // A run that passed the date while the last lines were written has not looked at them.
    if (lines > 0 && !dryRun) await dateOfBatch(arrivalOf, lines);
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
    throw new Error(
      `${lines} lines are taken in, and the last of them may not be looked at; the rest is not: ${error.message}. Import the files again`,
    );
  }
}

async function* batches(files: readonly FactsFile[]): AsyncGenerator<FactLine[]> {
  let batch: FactLine[] = [];
  for (const file of files) {
    for await (const line of file.lines()) {
      batch.push(line);
      if (batch.length < BATCH_LINES) continue;
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}
