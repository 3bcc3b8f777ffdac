/** Last stage: settles the pools, records what was done, moves the dates forward and frees the program. */
import { close, haveLookedAtAll, readControl } from '../store/control.ts';
import { settle } from '../store/pools.ts';
import { type Run, type RunSummary, readRun, recordProgress } from '../store/runs.ts';
import { later, monthOf } from '../values/calendar.ts';
import { contentHash } from '../values/canonical.ts';
import type { PartResult } from './apply-part.ts';
import { evaluatedShards, type ShardOutcome } from './evaluation.ts';
import { readManifest } from './plan.ts';
import type { Services } from './services.ts';
import { sumListings, sumTotals } from './totals.ts';

/**
 * Closes a run. Each step can be repeated: pools know by the reservation whether they were settled, and the
 * control item by the run's id whether it was closed. When a shard failed, the watermark and the
 * month decided stay where they are.
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
  const summary = summaryOf(parts, outcomes);
  for (const [pool, reserved] of Object.entries(plan.reserved)) {
    const used = summary.raised[pool] ?? 0;
    await settle(table, run.program, pool, run.runId, {
      reserved,
      used,
      lowered: summary.lowered[pool] ?? 0,
    });
  }
  await recordProgress(table, run, {
    state: 'closed',
    closedAt: new Date(now()).toISOString(),
    summary,
  });
  const { closedAsOf = run.asOf, decidedThrough } = await readControl(table, run.program);
  const complete = !(await hasFailedShards(services, run));
  const month = complete && run.job === 'month-end' ? monthOf(run.to) : undefined;
  const closed = await close(table, run, {
    watermark: complete ? run.watermark : undefined,
    closedAsOf: later(closedAsOf, run.asOf),
    decidedThrough: month && later(decidedThrough ?? month, month),
    policy: contentHash(run.policy),
    nowMs: now(),
  });
  if (!closed) throw new Error(`run ${run.runId} was overtaken by another before it closed`);
  if (complete && run.lookAtAll !== undefined) await haveLookedAtAll(table, run.program, run.lookAtAll);
  return summary;
}

async function hasFailedShards({ table }: Services, { program, runId }: Run): Promise<boolean> {
  return ((await readRun(table, program, runId))?.failedShards ?? []).length > 0;
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
          failed: sum(shards.map(({ failed }) => failed)),
          failures: shards.flatMap(({ failures }) => failures),
          unknown: sumListings(shards.map(({ unknown }) => unknown)),
          tooLate: sumListings(shards.map(({ tooLate }) => tooLate)),
        }),
    ...sumTotals(parts),
    planned: sum(parts.map(({ planned }) => planned)),
    displaced: sum(parts.map(({ displaced }) => displaced)),
    held: sum(parts.map(({ held }) => held)),
  };
}
