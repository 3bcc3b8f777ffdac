/** Lines to what they change of the facts of their items, in memory: what an intake would write, and what it would refuse. */

import { datesOf } from '../facts/identity.ts';
import type { FactLine } from '../facts/lines.ts';
import { type HashedFact, mergeFact } from '../facts/merge.ts';
import { type ParsedFact, parseFact } from '../facts/parse.ts';
import { CAPS } from '../facts/schema.ts';
import { LATE_ALLOWANCE_DAYS } from '../policy/reach.ts';
import { type FactItem, factItemId, type Replacement, type Slots } from '../store/facts.ts';
import type { Quarantined } from '../store/quarantine.ts';
import { addDays, type BusinessDate } from '../values/calendar.ts';
import { canonicalJson } from '../values/canonical.ts';

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

/** A fact that passed, and the line it came in. */
interface Arrival {
  fact: ParsedFact;
  line: FactLine;
}

/** The facts of one item, in the order they came. */
export interface Group {
  item: FactItem;
  facts: Arrival[];
}

/** Parses lines and puts them together by the item they are written to. Blank lines are passed over. */
export function groupFacts(
  lines: readonly (string | FactLine)[],
  arrivedOn: BusinessDate,
): { groups: Group[]; refused: Quarantined[] } {
  const groups = new Map<string, Group>();
  const refused: Quarantined[] = [];
  for (const given of lines) {
    const line = typeof given === 'string' ? { text: given } : given;
    if (line.text.trim() === '') continue;
    const parsed = line.refused === undefined ? parseFact(line.text, arrivedOn) : undefined;
    if (parsed?.ok !== true) {
      const reason = line.refused ?? parsed?.reason ?? '';
      refused.push(refusalOf(line, arrivedOn, reason));
      continue;
    }
    const { participantId, day } = parsed.fact;
    const id = factItemId({ participantId, day });
    const group = groups.get(id) ?? { item: { participantId, day }, facts: [] };
    groups.set(id, group);
    group.facts.push({ fact: parsed.fact, line });
  }
  return { groups: [...groups.values()], refused };
}

export function refusalOf({ text, at }: FactLine, arrivedOn: BusinessDate, reason: string): Quarantined {
  return { arrivedOn, raw: text, reason, ...(at === undefined ? {} : { at }) };
}

/** What a group changes of what stands. */
export interface GroupMerge {
  replacements: Replacement[];
  /** What stands then. */
  slots: Slots;
  counts: Ingested;
  refused: Quarantined[];
}

/** Merges facts into what stands. */
export function mergeGroup({ facts }: Group, standing: Slots, arrivedOn: BusinessDate): GroupMerge {
  const slots = new Map(standing);
  const changed = new Map<string, ParsedFact>();
  const counts = noneIngested();
  const refused: Quarantined[] = [];
  for (const { fact, line } of facts) {
    const before = slots.get(fact.slot);
    const overCap = before === undefined ? capPassedBy(fact, slots) : undefined;
    if (overCap !== undefined) {
      refused.push(refusalOf(line, arrivedOn, overCap));
      continue;
    }
    const { outcome, stands, loser } = mergeFact(before, fact);
    slots.set(fact.slot, stands);
    if (stands === fact) changed.set(fact.slot, fact);
    if (loser !== undefined) refused.push(lostBy(loser, loser === fact ? line : undefined, arrivedOn));
    if (outcome !== 'conflict') counts[outcome]++;
    else if (stands === fact) counts.accepted++;
  }
  counts.quarantined = refused.length;
  const replacements = [...changed].map(([slot, fact]) => ({
    fact,
    replaces: standing.get(slot),
    ...(isLate(fact, arrivedOn) ? { lateOn: arrivedOn } : {}),
  }));
  return { replacements, slots, counts, refused };
}

/** The loser of a conflict in its stored form: the same row, whichever of the two came first. */
function lostBy({ fact }: HashedFact, line: FactLine | undefined, arrivedOn: BusinessDate): Quarantined {
  const reason = `revision: got ${fact.revision} twice with other content; allowed: a higher revision for a change (the other version stands)`;
  return { ...refusalOf({ ...line, text: canonicalJson(fact) }, arrivedOn, reason), conflict: true };
}

/** Why a new fact is one too many; undefined when it is not. */
function capPassedBy({ fact, day }: ParsedFact, slots: Slots): string | undefined {
  if (fact.type === 'participant' || fact.type === 'sales') return undefined;
  const cap = CAPS[fact.type];
  let there = 0;
  for (const { fact: other } of slots.values()) if (other.type === fact.type) there++;
  if (there < cap) return undefined;
  const what = fact.type === 'broadcast' ? `sessions a participant a day` : `${fact.type}s a participant`;
  return `id: got ${fact.type} ${fact.id}${day === undefined ? '' : ` on ${day}`}; allowed: at most ${cap} ${what}`;
}

/** Whether a fact comes so long after the dates that it is about that what it belongs to may be sealed. */
function isLate({ fact }: ParsedFact, arrivedOn: BusinessDate): boolean {
  const about = datesOf(fact);
  return about !== undefined && about.from < addDays(arrivedOn, -LATE_ALLOWANCE_DAYS);
}
