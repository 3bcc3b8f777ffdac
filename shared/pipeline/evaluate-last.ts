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
import { isCounted, readShops } from './evaluate-entities.ts';
import { isOneOfSeveral } from './evaluate-shard.ts';
import { frozenFor, planAll, type ShardResult } from './evaluation.ts';
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
  const own = ids.filter((id) => bucketOf(id, of) === shard);
  const frozen = new Map([...(await frozenFor(services, run)), ...decidedNow]);
  return planAll(services, run, program, { step: 'last', shard, of }, own, async (id, to) => {
    const history = await readHistory(table, id, run.horizon, run);
    const around: Surroundings = {
      full: run.full,
      frozen,
      ...(agencies === undefined ? {} : { agency: agencies.get(id) ?? new Map() }),
    };
    const evaluation = await evaluateOne(services, run, program, history, around);
    to.evaluated(history, evaluation, isOneOfSeveral(history) ? entityOf(history) : undefined);
  });
}

/** One shop of several is evaluated with the others: they share its entity's cap. */
async function evaluateOne(
  services: Services,
  run: Run,
  program: Program,
  history: History,
  around: Surroundings,
): Promise<Evaluation> {
  if (isOneOfSeveral(history) && isCounted(program, history)) {
    const shops = await readShops(services, entityOf(history), run);
    const counted = shops.filter((shop) => isCounted(program, shop));
    const evaluation = evaluateEntity(program, counted, run, around).get(history.participantId);
    if (evaluation !== undefined) return evaluation;
  }
  return evaluate(program, history, run, around);
}
