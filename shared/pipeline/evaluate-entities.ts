/** Owners of several shops: all of their shops together, whoever of them was due. */
import { evaluateEntity } from '../engine/entity.ts';
import { evaluate } from '../engine/evaluate.ts';
import type { History } from '../engine/history.ts';
import { entityOf } from '../engine/members.ts';
import { tallyOf } from '../engine/tally.ts';
import type { Program } from '../policy/schema.ts';
import { readHistories, readMembers } from '../store/histories.ts';
import type { Run } from '../store/runs.ts';
import { bucketOf } from '../store/table.ts';
import type { BusinessDate } from '../values/calendar.ts';
import { isPaidLast } from './evaluate-shard.ts';
import { frozenFor, planAll, readDeferred, type ShardOutcome, type ShardResult } from './evaluation.ts';
import type { Shard } from './open-run.ts';
import { pinnedProgram } from './policy-in-force.ts';
import type { Services } from './services.ts';

/** Evaluates the owners of a shard that the first stage deferred. */
export async function evaluateEntities(
  services: Services,
  run: Run,
  { shard, of }: Shard,
  outcomes: readonly ShardOutcome[],
): Promise<ShardResult> {
  const program = pinnedProgram(services, run);
  const { entities } = await readDeferred(services, outcomes);
  const own = entities.filter((entity) => bucketOf(entity, of) === shard);
  const frozen = own.length === 0 ? new Map() : await frozenFor(services, run);
  return planAll(services, run, program, shard, own, async (entity, to) => {
    const shops = await readShops(services, entity, run);
    const around = { full: run.full, frozen };
    const onPlatform = shops.filter((shop) => isCounted(program, shop));
    const evaluations = evaluateEntity(program, onPlatform, run, around);
    for (const shop of shops) {
      const evaluation = evaluations.get(shop.participantId) ?? evaluate(program, shop, run, around);
      // Those paid last are planned there: a participant is in one part only.
      if (run.full && isPaidLast(program, shop)) to.defer('last', shop.participantId);
      else to.evaluated(shop, evaluation);
      if (run.full) to.tally(tallyOf(program, shop, run, frozen, evaluation.opened));
    }
  });
}

/** The shops whose owner this is now: whoever may belong is read, and its own profile decides. */
export async function readShops(
  { table }: Pick<Services, 'table'>,
  entity: string,
  span: { horizon: BusinessDate; consistent: boolean; fresh?: boolean },
): Promise<History[]> {
  const ids = [...new Set([entity, ...(await readMembers(table, entity))])].sort();
  const histories = await readHistories(table, ids, span);
  return histories.filter((history) => history.participant !== undefined && entityOf(history) === entity);
}

/** An owner's cap counts the windows of its merchants on the program's platform. */
export function isCounted({ platform }: Program, { participant }: History): boolean {
  return participant?.platform === platform && participant.kind === 'merchant';
}
