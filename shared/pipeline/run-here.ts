/** Runs all stages in this process, as the state machine runs them in the cloud: the embedded runner. */
import pMap from 'p-map';
import type { Frozen } from '../engine/decision.ts';
import { budgetNodes } from '../policy/budget.ts';
import { findProgram } from '../policy/catalogue.ts';
import { keepPlanned } from '../store/approvals.ts';
import { readPools } from '../store/budget-item.ts';
import { endLease, isHeld, readControl } from '../store/control.ts';
import { memoryPlans } from '../store/plans.ts';
import type { Run, RunSummary } from '../store/runs.ts';
import { type Allocation, abandonRun, allocate } from './allocate.ts';
import { applyPart, fundedEntries, type PartResult } from './apply-part.ts';
import { closeRun, summaryOf } from './close-run.ts';
import { decide, readContext } from './decide.ts';
import { type Difference, differenceOf } from './difference.ts';
import { evaluateEntities } from './evaluate-entities.ts';
import { evaluateLast } from './evaluate-last.ts';
import { evaluateShard } from './evaluate-shard.ts';
import type { ShardResult } from './evaluation.ts';
import { type Finish, finishFirst, openRun, type Shard } from './open-run.ts';
import { heldIn, readManifest, readPart } from './plan.ts';
import type { RunInput } from './run-input.ts';
import type { Services } from './services.ts';
import { addEntry, noTotals } from './totals.ts';

/** How a run by hand ended. */
export type RunOutcome =
  | { outcome: 'done'; run: Run; summary: RunSummary; manifest: string; finished: string[] }
  | { outcome: 'duplicate'; runId: string };

/** Told after each stage, with how much of it is done. */
export type OnStage = (stage: 'evaluate' | 'apply', done: number, of: number) => void;

/** Another run holds the program. */
export class HeldError extends Error {
  override readonly name = 'HeldError';
  readonly holder: string;

  constructor(program: string, holder: string, until: string) {
    super(
      `${program} is held by run ${holder} until ${until}: wait for it; if it has died, finish it after that time with: hongbao runs resume ${holder} --program ${program}`,
    );
    this.holder = holder;
  }
}

/**
 * Opens and runs to the end. A dead run that had begun to apply is finished first. A dry run leaves nothing behind.
 * @throws {@link HeldError} when another writer is alive, {@link InputError} when the input makes no sense.
 */
export async function runHere(
  given: Services,
  input: RunInput,
  runId: string,
  onStage: OnStage = () => {},
): Promise<RunOutcome> {
  const services = input.dryRun ? { ...given, plans: memoryPlans() } : given;
  const finished: string[] = [];
  for (;;) {
    const opening = await openRun(services, input, runId);
    if (opening.next === 'duplicate') return { outcome: 'duplicate', runId: opening.runId };
    if (opening.next === 'held') throw new HeldError(input.program, opening.holder, opening.until);
    if (opening.next === 'finish') {
      await finish(services, opening);
      finished.push(opening.run.runId);
      continue;
    }
    const { run } = opening;
    const { allocation, shards } = await planHere(services, run, opening.shards, onStage);
    const summary = run.dryRun
      ? await dryApply(services, run, allocation, shards)
      : await applyAndClose(services, run, allocation, shards, onStage);
    return { outcome: 'done', run, summary, manifest: allocation.manifest, finished };
  }
}

/** A plan that was made to be shown. */
export interface Planned {
  run: Run;
  summary: RunSummary;
  difference: Difference;
}

/**
 * Plans without writing an entry, and keeps the plan under its hash, so that it can be applied as it was shown.
 * @throws {@link InputError} when the input makes no sense.
 */
export async function planToShow(
  services: Services,
  input: RunInput,
  runId: string,
  onStage: OnStage = () => {},
): Promise<Planned> {
  const opening = await openRun(services, { ...input, dryRun: true }, runId, { shown: true });
  if (opening.next !== 'evaluate') throw new Error(`a plan was answered with ${opening.next}`);
  const { run } = opening;
  const { allocation, shards, frozen } = await planHere(services, run, opening.shards, onStage);
  const { from, to, asOf } = run;
  const limits = budgetNodes(findProgram(run.program, services.catalogue)).map(
    ({ node, limit }) => [node, limit] as const,
  );
  const pools = (await readPools(services.table, run.program)).map(
    ({ pool, limit }) => [pool, limit] as const,
  );
  await keepPlanned(
    services.table,
    run.program,
    {
      manifest: allocation.manifest,
      input: { ...input, from, to, asOf, dryRun: false },
      policy: run.policy,
      limits: Object.fromEntries([...limits, ...pools]),
      frozen,
      plannedBy: run.requestedBy,
      plannedAt: run.openedAt,
    },
    services.now(),
  );
  const summary = await dryApply(services, run, allocation, shards);
  return { run, summary, difference: await differenceOf(services.plans, allocation.manifest) };
}

async function planHere(services: Services, run: Run, shards: readonly Shard[], onStage: OnStage) {
  try {
    const { results, frozen } = await evaluateAll(services, run, shards, onStage);
    return { allocation: await allocate(services, run, results), shards: results, frozen };
  } catch (error) {
    if (!run.dryRun) await abandonRun(services, run, error instanceof Error ? error.message : String(error));
    throw error;
  }
}

/** The evaluating stages in their order: participants, owners, and, of everyone, those paid by what takes all. */
export async function evaluateAll(
  services: Services,
  run: Run,
  shards: readonly Shard[],
  onStage: OnStage = () => {},
): Promise<{ results: ShardResult[]; frozen: Frozen }> {
  const results: ShardResult[] = [];
  const each = async (evaluateOne: (shard: Shard) => Promise<ShardResult>) => {
    for (const shard of shards) {
      results.push(await evaluateOne(shard));
      onStage('evaluate', results.length, shards.length * (run.full ? 3 : 2));
    }
  };
  await each((shard) => evaluateShard(services, run, shard));
  const first = [...results];
  await each((shard) => evaluateEntities(services, run, shard, first));
  if (!run.full) return { results, frozen: new Map() };
  const context = await decide(services, run, results);
  await each((shard) => evaluateLast(services, run, shard, context));
  return { results, frozen: (await readContext(services, context)).frozen };
}

async function applyAndClose(
  services: Services,
  run: Run,
  { manifest, parts }: Allocation,
  shards: readonly ShardResult[] | undefined,
  onStage: OnStage,
): Promise<RunSummary> {
  try {
    const results: PartResult[] = [];
    for (const part of parts) {
      results.push(await applyPart(services, run, manifest, part));
      onStage('apply', results.length, parts.length);
    }
    return await closeRun(services, run, manifest, results, shards);
  } catch (error) {
    await endLease(services.table, run);
    throw error;
  }
}

/**
 * Ends a run that died: finishes what it had planned and funded, or gives it up when it had not come so far.
 * @param opener says who ends it: asking again under the same name answers again.
 * @returns which of the two, or undefined when no such run is open.
 * @throws {@link HeldError} while it is taken to be alive.
 */
export async function resumeRun(
  services: Services,
  program: string,
  runId: string,
  opener: string,
): Promise<'finished' | 'abandoned' | undefined> {
  const control = await readControl(services.table, program);
  if (control.writer !== runId) return undefined;
  if (isHeld(control, services.now())) {
    throw new HeldError(program, runId, new Date(control.leaseUntil).toISOString());
  }
  if (control.state === 'applying') {
    const opening = await finishFirst(services, control, program, opener);
    if (opening === undefined) return undefined;
    await finish(services, opening);
    return 'finished';
  }
  await abandonRun(services, { program, runId, epoch: control.epoch }, 'given up by hand');
  return 'abandoned';
}

/** Finishes a dead run's plan in its name: the same keys and the same content, so it is written once. */
async function finish(services: Services, { run, manifest, parts }: Finish) {
  await applyAndClose(services, run, { manifest, parts }, undefined, () => {});
}

/** What applying would have done. */
async function dryApply(
  services: Services,
  run: Run,
  { manifest, parts }: Allocation,
  shards: readonly ShardResult[],
): Promise<RunSummary> {
  const { cuts } = await readManifest(services.plans, manifest);
  const results = await pMap(parts, async (part): Promise<PartResult> => {
    const totals = noTotals();
    const content = await readPart(services.plans, part);
    const entries = fundedEntries(run, cuts, part, content);
    for (const entry of entries) addEntry(totals, entry);
    return {
      part,
      planned: entries.length,
      displaced: 0,
      failed: 0,
      failures: [],
      held: heldIn(content),
      ...totals,
    };
  });
  return summaryOf(results, shards);
}
