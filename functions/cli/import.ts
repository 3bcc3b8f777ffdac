/** `hongbao import`: takes facts in from files or standard input. */
import { statSync } from 'node:fs';
import { type Command, Option } from 'commander';
import type { FactLine } from '../../shared/facts/lines.ts';
import { FACT_TYPES, FACTS_ZONE } from '../../shared/facts/schema.ts';
import { ingest } from '../../shared/pipeline/ingest.ts';
import { Judge } from '../../shared/pipeline/judge.ts';
import { addIngested, type Ingested, noneIngested } from '../../shared/pipeline/merge-facts.ts';
import { readControl } from '../../shared/store/control.ts';
import { type BusinessDate, businessDate } from '../../shared/values/calendar.ts';
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
/** So many refused lines are named by a dry run. */
const SHOWN_REFUSALS = 20;

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
    (file) => file !== '-' && statSync(file, { throwIfNoEntry: false })?.isDirectory() !== false,
  );
  if (missing.length > 0)
    throw new InputError(`file: got ${missing.join(', ')}; allowed: files that exist, or -`);
  if (names.filter((name) => name === '-').length > 1)
    throw new InputError('file: got - twice; allowed: standard input once');
  const files: FactsFile[] = [];
  try {
    for (const name of names) files.push(await openFacts(name, options));
    await withTarget(
      options,
      (target) => importOpened(target, files, options),
      options.dryRun === true ? { absent: 'empty' } : { makes: true },
    );
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
  const counts = noneIngested();
  const taken = options.dryRun === true ? await judging(target, options) : taking(target, options);
  const progress = startProgress(1);
  let lines = 0;
  try {
    for await (const batch of batches(files)) {
      addIngested(
        counts,
        await taken(batch).catch((error) => Promise.reject(lines === 0 ? error : halfway(error, lines))),
      );
      lines += batch.length;
      progress.at(0, `${lines} lines`);
    }
  } finally {
    progress.end();
  }
  return counts;
}

type Take = (batch: readonly FactLine[]) => Promise<Ingested>;

function taking(target: Target, options: ImportOptions): Take {
  const hasPassed = (date: BusinessDate) => mayPass(target, options, date);
  const how = options.arrivedOn === undefined ? {} : { hasPassed };
  return async (batch) => ingest(target.services, batch, await arrivalDate(target, options), how);
}

/** Each line is judged as if those before it had been taken in. */
async function judging(target: Target, options: ImportOptions): Promise<Take> {
  const judge = new Judge(target.services.table, await arrivalDate(target, options));
  let shown = 0;
  return async (batch) => {
    const { counts, refused } = await judge.judge(batch);
    for (const { at = '', reason } of refused.slice(0, SHOWN_REFUSALS - shown)) note(`${at} ${reason}`);
    shown = Math.min(SHOWN_REFUSALS, shown + refused.length);
    return counts;
  };
}

/** Whether a run has passed a date, or one is under way that may be about to. */
async function mayPass(
  { services: { table } }: Target,
  options: ImportOptions,
  date: BusinessDate,
): Promise<boolean> {
  for (const { program } of programsOf(options)) {
    const { watermark, state } = await readControl(table, program);
    if (state !== 'idle' || (watermark !== undefined && date <= watermark)) return true;
  }
  return false;
}

/** What ends an import halfway is no bad input any more, even where it would have been at the start. */
function halfway(cause: Error, lines: number): Error {
  return new Error(
    `${lines} lines are taken in, and not all of the rest: ${cause.message}. Import the files again`,
    { cause },
  );
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
