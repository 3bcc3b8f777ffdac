/** Entities of several shops: all of their shops together, whoever of them was due. */
import { evaluateEntity } from '../engine/entity.ts';
import { evaluate } from '../engine/evaluate.ts';
import type { History } from '../engine/history.ts';
import { entityOf } from '../engine/members.ts';
import { tallyOf } from '../engine/tally.ts';
import type { Program } from '../policy/schema.ts';
import { readHistories, readShopIds } from '../store/histories.ts';
import type { Run } from '../store/runs.ts';
import { bucketOf, type Table } from '../store/table.ts';
import type { BusinessDate } from '../values/calendar.ts';
import { isPaidLast } from './evaluate-shard.ts';
import {
  frozenFor,
  markAgain,
  planAll,
  readDeferred,
  type ShardOutcome,
  type ShardResult,
} from './evaluation.ts';
import type { Shard } from './open-run.ts';
import { pinnedProgram } from './policy-in-force.ts';
import type { Services } from './services.ts';

/** Evaluates the entities of a shard that the first step deferred. */
export async function evaluateEntities(
  services: Services,
  run: Run,
  { shard, of }: Shard,
  outcomes: readonly ShardOutcome[],
): Promise<ShardResult> {
  const program = pinnedProgram(services, run);
  const { entities, left } = await readDeferred(services, outcomes);
  const own = entities.filter((entity) => bucketOf(entity, of) === shard);
  const frozen = own.length === 0 ? new Map() : await frozenFor(services, run);
  const leftTo = Map.groupBy(left, ([, entity]) => entity);
  return planAll(services, run, program, { step: 'entities', shard, of }, own, async (entity, to) => {
    const shops = await readShops(services, entity, run);
    const whole = await isSeenWhole(services, run, entity);
    const around = { full: run.full, frozen };
    const onPlatform = shops.filter((shop) => isCounted(program, shop));
    const evaluations = evaluateEntity(program, onPlatform, run, around);
    const evaluationOf = (shop: History) =>
      evaluations.get(shop.participantId) ?? evaluate(program, shop, run, around);
    for (const shop of shops) {
      // Those paid last are planned there: a participant is in one part only.
      if (run.full && isPaidLast(program, shop)) to.defer('last', shop.participantId);
      else if (whole) to.evaluated(shop, evaluationOf(shop), entity);
    }
    if (!whole && !run.dryRun)
      await markAgain(
        services,
        run,
        shops.map(({ participantId }) => participantId),
      );
    const leftHere = (leftTo.get(entity) ?? []).map(([id]) => id);
    const moved = await readMoved(services, run, leftHere, shops);
    if (!run.full) return;
    // Each of those left here adds to the sums once, wherever it belongs by now, and nobody else does.
    const known = new Map([...shops, ...moved].map((shop) => [shop.participantId, shop]));
    for (const shop of leftHere.flatMap((id) => known.get(id) ?? []))
      to.tally(tallyOf(program, shop, run, frozen, evaluationOf(shop).opened));
  });
}

/**
 * Those that the first step left to an entity that they no longer belong to: their profiles have changed since. Nobody
 * plans them in this run, so they are due again (law 8).
 */
async function readMoved(
  services: Services,
  run: Run,
  left: readonly string[],
  shops: readonly History[],
): Promise<History[]> {
  const here = new Set(shops.map(({ participantId }) => participantId));
  const moved = left.filter((id) => !here.has(id));
  if (!run.dryRun) await markAgain(services, run, moved);
  return run.full ? readHistories(services.table, moved, run) : [];
}

/** The shops whose entity this is now: whoever may belong is read, and its own profile decides. */
export async function readShops(
  { table }: Pick<Services, 'table'>,
  entity: string,
  span: { horizon: BusinessDate; consistent: boolean; fresh?: boolean; without?: readonly string[] },
): Promise<History[]> {
  const ids = await idsOf(table, entity);
  const read = ids.filter((id) => span.without?.includes(id) !== true);
  const histories = await readHistories(table, read, span);
  return histories.filter((history) => history.participant !== undefined && entityOf(history) === entity);
}

/** The entity and whoever may be a shop of it. */
async function idsOf(table: Table, entity: string): Promise<string[]> {
  return [...new Set([entity, ...(await readShopIds(table, entity))])].sort();
}

/**
 * Whether a run reads all shops of an entity. Where an operator left one out, the others still add to the sums, and what
 * they may open is decided by the next run that sees all of them.
 */
export async function isSeenWhole({ table }: Services, { without }: Run, entity: string): Promise<boolean> {
  return without === undefined || !(await idsOf(table, entity)).some((id) => without.includes(id));
}

/** An owner's cap counts the windows of its merchants on the program's platform. */
export function isCounted({ platform }: Program, { participant }: History): boolean {
  return participant?.platform === platform && participant.kind === 'merchant';
}
