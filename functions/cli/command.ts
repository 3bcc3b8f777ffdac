/** What every command shares: its options, its programs, and the place it works in. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { CATALOGUE, findProgram } from '../../shared/policy/catalogue.ts';
import type { Program } from '../../shared/policy/schema.ts';
import { EMBEDDED_TABLE } from '../../shared/runtime/embedded.ts';
import { isDate, isMonth } from '../../shared/values/calendar.ts';
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
    .hook('preAction', (_, action) => {
      if (action.opts().quiet === true) beQuiet();
    });
}

/** A command that only holds others. */
export function group(name: string, description: string, example: string): Command {
  return new Command(name)
    .description(description)
    .addHelpText('after', `\nExample:\n  $ hongbao ${example}`);
}

/** Reads the argument of an option as a date: a wrong one is told before anything is opened. */
export function dateArgument(text: string): string {
  if (isDate(text)) return text;
  throw new InvalidArgumentError('allowed: a calendar date as YYYY-MM-DD');
}

/** Reads the argument of an option as a month. */
export function monthArgument(text: string): string {
  if (isMonth(text)) return text;
  throw new InvalidArgumentError('allowed: a month as YYYY-MM');
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

/** Opens the place that the options name, does the work, and closes it whatever happens. */
export async function withTarget<T>(
  options: CommonOptions,
  work: (target: Target) => Promise<T>,
): Promise<T> {
  if (options.table !== undefined && options.endpoint === undefined) {
    throw new InputError(`--table: got ${JSON.stringify(options.table)}; allowed: only beside --endpoint`);
  }
  const target = await openTarget(options);
  try {
    return await work(target);
  } finally {
    await target.close();
  }
}

async function openTarget(options: CommonOptions): Promise<Target> {
  if (options.stage !== undefined) return openStage(options.stage);
  if (options.endpoint !== undefined) return openEndpoint(options.endpoint, options.table ?? EMBEDDED_TABLE);
  return openLocal(typeof options.local === 'string' ? options.local : DEFAULT_DIRECTORY);
}
