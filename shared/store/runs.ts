/** The run ledger: what each run was asked, what it knew and what it did. */
import type { BusinessDate } from '../values/calendar.ts';
import { getItem, itemsIn, putItem, updateIf } from './items.ts';
import { keys, type Table } from './table.ts';

/** Why a run looks at whom. */
export const JOBS = ['daily', 'month-end', 'backfill'] as const;
type Job = (typeof JOBS)[number];

/** Everything that the stages of a run must agree on, fixed when it is opened. */
export interface Run {
  program: string;
  runId: string;
  /** The epoch of its hold on the control item; 0 for a dry run, which holds nothing. */
  epoch: number;
  job: Job;
  from: BusinessDate;
  to: BusinessDate;
  asOf: BusinessDate;
  /** The first date whose facts are read. */
  horizon: BusinessDate;
  /** The arrival dates whose due markers are read; none when participants are named. */
  arrivals: BusinessDate[];
  participants?: string[];
  /** Whether it looks at everyone: only then is anything decided that takes everyone. */
  full: boolean;
  /** The plan that it applies: an operator has seen it. */
  plan?: string;
  /** The first arrival date that no earlier run has decided; absent for the first run, and for named participants. */
  since?: BusinessDate;
  /** The version of the code that ran. */
  codeVersion: string;
  /** The request to look at everyone that it meets. */
  lookAtAll?: string;
  dryRun: boolean;
  /** Whether it is asked what would be owed if nothing had been granted yet: only of what is never written. */
  fresh?: true;
  requestedBy: string;
  reason?: string;
  /** When it was opened, as an ISO 8601 instant: also what its entries say. */
  openedAt: string;
  /** The hash of each policy version by name. */
  policy: Record<string, string>;
  /** The arrival date up to which everyone due is decided once it closes; none when it looks at a few. */
  watermark?: BusinessDate;
  /** Whether it follows another run so closely that reads must be strong. */
  consistent: boolean;
}

/** What some entries come to. Amounts by pool, and by incentive and unit. */
export interface Totals {
  entries: number;
  refused: number;
  /** Paid from each pool, and taken back to it. */
  raised: Record<string, number>;
  lowered: Record<string, number>;
  /** What could not be paid, by pool. */
  short: Record<string, number>;
  /** Net amount and entries by `incentive unit`. */
  incentives: Record<string, { entries: number; amount: number }>;
}

/** How many there are, and the first of them by name. */
export interface Listing {
  count: number;
  first: string[];
}

/** What a run did, as it is kept and shown. */
export interface RunSummary extends Totals {
  /** Participants looked at; unknown of a plan that was finished by a successor. */
  evaluated?: number;
  changed?: number;
  failed?: number;
  failures?: string[];
  /** Participants with facts that are not known yet: they count once they are. */
  unknown?: Listing;
  /** Facts that came after the horizon had passed their day: they are not read. */
  tooLate?: Listing;
  planned: number;
  displaced: number;
  /** Lowerings that wait for an operator. */
  held: number;
}

type RunState = 'planning' | 'applying' | 'closed' | 'abandoned';

/** A run with its outcome. */
export interface RunRecord extends Run {
  state: RunState;
  closedAt?: string;
  manifest?: string;
  summary?: RunSummary;
  /** Shards that failed as a whole: with any, the watermark stays where it is. */
  failedShards?: string[];
  /** Participants that had moved since the plan was shown: left as they are, and due again. */
  moved?: string[];
  /** Why it was abandoned. */
  failure?: string;
}

/** Records a run that was opened. A scheduled run that died in planning is recorded anew under its id. */
export async function recordOpened(table: Table, run: Run): Promise<void> {
  await putItem(table, {
    ...keys.run(run.program, run.runId),
    ...run,
    state: 'planning' satisfies RunState,
  });
}

/**
 * Records how far a run has come. The control item decides; this is what people read. A run that died before it was
 * recorded stays unrecorded: it did nothing.
 */
export async function recordProgress(
  table: Table,
  { program, runId }: Pick<Run, 'program' | 'runId'>,
  progress: Partial<
    Pick<RunRecord, 'state' | 'closedAt' | 'manifest' | 'summary' | 'failure' | 'failedShards' | 'moved'>
  >,
): Promise<void> {
  const fields = Object.entries(progress).filter(([, value]) => value !== undefined);
  await updateIf(table, keys.run(program, runId), {
    update: `SET ${fields.map((_, index) => `#f${index} = :f${index}`).join(', ')}`,
    condition: 'attribute_exists(runId)',
    names: Object.fromEntries(fields.map(([name], index) => [`#f${index}`, name])),
    values: Object.fromEntries(fields.map(([, value], index) => [`:f${index}`, value])),
  });
}

/** One run, read strongly. */
export async function readRun(table: Table, program: string, runId: string): Promise<RunRecord | undefined> {
  const item = await getItem(table, keys.run(program, runId));
  return item && decodeRun(item);
}

/** Every run of a program, the first opened first. */
export async function readRuns(table: Table, program: string): Promise<RunRecord[]> {
  const { pk, sk } = keys.run(program, '');
  const runs: RunRecord[] = [];
  for await (const item of itemsIn(table, { pk, startsWith: sk })) runs.push(decodeRun(item));
  return runs.sort((a, b) => (a.openedAt < b.openedAt ? -1 : a.openedAt > b.openedAt ? 1 : 0));
}

function decodeRun(item: Record<string, unknown>): RunRecord {
  const { pk: _pk, sk: _sk, ...run } = item;
  return run as unknown as RunRecord;
}
