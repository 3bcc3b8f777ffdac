/** Those paid by what takes everyone: agencies and ranked creators, when the sums are known. */
import type { Evaluation, Surroundings } from '../engine/decision.ts';
import { evaluateEntity } from '../engine/entity.ts';
import { evaluate } from '../engine/evaluate.ts';
import type { History } from '../engine/history.ts';
import { entityOf } from '../engine/members.ts';
import type { Program } from '../policy/schema.ts';
import { readHistory } from '../store/histories.ts';
import type { Run } from '../store/runs.ts';
import { bucketOf } from '../store/table.ts';
import { readContext } from './decide.ts';
import { isCounted, isSeenWhole, readShops } from './evaluate-entities.ts';
import { isOneOfSeveral } from './evaluate-shard.ts';
import { frozenFor, markAgain, planAll, type ShardResult } from './evaluation.ts';
import type { Shard } from './open-run.ts';
import { pinnedProgram } from './policy-in-force.ts';
import type { Services } from './services.ts';

/** Evaluates a shard of those whom the decisions are about. */
export async function evaluateLast(
  services: Services,
  run: Run,
  { shard, of }: Shard,
  context: string,
): Promise<ShardResult> {
  const { table } = services;
  const program = pinnedProgram(services, run);
  const { ids, agencies, frozen: decidedNow } = await readContext(services, context);
  const own = ids.filter((id) => bucketOf(id, of) === shard && run.without?.includes(id) !== true);
  const frozen = new Map([...(await frozenFor(services, run)), ...decidedNow]);
  return planAll(services, run, program, { step: 'last', shard, of }, own, async (id, to) => {
    const history = await readHistory(table, id, run.horizon, run);
    const around: Surroundings = {
      full: run.full,
      frozen,
      ...(agencies === undefined ? {} : { agency: agencies.get(id) ?? new Map() }),
    };
    const entity = isOneOfSeveral(history) ? entityOf(history) : undefined;
    const sharesCap = entity !== undefined && isCounted(program, history);
    if (sharesCap && !(await isSeenWhole(services, run, entity))) {
      if (!run.dryRun) await markAgain(services, run, [id]);
      return;
    }
    const shops = sharesCap ? await readShops(services, entity, run) : [];
    to.evaluated(history, evaluateAmong(program, run, history, shops, around), entity);
  });
}

/** One shop of several is evaluated with the others: they share its entity's cap. */
function evaluateAmong(
  program: Program,
  run: Run,
  history: History,
  shops: readonly History[],
  around: Surroundings,
): Evaluation {
  const counted = shops.filter((shop) => isCounted(program, shop));
  const evaluation = evaluateEntity(program, counted, run, around).get(history.participantId);
  return evaluation ?? evaluate(program, history, run, around);
}
