/** Facts that come too late for what they belong to: what is sealed keeps its sum, and they are named (law 5). */
import { holdingsOf } from '../engine/case.ts';
import type { Holding } from '../engine/decision.ts';
import type { History, Latecomer } from '../engine/history.ts';
import { entityOf } from '../engine/members.ts';
import { kindsOf } from '../engine/rules.ts';
import { isAbout, isSealed } from '../engine/sealed.ts';
import { memberReadsFrom } from '../policy/reach.ts';
import type { Incentive, Program } from '../policy/schema.ts';
import { readHistory, readShopIds } from '../store/histories.ts';
import { type Run, type RunRecord, readRuns } from '../store/runs.ts';
import { monthOf } from '../values/calendar.ts';
import type { Services } from './services.ts';

/** Kinds that what others did counts for: an agency's members, or an owner's other shops. */
const OF_OTHERS: readonly Incentive['kind'][] = ['rebate', 'window-rollup', 'pooled-split'];

/**
 * Names the late facts of participants for which an occasion was sealed already when the first run could have counted
 * them: `m-1 2024-09-05 w1/cold-1`, by participant, first date and occasion, and by whose occasion where it is another's.
 * What it asks the table for beside, it asks once a shard.
 */
export function latenessIn(
  { table }: Services,
  run: Run,
  program: Program,
): (history: History) => Promise<string[]> {
  const closed = remembering(async () =>
    (await readRuns(table, program.program)).filter(({ state }) => state === 'closed'),
  );
  // From the as-of on: the ledger, and no days.
  const heldBy = remembering(async (id) => holdingsOfOne(program, await readHistory(table, id, run.asOf)));
  return async (history) => {
    if (history.late.length === 0) return [];
    // What others have for a month is sealed only when runs no longer read all that members did in it.
    const shares = history.late.some(({ from }) => memberReadsFrom(program, monthOf(from)) < run.horizon);
    const others = shares ? await Promise.all((await relativesOf(table, history)).map(heldBy)) : [];
    const shared = others.flat().filter(({ last }) => isOfOthers(program, last.incentive));
    const met = [...holdingsOfOne(program, history), ...shared]
      .filter((holding) => isSealed(holding, run.horizon))
      .flatMap((holding) => history.late.map((late) => ({ holding, late })))
      .filter(({ holding, late }) => isAbout(program, holding, late));
    if (met.length === 0) return [];
    const runs = await closed('');
    const names = met
      .filter(({ holding, late }) => !runs.some((one) => hasCounted(one, history, holding, late)))
      .map(({ holding, late }) => nameOf(history, holding, late));
    return [...new Set(names)].sort();
  };
}

function holdingsOfOne({ program }: Program, { entries }: History): Holding[] {
  return [...holdingsOf(entries, program).values()];
}

function isOfOthers(program: Program, incentive: string): boolean {
  return OF_OTHERS.some((kind) => kindsOf(program).get(incentive) === kind);
}

/** Those whose occasions may rest on what it did: its agencies, and the other shops of its owner. */
async function relativesOf(table: Services['table'], history: History): Promise<string[]> {
  const { participantId, agencies, shops } = history;
  const entity = entityOf(history);
  const others = new Set([
    ...agencies,
    ...(entity === participantId ? shops : await readShopIds(table, entity)),
  ]);
  others.delete(participantId);
  return [...others];
}

/** Whether a run came after a fact, and read all that the occasion rests on. */
function hasCounted(
  { asOf, horizon, participants }: RunRecord,
  { participantId }: History,
  { last }: Holding,
  { arrivedOn }: Latecomer,
): boolean {
  const looked = participants?.includes(participantId) ?? true;
  return looked && asOf >= arrivedOn && horizon <= last.readsFrom;
}

function nameOf({ participantId }: History, { occasion, last }: Holding, { from }: Latecomer): string {
  const whose = last.participantId === participantId ? '' : `${last.participantId} `;
  return `${participantId} ${from} ${whose}${occasion}`;
}

/** Asks once for each id. */
function remembering<T>(ask: (id: string) => Promise<T>): (id: string) => Promise<T> {
  const asked = new Map<string, Promise<T>>();
  return (id) => {
    const known = asked.get(id) ?? ask(id);
    asked.set(id, known);
    return known;
  };
}
