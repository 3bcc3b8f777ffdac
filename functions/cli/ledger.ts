/** `hongbao grants` and `hongbao ledger`: what each participant has, and the entries it comes from. */
import type { Command } from 'commander';
import type { Entry } from '../../shared/engine/history.ts';
import { readEntries, readEntriesOf } from '../../shared/store/ledger.ts';
import { isDate } from '../../shared/values/calendar.ts';
import { InputError } from '../../shared/values/validation.ts';
import { type CommonOptions, command, programsOf, withTarget } from './command.ts';
import { printRows, type Row } from './output.ts';
import type { Target } from './target.ts';

interface LedgerOptions extends CommonOptions {
  participant?: string;
  from?: string;
  to?: string;
}

export function grantsCommand(): Command {
  return command(
    'grants',
    'what each participant has: a row an occasion with a non-zero sum',
    'grants --participant m-1',
  )
    .option('--participant <id>', 'one participant')
    .action((options: LedgerOptions) =>
      withTarget(options, async (target) => {
        const rows = grantRows(await entriesOf(target, options));
        printRows(options.format, rows, [
          'participantId',
          'program',
          'occasion',
          'amount',
          'unit',
          'earnedOn',
        ]);
      }),
    );
}

export function ledgerCommand(): Command {
  return command('ledger', 'the entries themselves', 'ledger --participant m-1 --format ndjson')
    .option('--participant <id>', 'one participant')
    .option('--from <date>', 'recorded on this business date or later')
    .option('--to <date>', 'recorded on this business date or earlier')
    .action((options: LedgerOptions) =>
      withTarget(options, async (target) => {
        const rows = (await entriesOf(target, options)).map(entryRow);
        printRows(options.format, rows, [
          'participantId',
          'occasion',
          'n',
          'kind',
          'amount',
          'unit',
          'earnedOn',
          'reason',
          'runId',
        ]);
      }),
    );
}

async function entriesOf({ services: { table } }: Target, options: LedgerOptions): Promise<Entry[]> {
  const { participant, from, to } = options;
  for (const [flag, date] of [
    ['--from', from],
    ['--to', to],
  ] as const) {
    if (date !== undefined && !isDate(date)) {
      throw new InputError(`${flag}: got ${JSON.stringify(date)}; allowed: a date as YYYY-MM-DD`);
    }
  }
  const programs = new Set(programsOf(options).map(({ program }) => program));
  const entries =
    participant === undefined ? await readEntries(table) : await readEntriesOf(table, participant);
  return entries.filter(
    ({ program, recordedAt }) =>
      programs.has(program) &&
      (from ?? '') <= recordedAt &&
      (to === undefined || recordedAt.slice(0, 10) <= to),
  );
}

/** One row an occasion whose entries do not add up to nothing. */
function grantRows(entries: readonly Entry[]): Row[] {
  const grants = new Map<string, Entry[]>();
  for (const entry of entries) {
    const key = [entry.participantId, entry.program, entry.occasion].join(' ');
    grants.set(key, [...(grants.get(key) ?? []), entry]);
  }
  return [...grants.values()].flatMap((own) => {
    const { participantId, program, occasion, unit, earnedOn, policy } = own.at(-1)!;
    const amount = own.reduce((sum, entry) => sum + entry.amount, 0);
    return amount === 0
      ? []
      : [{ participantId, program, occasion, unit, amount, earnedOn, entries: own.length, policy }];
  });
}

function entryRow(entry: Entry): Row {
  const {
    participantId,
    program,
    occasion,
    n,
    kind,
    unit,
    amount,
    earnedOn,
    runId,
    recordedAt,
    policy,
    reason,
    evidence,
    ...more
  } = entry;
  return {
    participantId,
    program,
    occasion,
    n,
    kind,
    unit,
    amount,
    earnedOn,
    runId,
    recordedAt,
    policy,
    reason,
    evidence,
    ...more,
  };
}
