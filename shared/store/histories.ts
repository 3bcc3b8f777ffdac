/** One Query reads all that a decision about a participant needs: its days, entries and profile. */
import { paginateQuery } from '@aws-sdk/lib-dynamodb';
import type { Day, DaySales, Entry, History, Session } from '../engine/history.ts';
import type { Attestation, Fact, Participant, Sanction } from '../facts/schema.ts';
import { type BusinessDate, parseInstant } from '../values/calendar.ts';
import { compareCodeUnits } from '../values/canonical.ts';
import { decode, isSlot } from './facts.ts';
import { decodeEntry } from './ledger.ts';
import { keys, type Table } from './table.ts';

/**
 * Reads a participant from the horizon on. The sort keys are chosen so that one range holds everything:
 * `DAY#<horizon>` … `GRANT#` … `PROFILE`.
 *
 * `consistent` is for a run that follows another closely; otherwise what is missed is in the open due bucket,
 * and read again by the next run.
 */
export async function readHistory(
  table: Table,
  participantId: string,
  horizon: BusinessDate,
  { consistent = false }: { consistent?: boolean } = {},
): Promise<History> {
  const from = keys.day(participantId, horizon);
  const pages = paginateQuery(
    { client: table.client },
    {
      TableName: table.name,
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
      ExpressionAttributeValues: { ':pk': from.pk, ':from': from.sk, ':to': keys.profile(participantId).sk },
      ConsistentRead: consistent,
    },
  );
  const days: Day[] = [];
  const entries: Entry[] = [];
  let profile: Fact[] = [];
  for await (const { Items = [] } of pages) {
    for (const item of Items) {
      const sk = String(item.sk);
      if (sk.startsWith('DAY#')) days.push(dayFrom(participantId, sk.slice('DAY#'.length), item));
      else if (sk.startsWith('GRANT#')) entries.push(decodeEntry(item));
      else if (sk === 'PROFILE') profile = factsOf(participantId, undefined, item);
    }
  }
  return {
    participantId,
    participant: profile.find((fact): fact is Participant => fact.type === 'participant'),
    attestations: profile.filter((fact): fact is Attestation => fact.type === 'attestation'),
    // In order, so that of several the same one is named each time.
    sanctions: profile
      .filter((fact): fact is Sanction => fact.type === 'sanction')
      .sort((a, b) => compareCodeUnits(a.id, b.id)),
    days,
    entries,
  };
}

function dayFrom(participantId: string, date: BusinessDate, item: Record<string, unknown>): Day {
  const sessions: Session[] = [];
  let sales: DaySales | undefined;
  for (const fact of factsOf(participantId, date, item)) {
    if (fact.type === 'sales') sales = fact;
    if (fact.type === 'broadcast') {
      sessions.push({
        id: fact.id,
        startMs: parseInstant(fact.startedAt) ?? Number.NaN,
        endMs: parseInstant(fact.endedAt) ?? Number.NaN,
        hasCart: fact.hasCart,
        recorded: fact.recorded,
        withdrawn: fact.withdrawn ?? false,
        views: fact.views,
      });
    }
  }
  return { date, sessions, sales };
}

function factsOf(
  participantId: string,
  day: BusinessDate | undefined,
  item: Record<string, unknown>,
): Fact[] {
  return Object.entries(item)
    .filter(([attribute]) => isSlot(attribute))
    .map(([slot, value]) => decode({ participantId, day }, slot, value as Record<string, unknown>).fact);
}
