/** `hongbao awards`: what only runs that look at everyone decide, and closing what they could not. */
import type { Command } from 'commander';
import { closeUndecided } from '../../shared/pipeline/close-award.ts';
import { readUndecided } from '../../shared/pipeline/undecided.ts';
import { readControl } from '../../shared/store/control.ts';
import { readAwards } from '../../shared/store/decisions.ts';
import { compareCodeUnits } from '../../shared/values/canonical.ts';
import { InputError } from '../../shared/values/validation.ts';
import { type CommonOptions, command, group, programsOf, reasonArgument, withTarget } from './command.ts';
import { note, printRows, type Row } from './output.ts';
import { requester } from './running.ts';
import type { Target } from './target.ts';

interface CloseOptions extends CommonOptions {
  reason: string;
}

export function awardsCommand(): Command {
  const list = command(
    'list',
    'pool splits and rankings that are frozen, and what is due and undecided',
    'awards',
  ).action((options: CommonOptions) =>
    withTarget(options, async (target) => {
      const rows: Row[] = [];
      for (const { program } of programsOf(options)) rows.push(...(await awardRows(target, program)));
      printRows(options.format, rows, ['program', 'award', 'state', 'holders', 'by', 'reason']);
    }),
  );
  const close = command(
    'close',
    'close one that could not be decided: nobody gets anything of it any more',
    'awards close agency-pool/2024-08 --program treasure-host --reason "m-1 is damaged since July"',
  )
    .argument('<award>', 'as awards lists it')
    .requiredOption('--reason <text>', 'why, for the record', reasonArgument)
    .action((name: string, options: CloseOptions) =>
      withTarget(options, (target) => closeAndTell(target, options, name)),
    );
  return group('awards', 'what takes everyone: decided, undecided, closed', 'awards')
    .addCommand(list, { isDefault: true })
    .addCommand(close);
}

async function awardRows({ services: { table } }: Target, program: string): Promise<Row[]> {
  const undecided = await readUndecided(table, program, await readControl(table, program));
  const decided = (await readAwards(table, program)).map(({ name, award, runId, closed }) => ({
    program,
    award: name,
    state: closed === undefined ? 'decided' : 'closed',
    holders: award.shares.size,
    by: closed?.by ?? runId,
    reason: closed?.reason,
    at: closed?.at,
    shares: [...award.shares].map(([participantId, amount]) => ({ participantId, amount })),
  }));
  const rows = [...decided, ...undecided.map((award) => ({ program, award, state: 'undecided' }))];
  return rows.sort((a, b) => compareCodeUnits(a.award, b.award));
}

/** The award says which program it is of, where only one of them knows it. */
async function closeAndTell(target: Target, options: CloseOptions, name: string): Promise<void> {
  const programs = programsOf(options).map(({ program }) => program);
  const knowing: string[] = [];
  for (const program of programs) {
    if ((await awardRows(target, program)).some(({ award }) => award === name)) knowing.push(program);
  }
  const [program = programs[0] ?? '', ...others] = knowing;
  if (others.length > 0) {
    throw new InputError(
      `--program: got nothing; allowed: one of ${knowing.join(', ')}, which all have ${name}`,
    );
  }
  await closeUndecided(target.services, program, name, { by: requester(), reason: options.reason });
  note(`${program} ${name} is closed: nobody gets anything of it any more`);
}
