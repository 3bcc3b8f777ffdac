/** One Query reads all that a decision about a participant needs: its days, entries and profile. */
import pMap from 'p-map';
import type { Day, DaySales, Entry, Held, History, Latecomer, Session } from '../engine/history.ts';
import { datesOf } from '../facts/identity.ts';
import type { Attestation, Participant, Sanction } from '../facts/schema.ts';
import { type BusinessDate, epochMs } from '../values/calendar.ts';
import { compareCodeUnits } from '../values/canonical.ts';
import { getAll } from './batch.ts';
import { decode, isSlot, type Standing } from './facts.ts';
import { decodeHeld } from './held.ts';
import { itemsIn } from './items.ts';
import { decodeEntry } from './ledger.ts';
import { keys, type Table } from './table.ts';

/**
 * Reads a participant from the horizon on. The sort keys are chosen so that one range holds everything:
 * `DAY#<horizon>` … `GRANT#` … `MEMBER#` … `OWNS#` … `PROFILE`.
 *
 * `consistent` is for a run that follows another closely; otherwise what is missed is in the open due bucket,
 * and read again by the next run. `fresh` leaves out what has been granted.
 */
export async function readHistory(
  table: Table,
  participantId: string,
  horizon: BusinessDate,
  { consistent = false, fresh = false }: { consistent?: boolean; fresh?: boolean } = {},
): Promise<History> {
  const from = keys.day(participantId, horizon);
  const days: Day[] = [];
  const late: Latecomer[] = [];
  const entries: Entry[] = [];
  const held: Held[] = [];
  const members: string[] = [];
  const shops: string[] = [];
  let profile: Record<string, unknown> = {};
  const between = [from.sk, keys.profile(participantId).sk] as const;
  for await (const item of itemsIn(table, { pk: from.pk, between }, { consistent })) {
    const sk = String(item.sk);
    if (sk.startsWith('DAY#')) {
      const facts = factsOf(participantId, sk.slice('DAY#'.length), item);
      days.push(dayFrom(sk.slice('DAY#'.length), facts));
      late.push(...latecomersOf(facts));
    } else if (sk.startsWith('GRANT#')) entries.push(decodeEntry(item));
    else if (sk.startsWith('HELD#')) held.push(decodeHeld(item));
    else if (sk.startsWith('MEMBER#')) members.push(sk.slice('MEMBER#'.length));
    else if (sk.startsWith('OWNS#')) shops.push(sk.slice('OWNS#'.length));
    else if (sk === 'PROFILE') profile = item;
  }
  const granted = fresh ? { entries: [], held: [] } : { entries, held };
  return historyFrom(participantId, profile, { days, late, members, shops, ...granted });
}

function historyFrom(
  participantId: string,
  profile: Record<string, unknown>,
  { late, ...rest }: Pick<History, 'days' | 'late' | 'entries' | 'held' | 'members' | 'shops'>,
): History {
  const standing = factsOf(participantId, undefined, profile);
  const about = standing.map(({ fact }) => fact);
  return {
    participantId,
    participant: about.find((fact): fact is Participant => fact.type === 'participant'),
    attestations: about.filter((fact): fact is Attestation => fact.type === 'attestation'),
    // In order, so that of several the same one is named each time.
    sanctions: about
      .filter((fact): fact is Sanction => fact.type === 'sanction')
      .sort((a, b) => compareCodeUnits(a.id, b.id)),
    entities: idsIn(profile.entities),
    agencies: idsIn(profile.agencies),
    late: [...late, ...latecomersOf(standing)],
    ...rest,
  };
}

function latecomersOf(standing: readonly Standing[]): Latecomer[] {
  return standing.flatMap(({ fact, lateOn }) => {
    const about = datesOf(fact);
    return lateOn === undefined || about === undefined
      ? []
      : [{ type: fact.type, ...about, arrivedOn: lateOn }];
  });
}

function dayFrom(date: BusinessDate, standing: readonly Standing[]): Day {
  const sessions: Session[] = [];
  let sales: DaySales | undefined;
  for (const { fact } of standing) {
    if (fact.type === 'sales') sales = fact;
    if (fact.type === 'broadcast') {
      sessions.push({
        id: fact.id,
        startMs: epochMs(fact.startedAt),
        endMs: epochMs(fact.endedAt),
        hasCart: fact.hasCart,
        recorded: fact.recorded,
        withdrawn: fact.withdrawn ?? false,
        views: fact.views,
      });
    }
  }
  return { date, sessions, sales };
}

/** Several participants, in the order of their ids. */
export async function readHistories(
  table: Table,
  ids: readonly string[],
  { horizon, ...how }: { horizon: BusinessDate; consistent: boolean; fresh?: boolean },
): Promise<History[]> {
  const read = async (id: string) => {
    try {
      return await readHistory(table, id, horizon, how);
    } catch (error) {
      // Of several that are read together, people have to know which one it is.
      throw new Error(`${id}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  };
  return pMap(ids, read, { concurrency: 8 });
}

/** What is about no date of several participants: their histories without days or entries. */
export async function readProfiles(table: Table, ids: readonly string[]): Promise<History[]> {
  const items = await getAll(table, ids.map(keys.profile));
  const nothing = { days: [], late: [], entries: [], held: [], members: [], shops: [] };
  return items.map((item) => historyFrom(String(item.pk).slice('P#'.length), item, nothing));
}

/** Which shops may belong to an entity: their own profiles decide. */
export async function readShopIds(table: Table, entityId: string): Promise<string[]> {
  const { pk, sk } = keys.shop(entityId, '');
  const shops: string[] = [];
  for await (const item of itemsIn(table, { pk, startsWith: sk }))
    shops.push(String(item.sk).slice(sk.length));
  return shops;
}

/** A set of ids as the client gives it. */
function idsIn(value: unknown): string[] {
  return value instanceof Set ? [...(value as Set<string>)].sort() : [];
}

function factsOf(
  participantId: string,
  day: BusinessDate | undefined,
  item: Record<string, unknown>,
): Standing[] {
  return Object.entries(item)
    .filter(([attribute]) => isSlot(attribute))
    .map(([slot, value]) => decode({ participantId, day }, slot, value as Record<string, unknown>));
}
