/** What the evaluating stages share: their results, and how participants are planned one by one. */
import pMap from 'p-map';
import type { Evaluation, Frozen } from '../engine/decision.ts';
import type { History } from '../engine/history.ts';
import { reconcile } from '../engine/reconcile.ts';
import { mergeTallies, type Tally } from '../engine/tally.ts';
import type { Program } from '../policy/schema.ts';
import { readFrozen } from '../store/decisions.ts';
import { type LateFact, markDue } from '../store/due.ts';
import type { Listing, Run } from '../store/runs.ts';
import { addDays } from '../values/calendar.ts';
import { canonicalJson, compareCodeUnits } from '../values/canonical.ts';
import type { Shard } from './open-run.ts';
import { type Demand, demandOf, type Part, type Planned, storePart } from './plan.ts';
import type { Services } from './services.ts';
import { addListing, noListing } from './totals.ts';

/** The evaluating steps, in their order: single participants, the shops of entities, those paid by what takes everyone. */
export type Step = 'first' | 'entities' | 'last';

/** What a shard found. Small, because a state machine carries it; the rest is stored, and named by hash. */
export interface ShardResult extends Demand, Shard {
  step: Step;
  /** The changes of its participants; absent when there are none. */
  part?: string;
  /** Whom later stages have to look at; see {@link Deferred}. */
  deferred?: string;
  /** What its participants add up to; only of runs that look at everyone. */
  tally?: string;
  evaluated: number;
  changed: number;
  /** Participants that could not be evaluated: they are due again. */
  failed: number;
  /** The first failures, for people. */
  failures: string[];
  /** Participants with facts that are not known yet: they count once they are. */
  unknown: Listing;
  /** Facts that came too late: their day is before the horizon, or what they belong to is sealed. */
  tooLate: Listing;
  /** Sums that pass what can be told, by participant and occasion: they are refused. */
  tooLarge: Listing;
}

/** A shard whose function failed as a whole, as its state machine reports it. */
interface ShardFailure {
  shard: number;
  error: string;
}

export type ShardOutcome = ShardResult | ShardFailure;

/** The outcomes of the evaluating stages, as a state machine carries them. */
export interface StageOutcomes {
  first: ShardOutcome[];
  entities: ShardOutcome[];
  /** Only of runs that look at everyone. */
  last?: ShardOutcome[];
}

export function allOutcomes({ first, entities, last = [] }: StageOutcomes): ShardOutcome[] {
  return [...first, ...entities, ...last];
}

/** Whom the stages after the first look at. */
export interface Deferred {
  /** Entities of several shops: all of them are due when one is. */
  entities: string[];
  /** Which participant was left to which entity: the next step decides it, with the entity's other shops. */
  left: [participantId: string, entity: string][];
  /** Those paid by what takes everyone: they come last, when the sums are known. */
  last: string[];
}

/** The shards that were evaluated. */
export function evaluatedShards(outcomes: readonly ShardOutcome[]): ShardResult[] {
  return outcomes.filter((outcome): outcome is ShardResult => !('error' in outcome));
}

/** Whether every shard, and everyone in it, was evaluated: only then may anything global be decided (law 6). */
export function isComplete(outcomes: readonly ShardOutcome[]): boolean {
  return outcomes.every((outcome) => !('error' in outcome) && outcome.failed === 0);
}

/** The decisions that are frozen, for a run that takes anything as granted. */
export async function frozenFor({ table }: Services, { program, fresh }: Run): Promise<Frozen> {
  return fresh ? new Map() : readFrozen(table, program);
}

/** The lists that some shards deferred, as one. */
export async function readDeferred(
  { plans }: Services,
  outcomes: readonly ShardOutcome[],
): Promise<Deferred> {
  const lists = await pMap(
    evaluatedShards(outcomes).flatMap(({ deferred }) => deferred ?? []),
    async (hash) => JSON.parse(await plans.get(hash)) as Deferred,
    { concurrency: READERS },
  );
  const once = (ids: string[]) => [...new Set(ids)].sort();
  return {
    entities: once(lists.flatMap(({ entities }) => entities)),
    left: lists.flatMap(({ left }) => left),
    last: once(lists.flatMap(({ last }) => last)),
  };
}

const READERS = 16;
const FAILURES_SHOWN = 5;

/** Plans what one unit of work comes to: a participant, or an owner with all its shops. */
export type Planner = (id: string, to: Collector) => Promise<void>;

/** Gathers the results of a shard. */
export interface Collector {
  /** Plans a participant, by itself or with the other shops of an entity. */
  evaluated(history: History, evaluation: Evaluation, entity?: string): void;
  defer(kind: 'entities' | 'last', id: string): void;
  /** Leaves a participant to the step that sees its entity whole. */
  leave(participantId: string, entity: string): void;
  tally(tally: Tally): void;
  /** Names a participant with facts that is not known yet. */
  unknown(participantId: string): void;
  /** Names facts that came too late for what they belong to. */
  tooLate(names: readonly string[]): void;
}

/** Plans each unit; one that fails is named, marked due again, and stops no other. */
export async function planAll(
  services: Services,
  run: Run,
  program: Program,
  { step, shard, of }: Shard & { step: Step },
  ids: readonly string[],
  plan: Planner,
  tooLate: readonly LateFact[] = [],
): Promise<ShardResult> {
  const planned: Planned[] = [];
  const deferred = { entities: new Set<string>(), last: new Set<string>(), left: new Map<string, string>() };
  const failed: { id: string; error: string }[] = [];
  const listings = { unknown: noListing(), tooLate: noListing(), tooLarge: noListing() };
  let tallies: Tally[] = [];
  const to: Collector = {
    evaluated({ participantId, held }, evaluation, entity) {
      const changes = reconcile(program, evaluation, run.horizon, held);
      planned.push({ participantId, changes, ...named('entity', entity) });
      for (const { reason, occasion } of evaluation.decisions)
        if (reason === 'sum-too-large') addListing(listings.tooLarge, `${participantId} ${occasion}`);
    },
    leave: (participantId, entity) => void deferred.left.set(participantId, entity),
    defer: (kind, id) => void deferred[kind].add(id),
    unknown: (participantId) => addListing(listings.unknown, participantId),
    tooLate: (names) => names.forEach((name) => void addListing(listings.tooLate, name)),
    tally(tally) {
      tallies.push(tally);
      // Merged as they come, so that a shard never holds one for each of its participants.
      if (tallies.length >= TALLIES_HELD) tallies = [mergeTallies(program, tallies)];
    },
  };
  for (const { participantId, day } of tooLate) addListing(listings.tooLate, `${participantId} ${day}`);
  await pMap(
    ids,
    async (id) => {
      try {
        await plan(id, to);
      } catch (error) {
        failed.push({ id, error: error instanceof Error ? error.message : String(error) });
      }
    },
    { concurrency: READERS },
  );
  if (!run.dryRun)
    await markAgain(
      services,
      run,
      failed.map(({ id }) => id),
    );
  const part: Part = {
    participants: planned
      .filter(({ changes }) => changes.length > 0)
      .sort(
        (a, b) =>
          compareCodeUnits(a.participantId, b.participantId) ||
          compareCodeUnits(a.entity ?? '', b.entity ?? ''),
      ),
  };
  return {
    step,
    shard,
    of,
    ...named('part', await storePart(services.plans, part)),
    ...named('deferred', await storeDeferred(services, deferred)),
    ...named(
      'tally',
      tallies.length === 0 ? undefined : await storeJson(services, mergeTallies(program, tallies)),
    ),
    ...demandOf(part),
    evaluated: planned.length,
    changed: part.participants.length,
    ...listings,
    failed: failed.length,
    failures: failed.slice(0, FAILURES_SHOWN).map(({ id, error }) => `${id}: ${error}`),
  };
}

const TALLIES_HELD = 500;

async function storeDeferred(
  services: Services,
  { entities, last, left }: { entities: Set<string>; last: Set<string>; left: Map<string, string> },
): Promise<string | undefined> {
  if (entities.size + last.size === 0) return undefined;
  return storeJson(services, { entities: [...entities].sort(), last: [...last].sort(), left });
}

/** Stores a value by its content and gives the hash. */
export async function storeJson({ plans }: Services, value: unknown): Promise<string> {
  return plans.put(canonicalJson(value));
}

function named<K extends string>(name: K, value: string | undefined): { [P in K]?: string } {
  return (value === undefined ? {} : { [name]: value }) as { [P in K]?: string };
}

/** Makes participants due again, on the day after the run's as-of: a bucket that its watermark does not pass. */
export async function markAgain(
  { table, now }: Services,
  run: Pick<Run, 'asOf'>,
  participantIds: readonly string[],
): Promise<void> {
  await markDue(table, addDays(run.asOf, 1), participantIds, now());
}
