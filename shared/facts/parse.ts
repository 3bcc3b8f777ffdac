/** One line of NDJSON to one fact in its stored form, or to the reason why it is none. */
import * as z from 'zod';
import {
  addDays,
  type BusinessDate,
  businessDate,
  epochMs,
  parseInstant,
  startOfDay,
} from '../values/calendar.ts';
import { dateSchema, describeIssues, idSchema, instantSchema } from '../values/validation.ts';
import { type FactIdentity, identityOf } from './identity.ts';
import { type HashedFact, hashFact } from './merge.ts';
import { FACTS_ZONE, type Fact, factSchema } from './schema.ts';

/** A fact that passed, in its stored form, with its identity. */
export interface ParsedFact extends HashedFact, FactIdentity {}

export type ParseResult = { ok: true; fact: ParsedFact } | { ok: false; reason: string };

/**
 * Parses one line. Refused are text that is no JSON, what the schema refuses, and a session or sales line that starts,
 * ends or is dated after the day it arrives.
 */
export function parseFact(line: string, arrivedOn: BusinessDate): ParseResult {
  const json = parseJson(line);
  if (json === undefined) {
    return {
      ok: false,
      reason: `not JSON: ${JSON.stringify(line.slice(0, 60))}; allowed: one JSON object a line`,
    };
  }
  const parsed = factSchema.safeParse(json);
  if (!parsed.success) return { ok: false, reason: describeIssues(parsed.error, json) };
  const fact = storedForm(parsed.data);
  const late = lateField(fact, arrivedOn);
  if (late !== undefined) return { ok: false, reason: late };
  return { ok: true, fact: { ...hashFact(fact), ...identityOf(fact) } };
}

/**
 * Which fact a refused line would have been of, and of which revision; undefined when its key cannot be read. Nothing else
 * of it is judged.
 */
export function identityOfRaw(raw: string): (FactIdentity & { revision: number }) | undefined {
  const json = parseJson(raw);
  if (json === null || typeof json !== 'object') return undefined;
  const { revision, ...fields } = json as Record<string, unknown>;
  const known = keySchema.safeParse(fields);
  if (!known.success || !Number.isSafeInteger(revision)) return undefined;
  const fact =
    'startedAt' in known.data ? { ...known.data, startedAt: inUtc(known.data.startedAt) } : known.data;
  return { ...identityOf(fact as Fact), revision: Number(revision) };
}

const ofParticipant = { participantId: idSchema };
/** What of each type says which fact it is. */
const keySchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('participant'), id: idSchema }),
  z.object({ type: z.literal('broadcast'), id: idSchema, startedAt: instantSchema, ...ofParticipant }),
  z.object({ type: z.literal('sales'), date: dateSchema, ...ofParticipant }),
  z.object({ type: z.literal('attestation'), id: idSchema, ...ofParticipant }),
  z.object({ type: z.literal('sanction'), id: idSchema, ...ofParticipant }),
]);

/**
 * The value of a JSON text; undefined when it is none. A number that would be read as a whole one, and is not written as
 * that, as 100000.00000000000000001 is not, comes as its text: it would be rounded before anyone looks.
 */
export function parseJson(text: string): unknown {
  try {
    return (JSON.parse as ParseWithSource)(text, (_key, value, context) =>
      Number.isSafeInteger(value) && !isExact(context.source ?? '') ? context.source : value,
    );
  } catch {
    return undefined;
  }
}

/** What the language has, and its types do not know yet: the text of each number. */
type ParseWithSource = (
  text: string,
  reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
) => unknown;

/** Whether a number as written is whole, and held exactly by a number: `100` and `100.00` are, `1e2` is not taken. */
export function isExact(written: string): boolean {
  return /^-?\d{1,16}(\.0{1,20})?$/.test(written) && Number.isSafeInteger(Number(written));
}

/**
 * The form in which facts are stored and compared: instants cut to the millisecond, in UTC, and no `withdrawn` where it
 * is false. Lines equal in it are the same fact (docs/programs.md, Facts).
 */
function storedForm(fact: Fact): Fact {
  if (fact.type === 'broadcast') {
    const { withdrawn, ...rest } = fact;
    return {
      ...rest,
      startedAt: inUtc(fact.startedAt),
      endedAt: inUtc(fact.endedAt),
      ...(withdrawn === true ? { withdrawn } : {}),
    };
  }
  if (fact.type !== 'attestation' && fact.type !== 'sanction') return fact;
  const { withdrawn, ...rest } = fact;
  return withdrawn === true ? fact : (rest as Fact);
}

/** Of an instant that passed the schema. A leap second, which no clock here knows, is the second before. */
function inUtc(instant: string): string {
  const ms = parseInstant(instant);
  if (ms === undefined) throw new Error(`${instant} is no instant`);
  return new Date(ms).toISOString();
}

/** No session may start or end, and no sales line be dated, after the day it arrives. */
function lateField(fact: Fact, arrivedOn: BusinessDate): string | undefined {
  const refuse = (field: string, got: string) =>
    `${field}: got ${got}; allowed: at most the day it arrives, ${arrivedOn}`;
  if (fact.type === 'sales')
    return fact.date > arrivedOn ? refuse('date', `business date ${fact.date}`) : undefined;
  if (fact.type !== 'broadcast') return undefined;
  // Instants are compared as such: far in the future, dates as text are in no order.
  const over = startOfDay(addDays(arrivedOn, 1), FACTS_ZONE);
  const late = (['startedAt', 'endedAt'] as const).find((field) => epochMs(fact[field]) >= over);
  return late && refuse(late, `business date ${businessDate(epochMs(fact[late]), FACTS_ZONE)}`);
}
