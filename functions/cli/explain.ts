/** `hongbao explain`: why a participant has what it has, why not more, and how far the next step is. */
import type { Command } from 'commander';
import type { Decision, Holding } from '../../shared/engine/decision.ts';
import { evaluate } from '../../shared/engine/evaluate.ts';
import { sentence, valuesRead } from '../../shared/engine/explain.ts';
import { REASONS } from '../../shared/engine/reasons.ts';
import { FACTS_ZONE } from '../../shared/facts/schema.ts';
import type { Program } from '../../shared/policy/schema.ts';
import { readControl } from '../../shared/store/control.ts';
import { readHistory } from '../../shared/store/histories.ts';
import { RETENTION_DAYS } from '../../shared/store/table.ts';
import { addDays, businessDate } from '../../shared/values/calendar.ts';
import { compareCodeUnits } from '../../shared/values/canonical.ts';
import { idSchema, parseInput } from '../../shared/values/validation.ts';
import { type CommonOptions, command, dateArgument, programsOf, withTarget } from './command.ts';
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
    const rows: Row[] = [];
    for (const program of programsOf(options))
      rows.push(...(await explainRows(target, program, id, options.asOf)));
    const wanted =
      options.occasion === undefined ? rows : rows.filter(({ occasion }) => occasion === options.occasion);
    if (wanted.length === 0) {
      const about = options.occasion === undefined ? '' : ` for ${options.occasion}`;
      throw new Error(
        `nothing is known of ${id}${about}: no program here pays it, or its facts have not come`,
      );
    }
    printRows(options.format, wanted, ['occasion', 'outcome', 'has', 'unit', 'on', 'why']);
  });
}

/** A row an occasion, decided or held, with what the ledger has for it and one sentence on why. */
export async function explainRows(
  { services: { table } }: Pick<Target, 'services'>,
  program: Program,
  participantId: string,
  asOfWanted?: string,
): Promise<Row[]> {
  const { closedAsOf } = await readControl(table, program.program);
  const asOf = asOfWanted ?? closedAsOf ?? businessDate(Date.now(), FACTS_ZONE);
  const horizon = addDays(asOf, -RETENTION_DAYS);
  const history = await readHistory(table, participantId, horizon, { consistent: true });
  if (history.participant === undefined && history.days.length > 0) {
    note(`${participantId} is not known yet: its facts count once it is`);
  }
  const { decisions, holdings } = evaluate(program, history, { asOf, horizon });
  const decided = new Set(decisions.map(({ occasion }) => occasion));
  const others = [...holdings.values()].filter(({ occasion }) => !decided.has(occasion));
  return [
    ...decisions.map((decision) => decisionRow(program, decision, holdings.get(decision.occasion))),
    ...others.map((holding) => holdingRow(program, holding)),
  ].sort((a, b) => compareCodeUnits(String(a.occasion), String(b.occasion)));
}

function decisionRow({ program }: Program, decision: Decision, holding: Holding | undefined): Row {
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
    why: sentence(decision),
    reason,
    evidence,
    policy,
  };
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
