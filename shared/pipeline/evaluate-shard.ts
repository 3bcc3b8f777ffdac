/** Second stage: what each participant of a shard should have, against what it has. Writes no entry. */
import { evaluate } from '../engine/evaluate.ts';
import type { History } from '../engine/history.ts';
import { entityOf } from '../engine/members.ts';
import { tallyOf } from '../engine/tally.ts';
import type { Program } from '../policy/schema.ts';
import { readMarkers } from '../store/due.ts';
import { readHistory } from '../store/histories.ts';
import type { Run } from '../store/runs.ts';
import { bucketOf } from '../store/table.ts';
import { readUnpaid } from '../store/unpaid.ts';
import { type Collector, frozenFor, markAgain, planAll, type ShardResult } from './evaluation.ts';
import type { Shard } from './open-run.ts';
import { pinnedProgram } from './policy-in-force.ts';
import type { Services } from './services.ts';
import { latenessIn } from './too-late.ts';

/**
 * Evaluates the single participants of a shard. One of several shops is left to the stage that sees its entity
 * whole, and those paid by what takes everyone to the last one.
 * @throws Error when the policy deployed here is not the one that the run pinned.
 */
export async function evaluateShard(services: Services, run: Run, shard: Shard): Promise<ShardResult> {
  const { table } = services;
  const program = pinnedProgram(services, run);
  const frozen = await frozenFor(services, run);
  const marked = await readMarkers(table, run.arrivals, bucketsOf(services, shard));
  const found =
    run.participants?.toSorted() ??
    [...new Set([...marked.due, ...(await owed(services, run, shard))])].sort();
  const due = found.filter((id) => run.without?.includes(id) !== true);
  await putOffNamed(services, run, shard);
  const tooLateOf = latenessIn(services, run, program);
  const tooLate = marked.late.filter(({ day }) => day < run.horizon);
  return planAll(
    services,
    run,
    program,
    { step: 'first', ...shard },
    due,
    async (id, to) => {
      const history = await readHistory(table, id, run.horizon, run);
      if (history.participant === undefined && history.days.length > 0) to.unknown(id);
      to.tooLate(await tooLateOf(history));
      deferEntities(history, to);
      if (isOneOfSeveral(history)) {
        if (history.participant !== undefined) to.leave(id, entityOf(history));
        return;
      }
      const evaluation = evaluate(program, history, run, { full: run.full, frozen });
      // A merchant that may be ranked is planned last, and its windows count for its agency all the same.
      if (run.full && isPaidLast(program, history)) to.defer('last', id);
      else to.evaluated(history, evaluation);
      if (run.full) to.tally(tallyOf(program, history, run, frozen, evaluation.opened));
    },
    tooLate,
  );
}

/** Those whom an operator named are due again, whoever of them was due now (law 8). */
async function putOffNamed(services: Services, run: Run, { shard, of }: Shard): Promise<void> {
  const { buckets } = services.table;
  const named = (run.without ?? []).filter((id) => bucketOf(id, buckets) % of === shard);
  if (!run.dryRun) await markAgain(services, run, named);
}

/** A run that looks at everyone finds those who are owed something by the ledger, not by what arrived (law 8). */
async function owed(services: Services, { program, full, fresh }: Run, shard: Shard): Promise<string[]> {
  return full && fresh !== true ? readUnpaid(services.table, program, bucketsOf(services, shard)) : [];
}

/** The due buckets of a shard. */
function bucketsOf({ table }: Services, { shard, of }: Shard): number[] {
  return Array.from({ length: table.buckets }, (_, bucket) => bucket).filter(
    (bucket) => bucket % of === shard,
  );
}

/** Every entity it belongs to, or once did: what one shop may open depends on the others. */
function deferEntities(history: History, to: Collector): void {
  for (const entity of history.entities) to.defer('entities', entity);
  if (isOneOfSeveral(history)) to.defer('entities', entityOf(history));
  if (history.shops.length > 0) to.defer('entities', history.participantId);
}

/**
 * Whether it is a shop of an entity that has, or may have, others. That rests on the entities' rosters alone: an
 * agency that owns shops is one of them, and a merchant that others call their agency is not.
 */
export function isOneOfSeveral(history: History): boolean {
  return entityOf(history) !== history.participantId || history.shops.length > 0;
}

/** Whether anything that takes everyone pays its kind, in any version: agencies, and creators where they are ranked. */
export function isPaidLast(program: Program, { participant }: History): boolean {
  if (participant === undefined) return false;
  if (participant.kind === 'agency') return true;
  return program.versions.some(({ incentives }) =>
    incentives.some(({ kind, who }) => kind === 'ranking' && who.kinds.includes(participant.kind)),
  );
}
