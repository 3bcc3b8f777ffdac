/** `hongbao explain`: why a participant has what it has, why not more, and how far the next step is. */
import type { Command } from 'commander';
import type { Decision, Holding } from '../../shared/engine/decision.ts';
import { sentence, valuesRead } from '../../shared/engine/explain.ts';
import type { Held } from '../../shared/engine/history.ts';
import { REASONS } from '../../shared/engine/reasons.ts';
import { FACTS_ZONE } from '../../shared/facts/schema.ts';
import { lookAt } from '../../shared/pipeline/look.ts';
import { programNow } from '../../shared/pipeline/policy-in-force.ts';
import { RETENTION_DAYS } from '../../shared/policy/reach.ts';
import type { Program } from '../../shared/policy/schema.ts';
import { readControl } from '../../shared/store/control.ts';
import { readHistory } from '../../shared/store/histories.ts';
import { floorOf } from '../../shared/store/table.ts';
import { addDays, businessDate, later } from '../../shared/values/calendar.ts';
import { compareCodeUnits } from '../../shared/values/canonical.ts';
import { formatAmount } from '../../shared/values/units.ts';
import { idSchema, parseInput } from '../../shared/values/validation.ts';
import { type CommonOptions, command, dateArgument, programsOf, withTarget } from './command.ts';
import { matrixOf } from './matrix.ts';
import { note, printRows, type Row } from './output.ts';
import type { Target } from './target.ts';

interface ExplainOptions extends CommonOptions {
  occasion?: string;
  asOf?: string;
}

export function explainCommand(): Command {
  return command(
    'explain',
    'why, and why not: each occasion with the values read',
    'explain m-1 --program treasure-host',
  )
    .argument('<participant>', 'its id')
    .option('--occasion <occasion>', 'one occasion')
    .option('--as-of <date>', 'as of another date than the last closed one; it may look back', dateArgument)
    .action(explain);
}

async function explain(participant: string, options: ExplainOptions): Promise<void> {
  const id = parseInput(idSchema, participant, 'participant');
  await withTarget(options, async (target) => {
    const matrix: Row[] = [];
    const rows: Row[] = [];
    for (const program of programsOf(options)) {
      matrix.push(...(await explainOwner(target, program, id, options)));
      rows.push(...(await explainRows(target, program, id, options.asOf)));
    }
    const wanted =
      options.occasion === undefined ? rows : rows.filter(({ occasion }) => occasion === options.occasion);
    if (wanted.length + matrix.length === 0) {
      const about = options.occasion === undefined ? '' : ` for ${options.occasion}`;
      throw new Error(
        `nothing is known of ${id}${about}: no program here pays it, or its facts have not come`,
      );
    }
    if (matrix.length > 0) {
      printRows(options.format, matrix, ['shop', 'window', 'opensOn', 'closesOn', 'stands', 'exposures']);
    }
    if (wanted.length > 0)
      printRows(options.format, wanted, ['occasion', 'outcome', 'has', 'unit', 'on', 'why']);
  });
}

/** The dates an explanation reads between: as far back as facts are kept. */
async function spanOf({ services: { table } }: Pick<Target, 'services'>, program: Program, wanted?: string) {
  const { closedAsOf } = await readControl(table, program.program);
  const asOf = wanted ?? closedAsOf ?? businessDate(Date.now(), FACTS_ZONE);
  return { asOf, horizon: later(addDays(asOf, -RETENTION_DAYS), floorOf(table) ?? '') };
}

/** A row an occasion, decided or sealed, with what the ledger has for it and one sentence on why. */
export async function explainRows(
  { services }: Pick<Target, 'services'>,
  deployed: Program,
  participantId: string,
  asOf?: string,
): Promise<Row[]> {
  const program = await programNow(services.table, deployed);
  const span = await spanOf({ services }, program, asOf);
  const { history, evaluation } = await lookAt(services, program, participantId, span);
  if (history.participant === undefined && history.days.length > 0) {
    note(`${participantId} is not known yet: its facts count once it is`);
  }
  const { decisions, holdings } = evaluation;
  const decided = new Set(decisions.map(({ occasion }) => occasion));
  const others = [...holdings.values()].filter(({ occasion }) => !decided.has(occasion));
  return [
    ...decisions.map((decision) =>
      decisionRow(program, decision, span.asOf, holdings.get(decision.occasion), history.held),
    ),
    ...others.map((holding) => holdingRow(program, holding)),
  ].sort((a, b) => compareCodeUnits(String(a.occasion), String(b.occasion)));
}

/** An owner's matrix: shown for its own id, and beside each of its shops. */
async function explainOwner(
  target: Target,
  deployed: Program,
  id: string,
  options: ExplainOptions,
): Promise<Row[]> {
  const program = await programNow(target.services.table, deployed);
  const span = await spanOf(target, program, options.asOf);
  const { participant } = await readHistory(target.services.table, id, span.asOf, { consistent: true });
  const entity = participant?.entityId ?? id;
  const { rows, caps } = await matrixOf(target, program, entity, span);
  if (entity === id && rows.length < 2) return [];
  for (const cap of caps) note(`owner ${entity}, ${rows.length} shops and windows · ${cap}`);
  return participant === undefined ? rows : [];
}

function decisionRow(
  { program }: Program,
  decision: Decision,
  asOf: string,
  holding: Holding | undefined,
  held: readonly Held[],
): Row {
  const { occasion, outcome, unit, amount, worth, earnedOn, reason, evidence, policy, incentive } = decision;
  return {
    program,
    incentive,
    occasion,
    outcome,
    has: holding?.sum ?? 0,
    due: amount,
    worth,
    unit,
    on: earnedOn,
    why: sentence(decision, asOf) + outstanding(decision, holding, held),
    reason,
    evidence,
    policy,
  };
}

/** What the ledger does not follow yet: a pool that ran short, a lowering that waits for an operator. */
function outstanding(
  { occasion, unit }: Decision,
  holding: Holding | undefined,
  held: readonly Held[],
): string {
  const { shortfall } = holding?.last ?? {};
  const waits = held.some(({ state, change }) => state === 'waiting' && change.occasion === occasion);
  return [
    shortfall === undefined
      ? ''
      : ` The pool ran short: ${formatAmount(shortfall, unit)} to come when its limit is raised.`,
    waits ? ' Lowering it waits for an operator.' : '',
  ].join('');
}

/** What the facts read do not reach any more: the ledger remembers why. */
function holdingRow({ program }: Program, { occasion, sum, last }: Holding): Row {
  const { incentive, unit, earnedOn, reason, evidence, policy } = last;
  return {
    program,
    incentive,
    occasion,
    outcome: 'sealed',
    has: sum,
    due: sum,
    worth: sum,
    unit,
    on: earnedOn,
    why: `${REASONS[reason]} ${valuesRead(evidence)}.`,
    reason,
    evidence,
    policy,
  };
}
