/** What every command shares: its options, its programs, and the place it works in. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { FACTS_ZONE } from '../../shared/facts/schema.ts';
import { CATALOGUE, findProgram } from '../../shared/policy/catalogue.ts';
import type { Program } from '../../shared/policy/schema.ts';
import { EMBEDDED_TABLE, hasNoDatabase } from '../../shared/runtime/embedded.ts';
import {
  addDays,
  type BusinessDate,
  businessDate,
  isDate,
  isMonth,
  lastDay,
  type Month,
  monthOf,
} from '../../shared/values/calendar.ts';
import { InputError, reasonSchema } from '../../shared/values/validation.ts';
import { beQuiet, FORMATS, type Format } from './output.ts';
import { openStage } from './stage.ts';
import { openEndpoint, openLocal, type Target } from './target.ts';

const DEFAULT_DIRECTORY = '.hongbao';
/** The options of every command. */
export interface CommonOptions {
  program?: string;
  format: Format;
  quiet?: boolean;
  local?: string | true;
  endpoint?: string;
  table?: string;
  stage?: string;
}

/** A command with the options that every one has. */
export function command(name: string, description: string, example: string): Command {
  return new Command(name)
    .description(description)
    .addOption(new Option('--program <name>', 'one program; each of the catalogue in turn when left out'))
    .addOption(new Option('--format <format>', 'how results are printed').choices(FORMATS).default('table'))
    .addOption(new Option('--quiet', 'no messages and no progress'))
    .addOption(
      new Option(
        '--local [dir]',
        `an embedded database kept in a directory (default, ${DEFAULT_DIRECTORY})`,
      ).conflicts(['endpoint', 'stage']),
    )
    .addOption(new Option('--endpoint <url>', 'a DynamoDB-compatible server').conflicts('stage'))
    .addOption(new Option('--table <name>', `the table there (default ${EMBEDDED_TABLE})`))
    .addOption(new Option('--stage <name>', 'a deployed stage'))
    .addHelpText('after', `\nExample:\n  $ hongbao ${example}`)
    .hook('preAction', (_, action) => beQuiet(action.opts().quiet === true));
}

/** A command that only holds others. */
export function group(name: string, description: string, example: string): Command {
  return new Command(name)
    .description(description)
    .addHelpText('after', `\nExample:\n  $ hongbao ${example}`);
}

/** Nothing here is older; a date far off would have every day up to it looked at. */
const EARLIEST = '1970-01-01';

function today(): BusinessDate {
  return businessDate(Date.now(), FACTS_ZONE);
}

/** Reads the argument of an option as a date up to today: a wrong one is told before anything is opened. */
export function dateArgument(text: string): BusinessDate {
  return dateUpTo(text, today(), 'today');
}

/** Reads the argument of an option as a date up to two years from today: of what is only made up. */
export function comingDateArgument(text: string): BusinessDate {
  return dateUpTo(text, addDays(today(), COMING_DAYS), 'two years from today');
}

const COMING_DAYS = 730;

function dateUpTo(text: string, latest: BusinessDate, called: string): BusinessDate {
  if (!isDate(text)) throw new InvalidArgumentError('allowed: a calendar date as YYYY-MM-DD');
  if (EARLIEST <= text && text <= latest) return text;
  throw new InvalidArgumentError(`allowed: a date from ${EARLIEST} to ${called}, ${latest}`);
}

/** Reads the argument of an option as a month that has ended, or ends today. */
export function monthArgument(text: string): Month {
  if (!isMonth(text)) throw new InvalidArgumentError('allowed: a month as YYYY-MM');
  if (monthOf(EARLIEST) <= text && lastDay(text) <= today()) return text;
  throw new InvalidArgumentError(
    `allowed: a month from ${monthOf(EARLIEST)} on that has ended by today, ${today()}`,
  );
}

/** Reads the argument of an option as a reason, for the record. */
export function reasonArgument(text: string): string {
  const { success, data, error } = reasonSchema.safeParse(text);
  if (success) return data;
  throw new InvalidArgumentError(`allowed: ${error.issues[0]?.message}`);
}

/** @throws {@link InputError} when a range ends before it starts. */
export function checkRange({ from, to }: { from?: string; to?: string }): void {
  if (from !== undefined && to !== undefined && from > to) {
    throw new InputError(`--from: got ${from}; allowed: at most --to, ${to}`);
  }
}

/** The programs a command is about. @throws {@link InputError} for an unknown one. */
export function programsOf({ program }: CommonOptions): readonly Program[] {
  return program === undefined ? CATALOGUE : [findProgram(program)];
}

/**
 * Opens the place that the options name, does the work, and closes it whatever happens.
 *
 * @param makes whether the work makes an embedded database that is not there yet; what only reads says that there is
 * none, unless `absent` is `empty`: then it reads from one that is empty and in memory.
 * @throws {@link InputError}
 */
export async function withTarget<T>(
  options: CommonOptions,
  work: (target: Target) => Promise<T>,
  { makes = false, absent = 'refused' }: Absence = {},
): Promise<T> {
  if (options.table !== undefined && options.endpoint === undefined) {
    throw new InputError(`--table: got ${JSON.stringify(options.table)}; allowed: only beside --endpoint`);
  }
  const target = await openTarget(options, { makes, absent });
  try {
    return await work(target);
  } finally {
    await target.close();
  }
}

/** What becomes of a command where there is no embedded database. */
interface Absence {
  makes?: boolean;
  absent?: 'refused' | 'empty';
}

async function openTarget(
  { stage, endpoint, table, local }: CommonOptions,
  { makes, absent }: Absence,
): Promise<Target> {
  if (stage !== undefined) return openStage(stage);
  if (endpoint !== undefined) return openEndpoint(endpoint, table ?? EMBEDDED_TABLE);
  const directory = typeof local === 'string' ? local : DEFAULT_DIRECTORY;
  if (!makes && hasNoDatabase(directory)) {
    if (absent === 'empty') return openLocal();
    throw new InputError(
      `--local: got ${directory}, where there is no database; allowed: one that was made (import, a run, a backfill or budget set makes it)`,
    );
  }
  return openLocal(directory);
}
