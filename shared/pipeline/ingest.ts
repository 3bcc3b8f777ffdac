/** Takes facts in: one function for files, pipes and the queue. */
import pMap from 'p-map';
import type { FactLine } from '../facts/lines.ts';
import { FACTS_ZONE } from '../facts/schema.ts';
import { LATE_AFTER_DAYS } from '../policy/reach.ts';
import { BUCKET_GRACE_MS, markDue, noteLate } from '../store/due.ts';
import {
  enroll,
  type FactItem,
  factItemId,
  fitIntoItem,
  type Replacement,
  readFactItem,
  readFactItems,
  readFirstDay,
  replaceFacts,
} from '../store/facts.ts';
import { type Quarantined, quarantine } from '../store/quarantine.ts';
import type { Table } from '../store/table.ts';
import { addDays, type BusinessDate, businessDate } from '../values/calendar.ts';
import {
  addIngested,
  type Group,
  type GroupMerge,
  groupFacts,
  type Ingested,
  mergeGroup,
  noneIngested,
  refusalOf,
} from './merge-facts.ts';
import type { Services } from './services.ts';

/** Where facts are taken in. */
interface Intake extends Pick<Services, 'table' | 'now'> {
  /** Where refused facts go. */
  keep: (refused: readonly Quarantined[]) => Promise<void>;
}

interface Taking {
  /** Where refused facts go: the quarantine, unless they are there already. */
  keep?: Intake['keep'];
  /** Whether a run has passed a date that was given by hand: then all that changed is due on today as well. */
  hasPassed?: (date: BusinessDate) => Promise<boolean>;
}

const WRITERS = 16;
const ATTEMPTS = 10;

/**
 * Takes lines of facts in; blank ones are passed over. A bad fact is kept aside with its reason and stops no other.
 * Facts may come in any order and any number of times. Participants are marked due before their facts are written,
 * so that a crash in between makes one evaluation too many, never one too few.
 *
 * @param arrivedOn the business date of processing, or an earlier one by hand.
 * @throws when the table fails for some participants, after all others have been written: take the same lines in again.
 */
export async function ingest(
  { table, now }: Pick<Services, 'table' | 'now'>,
  lines: readonly (string | FactLine)[],
  arrivedOn: BusinessDate,
  { keep = (refused) => quarantine(table, refused, now()), hasPassed }: Taking = {},
): Promise<Ingested> {
  const intake = { table, now, keep };
  const since = stopwatch(intake);
  const { groups, refused } = groupFacts(lines, arrivedOn);
  await keep(refused);
  const standing = await readFactItems(
    table,
    groups.map(({ item }) => item),
  );
  const merged = groups.map((group) => ({
    group,
    merge: mergeGroup(group, standing.get(factItemId(group.item)) ?? new Map(), arrivedOn),
  }));
  const changing = merged.filter(({ merge }) => merge.replacements.length > 0);
  await enroll(
    table,
    changing.flatMap(({ merge }) => merge.replacements.map(({ fact }) => fact)),
  );
  const items = [
    ...changing.map(({ group }) => group.item),
    ...(await waitedFor(
      table,
      changing.flatMap(({ merge }) => merge.replacements),
    )),
  ];
  const marked = await mark(intake, items, arrivedOn, since);
  const counts = { ...noneIngested(), quarantined: refused.length };
  try {
    await everyOne(merged, async ({ group, merge }) =>
      addIngested(counts, await write(intake, group, merge, arrivedOn, marked)),
    );
  } finally {
    if (items.length > 0 && (await hasPassed?.(arrivedOn)) === true) await markToday(intake, items);
  }
  return counts;
}

/** The first days that had to wait for a profile: what came before runs stop reading them is late with it. */
async function waitedFor(table: Table, replacements: readonly Replacement[]): Promise<FactItem[]> {
  const known = replacements.flatMap(({ fact, replaces }) =>
    fact.fact.type === 'participant' && replaces === undefined ? [fact.participantId] : [],
  );
  return pMap(
    known,
    async (participantId) => ({ participantId, day: await readFirstDay(table, participantId) }),
    {
      concurrency: WRITERS,
    },
  );
}

/** How long ago something was, in milliseconds: by the clock, or by the processor's where that says more. */
type Stopwatch = () => number;

function stopwatch({ now }: Intake): Stopwatch {
  const [wall, monotonic] = [now(), performance.now()];
  return () => Math.max(now() - wall, performance.now() - monotonic);
}

/** A marker is trusted for half the grace: a run may pass its date when all of it is over (law 8). */
function isStale(marked: Stopwatch): boolean {
  return marked() > BUCKET_GRACE_MS / 2;
}

/**
 * Marks participants due on a date that was chosen some time ago; again on today, for as long as the process stalls
 * between choosing a date and having marked on it.
 * @returns since when the date of the last marker stood.
 */
async function mark(
  intake: Intake,
  items: readonly FactItem[],
  date: BusinessDate,
  since: Stopwatch,
): Promise<Stopwatch> {
  const { table, now } = intake;
  await markDue(
    table,
    date,
    items.map(({ participantId }) => participantId),
    now(),
  );
  const late = items.flatMap(({ participantId, day }) =>
    day !== undefined && day < addDays(date, -LATE_AFTER_DAYS) ? [{ participantId, day }] : [],
  );
  await noteLate(table, date, late, now());
  return isStale(since) ? markToday(intake, items) : since;
}

function markToday(intake: Intake, items: readonly FactItem[]): Promise<Stopwatch> {
  const since = stopwatch(intake);
  return mark(intake, items, businessDate(intake.now(), FACTS_ZONE), since);
}

/** Does the work for each, whatever becomes of the others. @throws the first failure, when all are done. */
async function everyOne<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  try {
    await pMap(all, work, { concurrency: WRITERS, stopOnError: false });
  } catch (error) {
    throw error instanceof AggregateError ? error.errors[0] : error;
  }
}

/**
 * Writes a merge; when another writer was there first, merges again with what stands now. The loser of a conflict
 * is kept aside before it is overwritten.
 */
async function write(
  intake: Intake,
  group: Group,
  first: GroupMerge,
  arrivedOn: BusinessDate,
  since: Stopwatch,
): Promise<Ingested> {
  const { table, now, keep } = intake;
  let marked = since;
  let merge = first;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    await keep(merge.refused);
    if (merge.replacements.length === 0) return merge.counts;
    if (!fitIntoItem(merge.slots)) return writeApart(intake, group, arrivedOn, marked);
    if (isStale(marked)) marked = await markToday(intake, [group.item]);
    const outcome = await replaceFacts(table, group.item, merge.replacements, now());
    // Some may be written even when not all are.
    if (isStale(marked)) marked = await markToday(intake, [group.item]);
    if (outcome === 'written') return merge.counts;
    if (outcome === 'full') return writeApart(intake, group, arrivedOn, marked);
    // What stands only ever moves on, so nothing comes in now that did not before: all are enrolled and marked.
    merge = mergeGroup(group, await readFactItem(table, group.item), arrivedOn);
  }
  throw new Error(
    `facts of ${group.item.participantId} changed under ${ATTEMPTS} writes in a row: try again`,
  );
}

/** An item that cannot take all of them takes what it can: halves, down to the one that does not fit. */
async function writeApart(
  intake: Intake,
  { item, facts }: Group,
  arrivedOn: BusinessDate,
  marked: Stopwatch,
): Promise<Ingested> {
  const { table, keep } = intake;
  const [only] = facts;
  if (only !== undefined && facts.length === 1) {
    const reason = `item: got ${item.participantId}${item.day === undefined ? '' : ` on ${item.day}`} with more than an item holds, 400 KB; allowed: fewer or shorter facts`;
    await keep([refusalOf(only.line, arrivedOn, reason)]);
    return { ...noneIngested(), quarantined: 1 };
  }
  const counts = noneIngested();
  const half = Math.ceil(facts.length / 2);
  for (const part of [facts.slice(0, half), facts.slice(half)]) {
    const group = { item, facts: part };
    const merge = mergeGroup(group, await readFactItem(table, item), arrivedOn);
    addIngested(counts, await write(intake, group, merge, arrivedOn, marked));
  }
  return counts;
}
