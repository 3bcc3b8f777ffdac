/** `hongbao grants` and `hongbao ledger`: what each participant has, and the entries it comes from. */
import { type Command, Option } from 'commander';
import type { Entry } from '../../shared/engine/history.ts';
import { FACTS_ZONE } from '../../shared/facts/schema.ts';
import { readShops } from '../../shared/pipeline/evaluate-entities.ts';
import { readEntries, readEntriesOf } from '../../shared/store/ledger.ts';
import { businessDate } from '../../shared/values/calendar.ts';
import { idSchema, parseInput } from '../../shared/values/validation.ts';
import { type CommonOptions, checkRange, command, dateArgument, programsOf, withTarget } from './command.ts';
import { printRows, type Row } from './output.ts';

interface LedgerOptions extends CommonOptions {
  participant?: string;
  entity?: string;
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
    .addOption(new Option('--entity <id>', 'all shops of one owner').conflicts('participant'))
    .action(async (options: LedgerOptions) => {
      const rows = grantRows(await entriesOf(options));
      printRows(options.format, rows, ['participantId', 'program', 'occasion', 'amount', 'unit', 'earnedOn']);
    });
}

export function ledgerCommand(): Command {
  return command('ledger', 'the entries themselves', 'ledger --participant m-1 --format ndjson')
    .option('--participant <id>', 'one participant')
    .option('--from <date>', 'recorded on this business date or later', dateArgument)
    .option('--to <date>', 'recorded on this business date or earlier', dateArgument)
    .action(async (options: LedgerOptions) => {
      const rows = (await entriesOf(options)).map(entryRow);
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
    });
}

async function entriesOf(options: LedgerOptions): Promise<Entry[]> {
  const { participant, from, to } = options;
  checkRange(options);
  if (participant !== undefined) parseInput(idSchema, participant, '--participant');
  const programs = new Set(programsOf(options).map(({ program }) => program));
  const entries = await withTarget(options, async ({ services }) => {
    const { table } = services;
    if (participant !== undefined) return readEntriesOf(table, participant);
    if (options.entity === undefined) return readEntries(table);
    const entity = parseInput(idSchema, options.entity, '--entity');
    const span = { horizon: businessDate(services.now(), FACTS_ZONE), consistent: true };
    const shops = await readShops(services, entity, span);
    return (await Promise.all(shops.map((shop) => readEntriesOf(table, shop.participantId)))).flat();
  });
  return entries.filter(({ program, recordedAt }) => {
    const recordedOn = businessDate(Date.parse(recordedAt), FACTS_ZONE);
    return programs.has(program) && (from ?? recordedOn) <= recordedOn && recordedOn <= (to ?? recordedOn);
  });
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

/** The fields of an entry that every format starts with, in this order; others follow. */
const ENTRY_FIELDS = [
  'participantId',
  'program',
  'occasion',
  'n',
  'kind',
  'unit',
  'amount',
  'earnedOn',
  'runId',
  'recordedAt',
  'policy',
  'reason',
  'evidence',
] as const satisfies (keyof Entry)[];

function entryRow(entry: Entry): Row {
  return { ...Object.fromEntries(ENTRY_FIELDS.map((field) => [field, entry[field]])), ...entry };
}
