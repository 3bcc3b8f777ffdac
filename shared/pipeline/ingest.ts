/** Takes facts in: one function for files, pipes and the queue. */
import pMap from 'p-map';
import { type HashedFact, mergeFact } from '../facts/merge.ts';
import { type ParsedFact, parseFact } from '../facts/parse.ts';
import { CAPS, FACTS_ZONE } from '../facts/schema.ts';
import { LATE_AFTER_DAYS } from '../policy/reach.ts';
import { BUCKET_GRACE_MS, markDue, noteLate } from '../store/due.ts';
import {
  enroll,
  type FactItem,
  factItemId,
  readFactItem,
  readFactItems,
  replaceFacts,
  type Slots,
} from '../store/facts.ts';
import { type Quarantined, quarantine } from '../store/quarantine.ts';
import { addDays, type BusinessDate, businessDate } from '../values/calendar.ts';
import type { Services } from './services.ts';

/** What became of facts. Of two in conflict, the one that stands counts as accepted, the other as quarantined. */
export interface Ingested {
  accepted: number;
  unchanged: number;
  superseded: number;
  quarantined: number;
}

export function noneIngested(): Ingested {
  return { accepted: 0, unchanged: 0, superseded: 0, quarantined: 0 };
}

/** Adds one batch to a sum, in place. */
export function addIngested(sum: Ingested, batch: Ingested): void {
  sum.accepted += batch.accepted;
  sum.unchanged += batch.unchanged;
  sum.superseded += batch.superseded;
  sum.quarantined += batch.quarantined;
}

const WRITERS = 16;
const ATTEMPTS = 10;

/** One line of NDJSON, with the place that it came from; `refused` when it could not even be made one. */
export interface FactLine {
  text: string;
  at?: string;
  refused?: string;
}

/** The facts of one item, in the order they came. */
interface Group {
  item: FactItem;
  facts: { fact: ParsedFact; line: FactLine }[];
}

type Refusal = Omit<Quarantined, 'arrivedOn'>;

interface Taking {
  /** Says what would become of the facts, and writes nothing. */
  dryRun?: boolean;
  /** Where refused facts go: the quarantine, unless they are there already. */
  keep?: (refused: readonly Quarantined[]) => Promise<void>;
}

/**
 * Takes lines of NDJSON in; blank ones are passed over. A bad fact is kept aside with its reason and stops no
 * other, nor does a participant whose item cannot be written. Facts may come in any order and any number of times.
 * Participants are marked due before their facts are written, so that a crash in between makes one evaluation too many,
 * never one too few; and again after, when so long has passed in between that a run may have passed the mark (law 8).
 *
 * @param arrivedOn the business date of processing.
 * @throws Error after all else is written, when the table would not take some: taking them in again changes nothing else.
 */
export async function ingest(
  services: Pick<Services, 'table' | 'now'>,
  lines: readonly (string | FactLine)[],
  arrivedOn: BusinessDate,
  { dryRun = false, keep }: Taking = {},
): Promise<Ingested> {
  const { table, now } = services;
  const refused: Refusal[] = [];
  const groups = groupFacts(lines, arrivedOn, refused);
  const standing = await readFactItems(
    table,
    groups.map(({ item }) => item),
  );
  const merged = groups.map((group) => ({
    group,
    merge: mergeGroup(group, standing.get(factItemId(group.item)) ?? new Map()),
  }));
  const counts = { ...noneIngested(), quarantined: refused.length };
  if (dryRun) {
    for (const { merge } of merged) countMerge(counts, merge);
    return counts;
  }
  const aside = keep ?? ((some: readonly Quarantined[]) => quarantine(table, some, now()));
  const setAside = (some: readonly Refusal[]) => aside(some.map((one) => ({ ...one, arrivedOn })));
  if (refused.length > 0) await setAside(refused);
  const marked = await announce(services, merged, arrivedOn);
  const failures: unknown[] = [];
  await pMap(
    merged,
    async ({ group, merge }) => {
      try {
        countMerge(counts, await write(services, group, merge, setAside));
      } catch (error) {
        failures.push(error);
      }
    },
    { concurrency: WRITERS },
  );
  await markAgainAfterStall(services, marked);
  if (failures.length > 0) throw failures[0];
  return counts;
}

/** Who was marked due, and when by either clock: the one that tells the time, and the one that only goes on. */
interface Marked {
  ids: string[];
  atMs: number;
  ticksMs: number;
}

/** Rosters and due markers, before the facts that they are about. */
async function announce(
  { table, now }: Pick<Services, 'table' | 'now'>,
  merged: readonly { group: Group; merge: GroupMerge }[],
  arrivedOn: BusinessDate,
): Promise<Marked> {
  const changing = merged.filter(({ merge }) => merge.replacements.length > 0);
  const marked = {
    ids: changing.map(({ group }) => group.item.participantId),
    atMs: now(),
    ticksMs: performance.now(),
  };
  await enroll(
    table,
    changing.flatMap(({ merge }) => merge.replacements.map(({ fact }) => fact)),
  );
  await markDue(table, arrivedOn, marked.ids, now());
  const late = changing.flatMap(({ group: { item } }) =>
    item.day !== undefined && item.day < addDays(arrivedOn, -LATE_AFTER_DAYS)
      ? [{ participantId: item.participantId, day: item.day }]
      : [],
  );
  await noteLate(table, arrivedOn, late, now());
  return marked;
}

/** Whoever stalls between marker and fact for so long may wake when a run has passed the marker's day. */
async function markAgainAfterStall(
  { table, now }: Pick<Services, 'table' | 'now'>,
  { ids, atMs, ticksMs }: Marked,
): Promise<void> {
  const passed = Math.max(now() - atMs, performance.now() - ticksMs);
  if (passed > BUCKET_GRACE_MS / 2) await markDue(table, businessDate(now(), FACTS_ZONE), ids, now());
}

function groupFacts(
  lines: readonly (string | FactLine)[],
  arrivedOn: BusinessDate,
  refused: Refusal[],
): Group[] {
  const groups = new Map<string, Group>();
  for (const given of lines) {
    const line = typeof given === 'string' ? { text: given } : given;
    if (line.text.trim() === '') continue;
    if (line.refused !== undefined) {
      refused.push(refusal(line, line.refused));
      continue;
    }
    const parsed = parseFact(line.text, arrivedOn);
    if (!parsed.ok) {
      refused.push(refusal(line, parsed.reason));
      continue;
    }
    const { participantId, day } = parsed.fact;
    const id = factItemId({ participantId, day });
    const group = groups.get(id) ?? { item: { participantId, day }, facts: [] };
    groups.set(id, group);
    group.facts.push({ fact: parsed.fact, line });
  }
  return [...groups.values()];
}

function refusal({ text, at }: FactLine, reason: string): Refusal {
  return { raw: text, reason, ...(at === undefined ? {} : { at }) };
}

interface GroupMerge {
  replacements: { fact: ParsedFact; line: FactLine; replaces: HashedFact | undefined }[];
  outcomes: ('accepted' | 'unchanged' | 'superseded')[];
  refused: Refusal[];
}

function countMerge(counts: Ingested, { outcomes, refused }: GroupMerge): void {
  for (const outcome of outcomes) counts[outcome]++;
  counts.quarantined += refused.length;
}

/** Merges facts into what stands, in memory. */
function mergeGroup({ facts, item }: Group, standing: Slots): GroupMerge {
  const slots = new Map<string, { stands: HashedFact; fact?: ParsedFact; line?: FactLine }>(
    [...standing].map(([slot, stands]) => [slot, { stands }]),
  );
  const merge: GroupMerge = { replacements: [], outcomes: [], refused: [] };
  for (const { fact, line } of facts) {
    const before = slots.get(fact.slot);
    const full = before === undefined ? capReached(fact, item, slots) : undefined;
    if (full !== undefined) {
      merge.refused.push(refusal(line, full));
      continue;
    }
    const { outcome, stands, loser } = mergeFact(before?.stands, fact);
    if (loser !== undefined) {
      const lost =
        loser.hash === fact.hash ? line : { text: JSON.stringify(loser.fact), ...placeOf(before?.line) };
      const reason = `revision: got ${loser.fact.revision} twice with other content; allowed: a higher revision for a change (the other version stands)`;
      merge.refused.push({ ...refusal(lost, reason), conflict: true });
    }
    if (stands.hash === fact.hash && outcome !== 'unchanged') slots.set(fact.slot, { stands, fact, line });
    if (outcome !== 'conflict') merge.outcomes.push(outcome);
    else if (stands.hash === fact.hash) merge.outcomes.push('accepted');
  }
  for (const [slot, { fact, line }] of slots) {
    if (fact !== undefined && line !== undefined)
      merge.replacements.push({ fact, line, replaces: standing.get(slot) });
  }
  return merge;
}

function placeOf(line: FactLine | undefined): Pick<FactLine, 'at'> {
  return line?.at === undefined ? {} : { at: line.at };
}

/** Why an item takes no further fact of this type; whoever came first stays. */
function capReached(
  { fact }: ParsedFact,
  { day }: FactItem,
  slots: ReadonlyMap<string, { stands: HashedFact }>,
): string | undefined {
  if (fact.type === 'participant' || fact.type === 'sales') return undefined;
  const cap = CAPS[fact.type];
  let there = 0;
  for (const { stands } of slots.values()) if (stands.fact.type === fact.type) there++;
  if (there < cap) return undefined;
  const what = fact.type === 'broadcast' ? `sessions a participant a day` : `${fact.type}s a participant`;
  return `id: got ${fact.type} ${fact.id}${day === undefined ? '' : ` on ${day}`}; allowed: at most ${cap} ${what}`;
}

/**
 * Writes a merge; when another writer was there first, merges again with what stands now. The loser of a conflict
 * is kept aside before it is overwritten. An item that would be too large takes as many as fit, one by one; each of the
 * others is kept aside, and stops none of its neighbours (law 10).
 */
async function write(
  { table, now }: Pick<Services, 'table' | 'now'>,
  group: Group,
  first: GroupMerge,
  setAside: (refused: readonly Refusal[]) => Promise<void>,
): Promise<GroupMerge> {
  let merge = first;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (merge.refused.length > 0) await setAside(merge.refused);
    if (merge.replacements.length === 0) return merge;
    const outcome = await replaceFacts(table, group.item, merge.replacements, now());
    if (outcome === 'written') return merge;
    if (outcome === 'full') return writeOneByOne({ table, now }, group, merge, setAside);
    merge = mergeGroup(group, await readFactItem(table, group.item));
  }
  throw new Error(
    `facts of ${group.item.participantId} changed under ${ATTEMPTS} writes in a row: try again`,
  );
}

async function writeOneByOne(
  services: Pick<Services, 'table' | 'now'>,
  { item, facts }: Group,
  whole: GroupMerge,
  setAside: (refused: readonly Refusal[]) => Promise<void>,
): Promise<GroupMerge> {
  const all: GroupMerge = { replacements: [], outcomes: [], refused: [] };
  for (const one of facts) {
    const group = { item, facts: [one] };
    const merge = mergeGroup(group, await readFactItem(services.table, item));
    const full =
      merge.replacements.length > 0 &&
      (await replaceFacts(services.table, item, merge.replacements, services.now())) === 'full';
    const reason = `item: got ${item.participantId}${item.day === undefined ? '' : ` on ${item.day}`} with more than an item holds, 400 KB; allowed: fewer or shorter facts`;
    const done = full
      ? { replacements: [], outcomes: [], refused: [refusal(one.line, reason)] }
      : await write(services, group, merge, setAside);
    if (full) await setAside(done.refused);
    // Some of them were written together, before the item was full.
    const written =
      done.outcomes[0] === 'unchanged' && whole.replacements.some(({ line }) => line === one.line);
    all.outcomes.push(...(written ? (['accepted'] as const) : done.outcomes));
    all.refused.push(...done.refused);
  }
  return all;
}
