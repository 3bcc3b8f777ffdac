/**
 * Facts at rest: a day item holds a date's sessions and sales, the profile what is about no date. Each fact is
 * one attribute, changed only by a write that names the version it replaces, so that no order of arrivals and no
 * two writers lose one.
 */
import { SLOTS } from '../facts/identity.ts';
import type { HashedFact } from '../facts/merge.ts';
import type { ParsedFact } from '../facts/parse.ts';
import { CAPS, type Fact } from '../facts/schema.ts';
import type { BusinessDate } from '../values/calendar.ts';
import { getAll, putAll } from './batch.ts';
import { getItem, type Item, itemsIn, nameOf, type Update, updateIf } from './items.ts';
import { expiry, type Key, keys, type Table } from './table.ts';

/** The item that facts of one participant and day, or of its profile, live in. */
export interface FactItem {
  participantId: string;
  day: BusinessDate | undefined;
}

/** The facts of one item by slot. */
export type Slots = ReadonlyMap<string, HashedFact>;

/** The expression limits of DynamoDB allow more; this keeps an update well under 4 KB of expression. */
const SLOTS_A_WRITE = 40;

/** Reads several fact items strongly; one that does not exist has no slots. */
export async function readFactItems(table: Table, items: readonly FactItem[]): Promise<Map<string, Slots>> {
  const found = await getAll(table, items.map(keyOf), { expired: true });
  const byKey = new Map(found.map((item) => [`${item.pk} ${item.sk}`, item]));
  return new Map(
    items.map((item) => {
      const { pk, sk } = keyOf(item);
      return [factItemId(item), slotsOf(item, byKey.get(`${pk} ${sk}`))];
    }),
  );
}

/** Reads one fact item strongly. */
export async function readFactItem(table: Table, item: FactItem): Promise<Slots> {
  return slotsOf(item, await getItem(table, keyOf(item), { expired: true }));
}

/** The first date of which there are facts of a participant. */
export async function readFirstDay(table: Table, participantId: string): Promise<BusinessDate | undefined> {
  const { pk, sk } = keys.day(participantId, '');
  for await (const item of itemsIn(table, { pk, startsWith: sk })) return String(item.sk).slice(sk.length);
  return undefined;
}

/** Names a fact item in memory. */
export function factItemId({ participantId, day }: FactItem): string {
  return `${participantId} ${day ?? ''}`;
}

/** An item holds 400 KB; this leaves room for its keys and counts, and for who its owners were. */
const MAX_FACTS_BYTES = 390_000;

/**
 * Whether facts fit into one item: their JSON is never shorter than what the service counts for them. Not every server
 * that speaks like it counts as it does.
 */
export function fitIntoItem(slots: Slots): boolean {
  let bytes = 0;
  for (const [slot, fact] of slots) bytes += slot.length + Buffer.byteLength(JSON.stringify(encode(fact)));
  return bytes <= MAX_FACTS_BYTES;
}

/** A fact, and the version that it is written over. */
export interface Replacement {
  fact: ParsedFact;
  replaces: HashedFact | undefined;
  /** When it arrived, of what came so late that what it belongs to may be sealed. */
  lateOn?: BusinessDate;
}

/** A fact as it stands in its item. */
export interface Standing extends HashedFact, Pick<Replacement, 'lateOn'> {}

/**
 * Writes facts over the versions read before. How many facts of a type an item takes is part of the condition, so that
 * two writers at once do not pass a cap.
 * @returns `moved` when one of them is no longer what was read, or others have come: read again, merge again; `full`
 * when the item would be larger than the table takes.
 */
export async function replaceFacts(
  table: Table,
  item: FactItem,
  replacements: readonly Replacement[],
  nowMs: number,
): Promise<'written' | 'moved' | 'full'> {
  for (let start = 0; start < replacements.length; start += SLOTS_A_WRITE) {
    const chunk = replacements.slice(start, start + SLOTS_A_WRITE);
    try {
      if (!(await updateIf(table, keyOf(item), replacementOf(item, chunk, nowMs)))) return 'moved';
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      return 'full';
    }
  }
  return 'written';
}

/** An item holds 400 KB. */
function isTooLarge(error: unknown): boolean {
  return error instanceof Error && error.name === 'ValidationException' && /size/i.test(error.message);
}

/** The attribute that counts the facts of a type in an item, where there is a cap. */
const COUNTS: Readonly<Record<keyof typeof CAPS, string>> = {
  broadcast: 'sessions',
  attestation: 'attestations',
  sanction: 'sanctions',
};

/** One update that sets each fact over the version it replaces. */
function replacementOf(item: FactItem, chunk: readonly Replacement[], nowMs: number): Update {
  const names: Record<string, string> = {};
  const values: Record<string, unknown> = {};
  const sets: string[] = [];
  const conditions: string[] = [];
  for (const [index, { fact, replaces, lateOn }] of chunk.entries()) {
    names[`#f${index}`] = fact.slot;
    values[`:f${index}`] = { ...encode(fact), ...(lateOn === undefined ? {} : { lateOn }) };
    sets.push(`#f${index} = :f${index}`);
    if (replaces === undefined) conditions.push(`attribute_not_exists(#f${index})`);
    else {
      names['#hash'] = 'hash';
      values[`:h${index}`] = replaces.hash;
      conditions.push(`#f${index}.#hash = :h${index}`);
    }
  }
  for (const [type, attribute] of Object.entries(COUNTS) as [keyof typeof CAPS, string][]) {
    const added = chunk.filter(
      ({ fact, replaces }) => replaces === undefined && fact.fact.type === type,
    ).length;
    if (added === 0) continue;
    names[`#${attribute}`] = attribute;
    values[`:${attribute}`] = added;
    values[`:${attribute}Before`] = CAPS[type] - added;
    values[':none'] = 0;
    sets.push(`#${attribute} = if_not_exists(#${attribute}, :none) + :${attribute}`);
    conditions.push(`(attribute_not_exists(#${attribute}) OR #${attribute} <= :${attribute}Before)`);
  }
  // Profiles outlive their days: without its participant, nothing that it did can be explained.
  if (item.day !== undefined) {
    sets.push('expiresAt = :expiresAt');
    values[':expiresAt'] = expiry(nowMs);
  }
  const adds: string[] = [];
  for (const [attribute, ids] of Object.entries(belongsTo(chunk))) {
    if (ids.size === 0) continue;
    adds.push(`${attribute} :${attribute}`);
    values[`:${attribute}`] = ids;
  }
  return {
    update: `SET ${sets.join(', ')}${adds.length === 0 ? '' : ` ADD ${adds.join(', ')}`}`,
    condition: conditions.join(' AND '),
    names,
    values,
  };
}

/** Profiles remember every entity and agency there ever was: each of them may have to be decided again. */
function belongsTo(chunk: readonly { fact: ParsedFact }[]): { entities: Set<string>; agencies: Set<string> } {
  const entities = new Set<string>();
  const agencies = new Set<string>();
  for (const { fact } of chunk) {
    if (fact.fact.type !== 'participant') continue;
    if (fact.fact.entityId !== undefined && fact.fact.entityId !== fact.fact.id)
      entities.add(fact.fact.entityId);
    for (const { agencyId } of fact.fact.memberships ?? []) agencies.add(agencyId);
  }
  return { entities, agencies };
}

/**
 * Puts participants on the rosters of the entities and of the agencies that their facts name: two rosters, for one id
 * may be both (law 13). Never taken off again.
 */
export async function enroll(table: Table, facts: readonly ParsedFact[]): Promise<void> {
  const rows = new Map<string, Key & Item>();
  for (const fact of facts) {
    const { entities, agencies } = belongsTo([{ fact }]);
    for (const key of [
      ...[...entities].map((entity) => keys.shop(entity, fact.participantId)),
      ...[...agencies].map((agency) => keys.member(agency, fact.participantId)),
    ]) {
      rows.set(nameOf(key), key);
    }
  }
  await putAll(table, [...rows.values()]);
}

function keyOf({ participantId, day }: FactItem): { pk: string; sk: string } {
  return day === undefined ? keys.profile(participantId) : keys.day(participantId, day);
}

/** What the keys say is left out of the attribute. */
function encode({ fact, hash }: HashedFact): Record<string, unknown> {
  const { type: _type, ...content } = fact;
  const stored: Record<string, unknown> = { ...content, hash };
  if (fact.type !== 'participant') delete stored.participantId;
  if (fact.type === 'sales') delete stored.date;
  else delete stored.id;
  return stored;
}

/** The fact in one attribute of an item: what {@link encode} left out comes back from the keys. */
export function decode(item: FactItem, slot: string, stored: Record<string, unknown>): Standing {
  const { hash, lateOn, ...content } = stored;
  return {
    fact: { ...content, ...impliedBy(item, slot) } as Fact,
    hash: String(hash),
    ...(lateOn === undefined ? {} : { lateOn: String(lateOn) }),
  };
}

function impliedBy({ participantId, day }: FactItem, slot: string): Record<string, unknown> {
  if (slot === SLOTS.participant) return { type: 'participant', id: participantId };
  if (slot === SLOTS.sales) return { type: 'sales', participantId, date: day };
  const type = slot.startsWith(SLOTS.session)
    ? 'broadcast'
    : slot.startsWith(SLOTS.attestation)
      ? 'attestation'
      : 'sanction';
  return { type, participantId, id: slot.slice(SLOTS.session.length) };
}

/** Whether an attribute of a fact item is a fact. */
export function isSlot(attribute: string): boolean {
  return attribute === SLOTS.participant || attribute === SLOTS.sales || attribute[1] === '#';
}

function slotsOf(item: FactItem, stored: Record<string, unknown> | undefined): Slots {
  return new Map(
    Object.entries(stored ?? {})
      .filter(([attribute]) => isSlot(attribute))
      .map(([slot, value]) => [slot, decode(item, slot, value as Record<string, unknown>)]),
  );
}
