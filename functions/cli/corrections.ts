/** `hongbao corrections`: lowerings held for an operator, and what was decided on them. */
import type { Command } from 'commander';
import { decideCorrection } from '../../shared/pipeline/corrections.ts';
import { type HeldBy, readHeld } from '../../shared/store/held.ts';
import { formatAmount } from '../../shared/values/units.ts';
import { InputError } from '../../shared/values/validation.ts';
import { type CommonOptions, command, group, programsOf, reasonArgument, withTarget } from './command.ts';
import { note, printRows, type Row } from './output.ts';
import { requester } from './running.ts';
import type { Target } from './target.ts';

interface DecideOptions extends CommonOptions {
  reason: string;
}

export function correctionsCommand(): Command {
  const list = command('list', 'what waits, and what was decided', 'corrections').action(
    (options: CommonOptions) =>
      withTarget(options, async (target) => {
        const rows = (await readAll(target, options)).map(heldRow);
        printRows(options.format, rows, ['id', 'state', 'lowering', 'because', 'decidedBy', 'decision']);
      }),
  );
  const decide = (name: 'approve' | 'reject', decision: 'approved' | 'rejected', description: string) =>
    command(name, description, `corrections ${name} treasure-host:a-1:agency-pool/2024-08 --reason "checked"`)
      .argument('<id...>', 'as corrections lists them')
      .requiredOption('--reason <text>', 'why, for the record', reasonArgument)
      .action((ids: string[], options: DecideOptions) =>
        withTarget(options, (target) => decideAll(target, options, ids, decision)),
      );
  return group('corrections', 'lowerings held for an operator', 'corrections')
    .addCommand(list, { isDefault: true })
    .addCommand(decide('approve', 'approved', 'let the next run write them'))
    .addCommand(decide('reject', 'rejected', 'waive them: what was granted stays'));
}

async function readAll({ services: { table } }: Target, options: CommonOptions): Promise<HeldBy[]> {
  const all: HeldBy[] = [];
  for (const { program } of programsOf(options)) all.push(...(await readHeld(table, program)));
  return all;
}

/** Nothing is decided unless every id is one that waits; one that was approved and not written yet may be approved again. */
async function decideAll(
  target: Target,
  options: DecideOptions,
  ids: readonly string[],
  decision: 'approved' | 'rejected',
): Promise<void> {
  const decidable = new Map(
    (await readAll(target, options))
      .filter(({ state }) => state === 'waiting' || (state === 'approved' && decision === 'approved'))
      .map((held) => [idOf(held), held]),
  );
  const unknown = ids.filter((id) => !decidable.has(id));
  if (unknown.length > 0) {
    const allowed = [...decidable.keys()].join(', ') || 'nothing waits';
    throw new InputError(`correction: got ${unknown.join(', ')}; allowed: ${allowed}`);
  }
  for (const id of ids) {
    const at = new Date(target.services.now()).toISOString();
    const made = { decision, by: requester(), reason: options.reason, at };
    if (!(await decideCorrection(target.services, decidable.get(id)!, made)))
      throw new Error(`${id} has changed while you looked: list the corrections again`);
    note(`${id} ${decision}`);
  }
  if (decision === 'approved') note('the next run writes them');
}

function idOf({ program, participantId, change }: HeldBy): string {
  return `${program}:${participantId}:${change.occasion}`;
}

function heldRow(held: HeldBy): Row {
  const { change, state, log } = held;
  const last = log.at(-1);
  return {
    id: idOf(held),
    state,
    lowering: formatAmount(change.amount, change.unit),
    because: change.reason,
    decidedBy: last?.by,
    decision: last && `${last.decision}: ${last.reason}`,
    change,
    log,
  };
}
