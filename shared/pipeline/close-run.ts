/** Last stage: settles the pools, records what was done, moves the dates forward and frees the program. */
import { settle } from '../store/budget.ts';
import { type Control, close, readControl } from '../store/control.ts';
import { type Run, type RunSummary, readRun, recordProgress } from '../store/runs.ts';
import { later, monthOf } from '../values/calendar.ts';
import { contentHash } from '../values/canonical.ts';
import type { PartResult } from './apply-part.ts';
import { evaluatedShards, type ShardOutcome } from './evaluation.ts';
import { readManifest } from './plan.ts';
import type { Services } from './services.ts';
import { listingOf, sumListings, sumTotals } from './totals.ts';
import { isWhole, undecidedAfter } from './undecided.ts';

/**
 * Closes a run. Each step can be repeated, and come late: the budget knows by the reservation whether it was settled,
 * and the control item by the run's id whether it was closed. When a shard failed, the watermark and the month
 * decided stay where they are.
 * @throws Error when the run was overtaken: its successor closes it.
 */
export async function closeRun(
  services: Services,
  run: Run,
  manifest: string,
  parts: readonly PartResult[],
  outcomes?: readonly ShardOutcome[],
): Promise<RunSummary> {
  const { table, plans, now } = services;
  const plan = await readManifest(plans, manifest);
  const applied = new Set(parts.map(({ part }) => part));
  const missing = plan.parts.filter((part) => !applied.has(part));
  if (missing.length > 0)
    throw new Error(`parts of run ${run.runId} were not applied: ${missing.join(', ')}`);
  const record = await readRun(table, run.program, run.runId);
  const control = await readControl(table, run.program);
  const undecided = await undecidedAfter(services, run, control, isWhole(run, record, parts));
  const summary = { ...summaryOf(parts, outcomes), undecided: listingOf(undecided) };
  // Before the program is free: whoever closes it on record for us then finds what it did.
  await recordProgress(table, run, { manifest, summary });
  const complete = (record?.failedShards ?? []).length === 0;
  await settle(table, run.program, run.planEpoch, {
    used: new Map(Object.entries(summary.raised)),
    lowered: new Map(Object.entries(summary.lowered)),
    cut: Object.keys(plan.cuts),
    all: run.full && complete,
  });
  await free(services, run, control, { complete, undecided });
  await recordProgress(table, run, { state: 'closed', closedAt: new Date(now()).toISOString() });
  return summary;
}

/** Moves the control item on: from then on the run is closed, on record or not yet. */
async function free(
  { table, now }: Services,
  run: Run,
  { closedAsOf = run.asOf, decidedThrough }: Control,
  { complete, undecided }: { complete: boolean; undecided: string[] },
): Promise<void> {
  const month = complete && run.job === 'month-end' ? monthOf(run.to) : undefined;
  const closed = await close(table, run, {
    watermark: complete ? run.watermark : undefined,
    closedAsOf: later(closedAsOf, run.asOf),
    decidedThrough: month && later(decidedThrough ?? month, month),
    raises: complete && run.full ? run.raises : undefined,
    policy: contentHash(run.policy),
    superseding: run.superseding,
    undecided,
    nowMs: now(),
  });
  if (closed || (await readRun(table, run.program, run.runId))?.state === 'closed') return;
  throw new Error(`run ${run.runId} was overtaken by another before it closed`);
}

/** The figures of a run, from what its shards found and its parts applied. */
export function summaryOf(
  parts: readonly PartResult[],
  outcomes: readonly ShardOutcome[] | undefined,
): RunSummary {
  const shards = outcomes && evaluatedShards(outcomes);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return {
    ...(shards === undefined
      ? {}
      : {
          evaluated: sum(shards.map(({ evaluated }) => evaluated)),
          changed: sum(shards.map(({ changed }) => changed)),
          failed: sum([...shards, ...parts].map(({ failed }) => failed)),
          failures: [...shards, ...parts].flatMap(({ failures }) => failures),
          unknown: sumListings(shards.map(({ unknown }) => unknown)),
          tooLate: sumListings(shards.map(({ tooLate }) => tooLate)),
          tooLarge: sumListings(shards.map(({ tooLarge }) => tooLarge)),
        }),
    ...sumTotals(parts),
    planned: sum(parts.map(({ planned }) => planned)),
    displaced: sum(parts.map(({ displaced }) => displaced)),
    held: sum(parts.map(({ held }) => held)),
  };
}
