/** The run ledger: what each run was asked, what it knew and what it did. */
import type { BusinessDate } from '../values/calendar.ts';
import { getItem, itemsIn, putIfAbsent, updateIf } from './items.ts';
import { keys, type Table } from './table.ts';

/** Why a run looks at whom. */
export const JOBS = ['daily', 'month-end', 'backfill'] as const;
type Job = (typeof JOBS)[number];

/** Everything that the stages of a run must agree on, fixed when it is opened. */
export interface Run {
  program: string;
  runId: string;
  /** What a schedule names all of its attempts by: each of them has a run id of its own. */
  schedule?: string;
  /** The epoch of its hold on the control item; 0 for a dry run, which holds nothing. */
  epoch: number;
  /** The epoch in which it was planned, which names its reservation: it stays when a successor finishes it. */
  planEpoch: number;
  job: Job;
  from: BusinessDate;
  to: BusinessDate;
  asOf: BusinessDate;
  /** The first date whose facts are read. */
  horizon: BusinessDate;
  /** The arrival dates whose due markers are read; none when participants are named. */
  arrivals: BusinessDate[];
  participants?: string[];
  /** Participants that an operator named as left out: they are due again, and everyone else is decided without them. */
  without?: string[];
  /** Whether it looks at everyone: only then is anything decided that takes everyone. */
  full: boolean;
  /** The plan that it applies: an operator has seen it. */
  plan?: string;
  /** Whether that plan is written also where a pool can no longer fund all that was shown. */
  partly?: boolean;
  /** The first arrival date that no earlier run has decided; absent for the first run, and for named participants. */
  since?: BusinessDate;
  /** The version of the code that ran. */
  codeVersion: string;
  /** The raises of the budget when it was opened: looking at everyone, it answers them. */
  raises: number;
  dryRun: boolean;
  /** Whether it is asked what would be owed if nothing had been granted yet: only of what is never written. */
  fresh?: true;
  requestedBy: string;
  reason?: string;
  /** When it was opened, as an ISO 8601 instant: also what its entries say. */
  openedAt: string;
  /** The hash of each policy version by name. */
  policy: Record<string, string>;
  /** Those of them that supersede another: they count from the close of this run on. */
  superseding?: string[];
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
  /** Facts that came too late, by participant and day, and by occasion where only that is sealed: they do not count. */
  tooLate?: Listing;
  /** Sums that pass what can be told, by participant and occasion: they are refused. */
  tooLarge?: Listing;
  planned: number;
  displaced: number;
  /** Awards that are due and undecided once it is closed; a run that was only planned does not say. */
  undecided?: Listing;
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
  /** What was shown, and could not be funded any more: of a plan applied partly. */
  unfunded?: Listing;
  /** Whether someone could not be evaluated: then nothing was decided that takes everyone. */
  incomplete?: boolean;
  /** Participants whose entity changed while it ran: planned twice, and put off to the next run (law 13). */
  putOff?: Listing;
  /** Why it was abandoned. */
  failure?: string;
}

/**
 * Records a run that was opened, unless it is on record already. Where it is, as another state of the same run, the
 * record is raised to its epoch: whoever wrote on it under a lower one changes it no more.
 * @returns false when the record is another's: it has ended, or its epoch is higher.
 */
export async function recordOpened(table: Table, run: Run): Promise<boolean> {
  const record = { ...keys.run(run.program, run.runId), ...run, state: 'planning' satisfies RunState };
  return (await putIfAbsent(table, record)) || recordProgress(table, run, {});
}

/** Records that a run ended without closing, also one that died before it was recorded. Its end is never changed. */
export async function recordAbandoned(table: Table, run: Run, failure: string): Promise<void> {
  const ended = { state: 'abandoned' as const, failure };
  if (await putIfAbsent(table, { ...keys.run(run.program, run.runId), ...run, ...ended })) return;
  await recordProgress(table, run, ended);
}

/**
 * Records how far a run has come: only where the record's epoch is not higher, and it has not ended (law 9). The
 * control item decides; this is what people read.
 * @returns false when the record is another's, has ended, or is not there.
 */
export async function recordProgress(
  table: Table,
  { program, runId, epoch }: Pick<Run, 'program' | 'runId' | 'epoch'>,
  progress: Partial<
    Pick<
      RunRecord,
      | 'state'
      | 'closedAt'
      | 'manifest'
      | 'summary'
      | 'failure'
      | 'failedShards'
      | 'moved'
      | 'unfunded'
      | 'putOff'
      | 'incomplete'
    >
  >,
): Promise<boolean> {
  const fields = Object.entries({ ...progress, epoch }).filter(([, value]) => value !== undefined);
  return updateIf(table, keys.run(program, runId), {
    update: `SET ${fields.map((_, index) => `#f${index} = :f${index}`).join(', ')}`,
    condition: 'attribute_exists(runId) AND #epoch <= :epoch AND #state <> :closed AND #state <> :abandoned',
    names: {
      ...Object.fromEntries(fields.map(([name], index) => [`#f${index}`, name])),
      '#epoch': 'epoch',
      '#state': 'state',
    },
    values: {
      ...Object.fromEntries(fields.map(([, value], index) => [`:f${index}`, value])),
      ':epoch': epoch,
      ':closed': 'closed',
      ':abandoned': 'abandoned',
    },
  });
}

/** One run, read strongly. */
export async function readRun(table: Table, program: string, runId: string): Promise<RunRecord | undefined> {
  const item = await getItem(table, keys.run(program, runId));
  return item && decodeRun(item);
}

/** Every run of a program, or those whose ids start so; the first opened first. */
export async function readRuns(table: Table, program: string, start = ''): Promise<RunRecord[]> {
  const { pk, sk } = keys.run(program, start);
  const runs: RunRecord[] = [];
  for await (const item of itemsIn(table, { pk, startsWith: sk })) runs.push(decodeRun(item));
  return runs.sort((a, b) => (a.openedAt < b.openedAt ? -1 : a.openedAt > b.openedAt ? 1 : 0));
}

function decodeRun(item: Record<string, unknown>): RunRecord {
  const { pk: _pk, sk: _sk, ...run } = item;
  return run as unknown as RunRecord;
}
