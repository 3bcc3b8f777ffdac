/**
 * One participant, one part (law 13). Which step plans a participant follows from what its profile said when that step
 * read it. A profile that changes between two steps may have it planned twice, by itself and with an entity, or with
 * two entities. Before the plan is funded, whoever stands in it twice is put off, with all that was decided with it.
 */
import { type Run, recordProgress } from '../store/runs.ts';
import { bucketOf } from '../store/table.ts';
import { evaluatedShards, markAgain, type ShardOutcome, type ShardResult } from './evaluation.ts';
import { type Planned, readPart, without } from './plan.ts';
import type { Services } from './services.ts';
import { listingOf } from './totals.ts';

/**
 * The outcomes without whoever was planned more than once, and the other shops of the entities that it was planned
 * with: what those may open depends on it. They are named on the run's record and due again, and the next run
 * decides them; everybody else is funded.
 */
export async function onePartEach(
  services: Services,
  run: Run,
  outcomes: readonly ShardOutcome[],
): Promise<readonly ShardOutcome[]> {
  const putOff = await plannedTwice(services, evaluatedShards(outcomes));
  if (putOff.size === 0) return outcomes;
  if (!run.dryRun) {
    await markAgain(services, run, [...putOff]);
    await recordProgress(services.table, run, { putOff: listingOf([...putOff].sort()) });
  }
  return Promise.all(
    outcomes.map((outcome) => ('error' in outcome ? outcome : without(services.plans, outcome, putOff))),
  );
}

async function plannedTwice(
  services: Services,
  shards: readonly ShardResult[],
): Promise<ReadonlySet<string>> {
  const first = shards.filter(({ step }) => step === 'first');
  const later = await plannedBy(
    services,
    shards.filter(({ step }) => step !== 'first'),
  );
  if (later.length === 0) return new Set();
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const { participantId } of later) (seen.has(participantId) ? twice : seen).add(participantId);
  // Where the first step plans a participant, if it does, is one function of its id: no other part is read.
  const { buckets } = services.table;
  const byShard = Map.groupBy(seen, (id) => bucketOf(id, buckets) % (first[0]?.of ?? 1));
  for (const one of first) {
    if (!byShard.has(one.shard)) continue;
    for (const { participantId } of await plannedBy(services, [one]))
      if (seen.has(participantId)) twice.add(participantId);
  }
  const entities = new Set(
    later.flatMap(({ participantId, entity }) => (twice.has(participantId) ? (entity ?? []) : [])),
  );
  const shared = later.filter(({ entity }) => entity !== undefined && entities.has(entity));
  return new Set([...twice, ...shared.map(({ participantId }) => participantId)]);
}

/** Who is planned in the parts of some shards. */
async function plannedBy(
  { plans }: Services,
  shards: readonly ShardResult[],
): Promise<Pick<Planned, 'participantId' | 'entity'>[]> {
  const planned: Pick<Planned, 'participantId' | 'entity'>[] = [];
  for (const { part } of shards) {
    if (part === undefined) continue;
    for (const { participantId, entity } of (await readPart(plans, part)).participants)
      planned.push(entity === undefined ? { participantId } : { participantId, entity });
  }
  return planned;
}
