/** `hongbao explain`: why a participant has what it has, why not more, and how far the next step is. */
import type { Command } from 'commander';
import type { Decision, Evaluation, Holding } from '../../shared/engine/decision.ts';
import { cameTooLate, lowering, tell, valuesRead } from '../../shared/engine/explain.ts';
import type { Change } from '../../shared/engine/history.ts';
import type { Asked } from '../../shared/engine/outlook.ts';
import { REASONS } from '../../shared/engine/reasons.ts';
import { reconcile } from '../../shared/engine/reconcile.ts';
import { FACTS_ZONE } from '../../shared/facts/schema.ts';
import { lookAt, type View } from '../../shared/pipeline/look.ts';
import { programNow } from '../../shared/pipeline/policy-in-force.ts';
import type { Services } from '../../shared/pipeline/services.ts';
import { horizonForUndecided } from '../../shared/pipeline/undecided.ts';
import { RETENTION_DAYS, reachDays } from '../../shared/policy/reach.ts';
import type { Program } from '../../shared/policy/schema.ts';
import { readControl } from '../../shared/store/control.ts';
import { readHistory } from '../../shared/store/histories.ts';
import { readRuns } from '../../shared/store/runs.ts';
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

/** What an explanation sees, and from where. */
interface Standpoint extends View {
  /** The last closed as-of, where the ledger stands; none before the first run. */
  closedAsOf: string | undefined;
}

/**
 * As far back as facts are kept. Before the last closed as-of, the ledger is as the runs had left it by then: their
 * as-ofs never go back, so an entry is of the date of its run, whenever that ran.
 */
async function standpointOf(
  { services: { table } }: Pick<Target, 'services'>,
  { program }: Program,
  wanted?: string,
): Promise<Standpoint> {
  const { closedAsOf } = await readControl(table, program);
  const asOf = wanted ?? closedAsOf ?? businessDate(Date.now(), FACTS_ZONE);
  const horizon = later(addDays(asOf, -RETENTION_DAYS), floorOf(table) ?? '');
  const view = { asOf, horizon, closedAsOf };
  if (closedAsOf === undefined || asOf >= closedAsOf) return view;
  const runs = new Map((await readRuns(table, program)).map((run) => [run.runId, run.asOf]));
  return { ...view, written: ({ runId, earnedOn }) => (runs.get(runId) ?? earnedOn) <= asOf };
}

/** A row an occasion, decided or sealed, with what the ledger has for it and one sentence on why. */
export async function explainRows(
  { services }: Pick<Target, 'services'>,
  deployed: Program,
  participantId: string,
  asOf?: string,
): Promise<Row[]> {
  const program = await programNow(services.table, deployed);
  const standpoint = await standpointOf({ services }, program, asOf);
  const { history, evaluation } = await lookAt(services, program, participantId, standpoint);
  if (history.participant === undefined && history.days.length > 0) {
    note(`${participantId} is not known yet: its facts count once it is`);
  }
  const { decisions, holdings } = evaluation;
  const asked = { program, history, asOf: standpoint.asOf };
  const next = await nextOf(services, asked, evaluation, standpoint);
  const decided = new Set(decisions.map(({ occasion }) => occasion));
  const others = [...holdings.values()].filter(({ occasion }) => !decided.has(occasion));
  return [
    ...decisions.map((decision) => decisionRow(asked, decision, holdings.get(decision.occasion), next)),
    ...others.map((holding) => holdingRow(program, holding, next)),
  ].sort((a, b) => compareCodeUnits(String(a.occasion), String(b.occasion)));
}

/** What comes of an occasion next, in words that follow the others; nothing when looking back. */
type Next = (occasion: string, holding: Holding | undefined) => string;

async function nextOf(
  { table }: Pick<Services, 'table'>,
  asked: Asked,
  evaluation: Evaluation,
  { closedAsOf, asOf, horizon, written }: Standpoint,
): Promise<Next> {
  if (closedAsOf === undefined || written !== undefined) return () => '';
  const { program, history } = asked;
  // As far back as the next run reads: what rests on older facts keeps what it has.
  const scheduled = later(horizon, addDays(asOf, 1 - reachDays(program)));
  const control = await readControl(table, program.program);
  const reads = await horizonForUndecided(table, program, control, scheduled);
  const { holdings } = evaluation;
  const isUnread = ({ occasion, readsFrom }: Change) => !holdings.has(occasion) && readsFrom < reads;
  const changes = reconcile(program, evaluation, reads, history.held).filter((one) => !isUnread(one));
  const comes = new Set(changes.map(({ occasion }) => occasion));
  const tooLate = new Set(
    reconcile(program, evaluation, horizon, history.held)
      .filter(({ occasion, amount }) => amount !== 0 && !comes.has(occasion))
      .map(({ occasion }) => occasion),
  );
  const waiting = new Set(
    history.held.flatMap(({ state, change }) => (state === 'waiting' ? [change.occasion] : [])),
  );
  return (occasion, holding) => {
    const { shortfall, unit = 'count' } = holding?.last ?? {};
    const change = changes.find((one) => one.occasion === occasion && one.amount < 0);
    return [
      shortfall === undefined
        ? ''
        : ` The pool ran short: ${formatAmount(shortfall, unit)} to come when its limit is raised.`,
      waiting.has(occasion) ? ' Lowering it waits for an operator.' : '',
      change === undefined || change.hold === 'drop' ? '' : ` ${lowering(program, change, closedAsOf)}`,
      tooLate.has(occasion) ? ` ${cameTooLate(reads)}` : '',
    ].join('');
  };
}

/** An owner's matrix: shown for its own id, and beside each of its shops. */
async function explainOwner(
  target: Target,
  deployed: Program,
  id: string,
  options: ExplainOptions,
): Promise<Row[]> {
  const { table } = target.services;
  const program = await programNow(table, deployed);
  const standpoint = await standpointOf(target, program, options.asOf);
  const { participant } = await readHistory(table, id, standpoint.asOf, { consistent: true });
  const entity = participant?.entityId ?? id;
  const { rows, caps } = await matrixOf(target, program, entity, standpoint);
  if (entity === id && rows.length < 2) return [];
  for (const cap of caps) note(`owner ${entity}, ${rows.length} shops and windows · ${cap}`);
  return participant === undefined ? rows : [];
}

function decisionRow(asked: Asked, decision: Decision, holding: Holding | undefined, next: Next): Row {
  const { occasion, unit, amount, worth, earnedOn, policy, incentive } = decision;
  const { outcome, reason, evidence, why } = tell(asked, decision);
  return {
    program: asked.program.program,
    incentive,
    occasion,
    outcome,
    has: holding?.sum ?? 0,
    due: amount,
    worth,
    unit,
    on: earnedOn,
    why: why + next(occasion, holding),
    reason,
    evidence,
    policy,
  };
}

/** What nothing is decided on: what the facts read do not reach any more, and the ledger remembers why. */
function holdingRow({ program }: Program, holding: Holding, next: Next): Row {
  const { occasion, sum, last } = holding;
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
    why: `${REASONS[reason]} ${valuesRead(evidence)}.${next(occasion, holding)}`,
    reason,
    evidence,
    policy,
  };
}
