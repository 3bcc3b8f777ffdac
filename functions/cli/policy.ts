/** `hongbao policy`: what is in force, what is wrong with a file, and what a change would have paid. */
import { existsSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { FACTS_ZONE } from '../../shared/facts/schema.ts';
import { shiftsBetween, type WhatIf, whatIf } from '../../shared/pipeline/what-if.ts';
import { CATALOGUE, findProgram } from '../../shared/policy/catalogue.ts';
import { checkProgram } from '../../shared/policy/checks.ts';
import type { Program } from '../../shared/policy/schema.ts';
import { inForce, versionHash, versionOn } from '../../shared/policy/versions.ts';
import { businessDate } from '../../shared/values/calendar.ts';
import { formatAmount, type Unit } from '../../shared/values/units.ts';
import { InputError } from '../../shared/values/validation.ts';
import { type CommonOptions, checkRange, command, dateArgument, group, withTarget } from './command.ts';
import { bold, note, printJson, printRecord, printRows, printTable, say } from './output.ts';

const SHIFTS_SHOWN = 20;

export function policyCommand(): Command {
  return group('policy', 'what is in force, and what a change would have paid', 'policy list')
    .addCommand(listCommand(), { isDefault: true })
    .addCommand(showCommand())
    .addCommand(checkCommand())
    .addCommand(diffCommand());
}

function listCommand(): Command {
  return command('list', 'every version of every program', 'policy list').action(
    ({ format }: CommonOptions) => {
      const today = businessDate(Date.now(), FACTS_ZONE);
      const rows = CATALOGUE.flatMap((program) => {
        // Whether a plan under a superseding version has been applied is known by the table alone.
        const ofThemselves = inForce(program, []);
        return program.versions.map((version) => ({
          program: program.program,
          version: version.version,
          from: version.from,
          to: version.to,
          supersedes: version.supersedes,
          inForce:
            version.supersedes === undefined ? versionOn(ofThemselves, today) === version : 'once applied',
          incentives: version.incentives.map(({ id }) => id).join(' '),
          hash: versionHash(program, version),
        }));
      });
      printRows(format, rows, ['program', 'version', 'from', 'to', 'inForce', 'incentives', 'hash']);
    },
  );
}

function showCommand(): Command {
  return command(
    'show',
    'a program as the JSON that check and diff read',
    'policy show treasure-host > mine.json',
  )
    .argument('<program>', 'its name')
    .action((name: string) => printJson(findProgram(name), 2));
}

function checkCommand(): Command {
  return command('check', 'what is wrong with a policy file, all at once', 'policy check mine.json')
    .argument('<file>', 'a program as JSON')
    .action((file: string, { format }: CommonOptions) => {
      const { program, versions } = readProgram(file);
      printRecord(format, { program, versions: versions.length, faults: 0 });
    });
}

interface DiffOptions extends CommonOptions {
  from: string;
  to: string;
}

function diffCommand(): Command {
  return command(
    'diff',
    'what each of two policies would have paid on the facts there are, and to whom',
    'policy diff treasure-host mine.json --from 2024-08-01 --to 2024-08-31',
  )
    .argument('<a>', 'a program of the catalogue, or a file')
    .argument('<b>', 'another')
    .requiredOption('--from <date>', 'the first date', dateArgument)
    .requiredOption('--to <date>', 'the last date', dateArgument)
    .action((a: string, b: string, options: DiffOptions) => diff(readProgram(a), readProgram(b), options));
}

/** @throws {@link InputError} naming every fault of a file, or the programs there are. */
function readProgram(name: string): Program {
  if (!existsSync(name)) return findProgram(name);
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(name, 'utf8'));
  } catch (error) {
    throw new InputError(`file: ${name} is not JSON: ${(error as Error).message}`);
  }
  try {
    return checkProgram(json);
  } catch (error) {
    throw error instanceof InputError ? error : new InputError((error as Error).message);
  }
}

async function diff(a: Program, b: Program, options: DiffOptions): Promise<void> {
  checkRange(options);
  const [paidA, paidB] = await withTarget(options, async ({ services }) => [
    await whatIf(services, a, options),
    await whatIf(services, b, options),
  ]);
  const shifts = shiftsBetween(paidA, paidB);
  const incentives = [
    ...new Set([...Object.keys(paidA.totals.incentives), ...Object.keys(paidB.totals.incentives)]),
  ].sort();
  if (options.format !== 'table') {
    const side = ({ totals, exhaustedOn }: WhatIf) => ({ totals, exhaustedOn });
    printRecord(options.format, { a: side(paidA), b: side(paidB), shifts });
    return;
  }
  const amountIn = ({ totals }: WhatIf, name: string) => totals.incentives[name]?.amount ?? 0;
  printTable(
    ['incentive', 'a', 'b', 'difference'],
    incentives.map((name) => {
      const [incentive = '', unit] = name.split(' ');
      const show = (amount: number) => formatAmount(amount, unit as Unit);
      const [inA, inB] = [amountIn(paidA, name), amountIn(paidB, name)];
      return [incentive, show(inA), show(inB), show(inB - inA)];
    }),
  );
  for (const [label, { exhaustedOn }] of [
    ['a', paidA],
    ['b', paidB],
  ] as const) {
    for (const [pool, date] of Object.entries(exhaustedOn))
      say(`${label}: pool ${pool} would have run short on ${date}`);
  }
  say(
    bold(
      `${new Set(shifts.map(({ participantId }) => participantId)).size} participants would be paid otherwise`,
    ),
  );
  const rows = shifts.slice(0, SHIFTS_SHOWN).map(({ participantId, unit, a: inA, b: inB }) => {
    const show = (amount: number) => formatAmount(amount, unit as Unit);
    return [participantId, show(inA), show(inB), show(inB - inA)];
  });
  if (rows.length > 0) printTable(['participant', 'a', 'b', 'difference'], rows);
  if (shifts.length > SHIFTS_SHOWN)
    note(`and ${shifts.length - SHIFTS_SHOWN} more: --format ndjson shows all`);
}
