/** What only a coming run decides, and which run that is: until then it is pending, and no difference (law 16). */
import type { Change } from '../../engine/history.ts';
import { entityOf } from '../../engine/members.ts';
import { kindsOf } from '../../engine/rules.ts';
import type { Incentive, Program } from '../../policy/schema.ts';
import { versionHashes, versionNamed } from '../../policy/versions.ts';
import { readBudget } from '../../store/budget-item.ts';
import type { Control } from '../../store/control.ts';
import { readFrozen } from '../../store/decisions.ts';
import { arrivalDays, readDue } from '../../store/due.ts';
import { readProfiles, readShopIds } from '../../store/histories.ts';
import type { RunRecord } from '../../store/runs.ts';
import type { Table } from '../../store/table.ts';
import { addDays, type BusinessDate } from '../../values/calendar.ts';
import { contentHash } from '../../values/canonical.ts';
import type { Services } from '../services.ts';
import { isWhole } from '../undecided.ts';

export type Awaited = 'the next daily run' | 'the next month end';

/** Kinds whose outcome is frozen: what is frozen is taken from its holder by any run. */
const OF_AWARDS: readonly Incentive['kind'][] = ['pooled-split', 'ranking'];
/** Kinds that only a run that looks at everyone decides, because they rest on others or on every day of a month. */
const OF_FULL_RUNS: readonly Incentive['kind'][] = [...OF_AWARDS, 'rebate', 'window-rollup'];
/** Kinds that fall due as time passes, though no fact of the participant may arrive then. */
const OF_TIME: readonly Incentive['kind'][] = [...OF_FULL_RUNS, 'milestone', 'monthly'];

/** All that tells for which run a change waits. */
export interface Waiting {
  table: Table;
  program: Program;
  /** Whoever became due after the watermark. */
  due: ReadonlySet<string>;
  /** The awards that are due and undecided, by their occasions. */
  undecided: ReadonlySet<string>;
  /** The awards that are frozen, by their occasions. */
  frozen: ReadonlySet<string>;
  /** The as-of of the last run that decided everyone. */
  decidedAsOf: BusinessDate | undefined;
  /** Whether anyone has been looked at, or become due, since that run. */
  moved: boolean;
  /** Whether the next run, a daily one too, looks at everyone: after a raise, or under another policy. */
  raised: boolean;
  otherPolicy: boolean;
}

export async function readWaiting(
  { table }: Services,
  program: Program,
  control: Control,
  { runs, undecided }: { runs: readonly RunRecord[]; undecided: readonly string[] },
): Promise<Waiting> {
  const due = new Set(await dueSince(table, control));
  const { raises } = await readBudget(table, program.program);
  const closed = runs.filter(({ state }) => state === 'closed');
  const last = closed.findLastIndex(decidedEveryone);
  const dates = closed.filter(decidedEveryone).map(({ asOf }) => asOf);
  return {
    table,
    program,
    due,
    undecided: new Set(undecided),
    frozen: new Set((await readFrozen(table, program.program)).keys()),
    decidedAsOf: dates.sort().at(-1),
    moved: due.size > 0 || closed.slice(last + 1).some(({ summary }) => summary?.evaluated !== 0),
    raised: raises > (control.raises ?? 0),
    otherPolicy: control.policy !== contentHash(versionHashes(program)),
  };
}

function decidedEveryone(run: RunRecord): boolean {
  const { summary } = run;
  if (summary === undefined) return false;
  const { planned, entries, displaced } = summary;
  return isWhole(run, run, [{ displaced, failed: planned - entries - displaced }]);
}

/** @returns the run that decides on a change, or undefined when one should have done so already. */
export async function awaitedBy(
  waiting: Waiting,
  participantId: string,
  change: Change,
): Promise<Awaited | undefined> {
  const { program, raised, otherPolicy, decidedAsOf = '', moved } = waiting;
  if (otherPolicy || (raised && isUnfunded(change))) return 'the next daily run';
  const ofFullRuns = takesEveryone(waiting, change);
  if (!ofFullRuns && (await isDue(waiting, participantId))) return 'the next daily run';
  const fellDue = isOf(OF_TIME, program, change) && fallsDueOn(program, change) > decidedAsOf;
  const isUndecided = waiting.undecided.has(change.occasion);
  if (!fellDue && !isUndecided && !(ofFullRuns && moved)) return undefined;
  return raised ? 'the next daily run' : 'the next month end';
}

/** Whether only a run that looks at everyone decides on it. */
export function takesEveryone({ program, frozen }: Waiting, change: Change): boolean {
  const frozenAward = isOf(OF_AWARDS, program, change) && frozen.has(change.occasion);
  return isOf(OF_FULL_RUNS, program, change) && !frozenAward;
}

function isOf(kinds: readonly Incentive['kind'][], program: Program, { incentive }: Change): boolean {
  const kind = kindsOf(program).get(incentive);
  return kind !== undefined && kinds.includes(kind);
}

/** What a pool could not pay: the ledger says so already. */
export function isUnfunded({ amount, shortfall }: Change): boolean {
  return amount > 0 && shortfall === amount;
}

/** The date as of which an occasion with a lag can first be decided. */
function fallsDueOn(program: Program, { incentive, policy, earnedOn }: Change): BusinessDate {
  const rule = versionNamed(program, policy).incentives.find(({ id }) => id === incentive);
  return addDays(earnedOn, rule !== undefined && 'decidedAfterDays' in rule ? rule.decidedAfterDays : 0);
}

/** Whether a participant is due, or another of its owner's shops: what one may open depends on the others. */
async function isDue({ table, due }: Waiting, participantId: string): Promise<boolean> {
  if (due.has(participantId)) return true;
  if (due.size === 0) return false;
  const [profile] = await readProfiles(table, [participantId]);
  const owner = profile === undefined ? participantId : entityOf(profile);
  return [owner, ...(await readShopIds(table, owner))].some((shop) => due.has(shop));
}

async function dueSince(table: Table, { watermark }: Control): Promise<string[]> {
  const from = watermark === undefined ? '0000-01-01' : addDays(watermark, 1);
  const buckets = Array.from({ length: table.buckets }, (_, bucket) => bucket);
  return readDue(table, await arrivalDays(table, from, '9999-12-31'), buckets);
}
