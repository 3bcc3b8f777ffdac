/** `hongbao quarantine`: the facts that were refused, and why; trying them again, and dropping them. */
import type { Command } from 'commander';
import {
  dropRow,
  type JudgedRow,
  judgedRows,
  retryRow,
  rowsNamed,
} from '../../shared/pipeline/quarantine.ts';
import { InputError } from '../../shared/values/validation.ts';
import { type CommonOptions, command, group, reasonArgument, withTarget } from './command.ts';
import { QUARANTINED_EXIT } from './import.ts';
import { note, printRecord, printRows, type Row } from './output.ts';
import { requester } from './running.ts';
import type { Target } from './target.ts';

const SHOWN_CHARACTERS = 60;
/** Enough of an id to name a row by. */
const SHOWN_ID = 10;

interface SomeOptions extends CommonOptions {
  all?: boolean;
}

export function quarantineCommand(): Command {
  const list = command('list', 'the facts refused, and why', 'quarantine --format ndjson')
    .option('--all', 'also those that are closed')
    .action((options: SomeOptions) =>
      withTarget(options, async (target) => {
        const rows = (await judgedRows(target.services)).filter(
          ({ closed }) => options.all === true || !closed,
        );
        const shown = options.format === 'table' ? rows.map(shortened) : rows.map(full);
        printRows(options.format, shown, ['id', 'arrivedOn', 'at', 'state', 'reason', 'raw']);
      }),
    );
  const show = command('show', 'all that is known of one', 'quarantine show 0f3a9c1e52')
    .argument('<id>', 'its id, or enough of it')
    .action((id: string, options: CommonOptions) =>
      withTarget(options, async (target) => {
        const [row] = rowsNamed(await judgedRows(target.services), [id]);
        printRecord(options.format, full(row!));
      }),
    );
  const retry = command('retry', 'take some in again, as arrived today', 'quarantine retry 0f3a9c1e52')
    .argument('[id...]', 'their ids, or enough of each; all that are open when left out')
    .option('--all', 'all that are open')
    .action((ids: string[], options: SomeOptions) =>
      withTarget(options, (target) =>
        retryAll(target, ids, { ...options, all: options.all ?? ids.length === 0 }),
      ),
    );
  const drop = command(
    'drop',
    'close some for good',
    'quarantine drop 0f3a9c1e52 --reason "a test of theirs"',
  )
    .argument('[id...]', 'their ids, or enough of each')
    .option('--all', 'all that are open')
    .requiredOption('--reason <text>', 'why, for the record', reasonArgument)
    .action((ids: string[], options: SomeOptions & { reason: string }) =>
      withTarget(options, (target) => dropAll(target, ids, options)),
    );
  return group('quarantine', 'facts refused, and why', 'quarantine --local .hongbao')
    .addCommand(list, { isDefault: true })
    .addCommand(show)
    .addCommand(retry)
    .addCommand(drop);
}

/** The open rows that are meant. @throws {@link InputError} when none are named, or one is not open. */
async function chosen(
  { services }: Target,
  ids: readonly string[],
  { all = false }: SomeOptions,
): Promise<JudgedRow[]> {
  if (all === ids.length > 0) throw new InputError('quarantine: got no ids; allowed: ids of rows, or --all');
  const rows = await judgedRows(services);
  if (all) return rows.filter(({ closed }) => !closed);
  const named = rowsNamed(rows, ids);
  const closed = named.filter((row) => row.closed);
  if (closed.length > 0) {
    throw new InputError(
      `quarantine: got ${closed.map(({ id }) => id.slice(0, SHOWN_ID)).join(', ')}, which is closed; allowed: open rows`,
    );
  }
  return named;
}

async function retryAll(target: Target, ids: readonly string[], options: SomeOptions): Promise<void> {
  const rows: Row[] = [];
  for (const row of await chosen(target, ids, options)) {
    const { id, ...done } = await retryRow(target.services, row, requester());
    rows.push({ id: id.slice(0, SHOWN_ID), ...done });
  }
  printRows(options.format, rows, ['id', 'outcome', 'reason']);
  if (rows.some(({ outcome }) => outcome === 'refused again')) process.exitCode = QUARANTINED_EXIT;
}

async function dropAll(
  target: Target,
  ids: readonly string[],
  options: SomeOptions & { reason: string },
): Promise<void> {
  for (const row of await chosen(target, ids, options)) {
    await dropRow(target.services, row, { by: requester(), reason: options.reason });
    note(`${row.id.slice(0, SHOWN_ID)} dropped`);
  }
}

function full({ closed, state, ...row }: JudgedRow): Row {
  return { ...row, state: closed && state === 'open' ? 'closed' : state };
}

function shortened(row: JudgedRow): Row {
  const { raw, id } = row;
  return {
    ...full(row),
    id: id.slice(0, SHOWN_ID),
    raw: raw.length > SHOWN_CHARACTERS ? `${raw.slice(0, SHOWN_CHARACTERS)}…` : raw,
  };
}
