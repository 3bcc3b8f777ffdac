/** Takes facts in: one function for files, pipes and the queue. */
import pMap from 'p-map';
import { type HashedFact, mergeFact } from '../facts/merge.ts';
import { type ParsedFact, parseFact } from '../facts/parse.ts';
import { MAX_SESSIONS_A_DAY } from '../facts/schema.ts';
import { LATE_AFTER_DAYS } from '../policy/reach.ts';
import { markDue, noteArrivalDay, noteLate } from '../store/due.ts';
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
import { addDays, type BusinessDate } from '../values/calendar.ts';
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

/** The facts of one item, in the order they came. */
interface Group {
  item: FactItem;
  facts: { fact: ParsedFact; raw: string }[];
}

/**
 * Takes lines of NDJSON in; blank ones are passed over. A bad fact is kept aside with its reason and stops no
 * other. Facts may come in any order and any number of times. Participants are marked due before their facts are
 * written, so that a crash in between makes one evaluation too many, never one too few.
 *
 * @param arrivedOn the business date of processing.
 */
export async function ingest(
  services: Pick<Services, 'table' | 'now'>,
  lines: readonly string[],
  arrivedOn: BusinessDate,
): Promise<Ingested> {
  const { table, now } = services;
  const refused: Quarantined[] = [];
  const groups = groupFacts(lines, arrivedOn, refused);
  if (refused.length > 0) {
    await noteArrivalDay(table, arrivedOn, now());
    await quarantine(table, refused, now());
  }
  const counts = { ...noneIngested(), quarantined: refused.length };
  const standing = await readFactItems(
    table,
    groups.map(({ item }) => item),
  );
  const merged = groups.map((group) => ({
    group,
    merge: mergeGroup(group, standing.get(factItemId(group.item)) ?? new Map()),
  }));
  const changing = merged.filter(({ merge }) => merge.replacements.length > 0);
  await enroll(
    table,
    changing.flatMap(({ merge }) => merge.replacements.map(({ fact }) => fact)),
  );
  await markDue(
    table,
    arrivedOn,
    changing.map(({ group }) => group.item.participantId),
    now(),
  );
  await noteLate(
    table,
    arrivedOn,
    changing.flatMap(({ group: { item } }) =>
      item.day !== undefined && item.day < addDays(arrivedOn, -LATE_AFTER_DAYS)
        ? [{ participantId: item.participantId, day: item.day }]
        : [],
    ),
    now(),
  );
  await pMap(
    merged,
    async ({ group, merge }) => {
      const { outcomes, refused } = await write(services, group, merge, arrivedOn);
      for (const outcome of outcomes) counts[outcome]++;
      counts.quarantined += refused.length;
    },
    { concurrency: WRITERS },
  );
  return counts;
}

function groupFacts(lines: readonly string[], arrivedOn: BusinessDate, refused: Quarantined[]): Group[] {
  const groups = new Map<string, Group>();
  for (const raw of lines) {
    if (raw.trim() === '') continue;
    const parsed = parseFact(raw, arrivedOn);
    if (!parsed.ok) {
      refused.push({ arrivedOn, raw, reason: parsed.reason });
      continue;
    }
    const { participantId, day } = parsed.fact;
    const id = factItemId({ participantId, day });
    const group = groups.get(id) ?? { item: { participantId, day }, facts: [] };
    groups.set(id, group);
    group.facts.push({ fact: parsed.fact, raw });
  }
  return [...groups.values()];
}

interface GroupMerge {
  replacements: { fact: ParsedFact; replaces: HashedFact | undefined }[];
  outcomes: ('accepted' | 'unchanged' | 'superseded')[];
  refused: { raw: string; reason: string }[];
}

/** Merges facts into what stands, in memory. */
function mergeGroup({ facts }: Group, standing: Slots): GroupMerge {
  const slots = new Map<string, { stands: HashedFact; fact?: ParsedFact }>(
    [...standing].map(([slot, stands]) => [slot, { stands }]),
  );
  const merge: GroupMerge = { replacements: [], outcomes: [], refused: [] };
  for (const { fact, raw } of facts) {
    const before = slots.get(fact.slot);
    if (before === undefined && fact.fact.type === 'broadcast' && sessionsIn(slots) >= MAX_SESSIONS_A_DAY) {
      merge.refused.push({
        raw,
        reason: `id: got session ${fact.fact.id} on ${fact.day}; allowed: at most ${MAX_SESSIONS_A_DAY} sessions a participant a day`,
      });
      continue;
    }
    const { outcome, stands, loser } = mergeFact(before?.stands, fact);
    if (loser !== undefined) {
      merge.refused.push({
        raw: JSON.stringify(loser.fact),
        reason: `revision: got ${loser.fact.revision} twice with other content; allowed: a higher revision for a change (the other version stands)`,
      });
    }
    if (stands.hash === fact.hash && outcome !== 'unchanged') slots.set(fact.slot, { stands, fact });
    if (outcome !== 'conflict') merge.outcomes.push(outcome);
    else if (stands.hash === fact.hash) merge.outcomes.push('accepted');
  }
  for (const [slot, { fact }] of slots) {
    if (fact !== undefined) merge.replacements.push({ fact, replaces: standing.get(slot) });
  }
  return merge;
}

function sessionsIn(slots: ReadonlyMap<string, { stands: HashedFact }>): number {
  let sessions = 0;
  for (const { stands } of slots.values()) if (stands.fact.type === 'broadcast') sessions++;
  return sessions;
}

/**
 * Writes a merge; when another writer was there first, merges again with what stands now. The loser of a conflict
 * is kept aside before it is overwritten.
 */
async function write(
  { table, now }: Pick<Services, 'table' | 'now'>,
  group: Group,
  first: GroupMerge,
  arrivedOn: BusinessDate,
): Promise<GroupMerge> {
  let merge = first;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    await quarantine(
      table,
      merge.refused.map(({ raw, reason }) => ({ arrivedOn, raw, reason })),
      now(),
    );
    if (merge.replacements.length === 0) return merge;
    if (await replaceFacts(table, group.item, merge.replacements, now())) return merge;
    merge = mergeGroup(group, await readFactItem(table, group.item));
  }
  throw new Error(
    `facts of ${group.item.participantId} changed under ${ATTEMPTS} writes in a row: try again`,
  );
}
