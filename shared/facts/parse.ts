/** One line of NDJSON to one fact, or to the reason why it is none. */
import type { BusinessDate } from '../values/calendar.ts';
import { describeIssues } from '../values/validation.ts';
import { type FactIdentity, identityOf } from './identity.ts';
import { type HashedFact, hashFact } from './merge.ts';
import { factSchema } from './schema.ts';

/** A fact that passed, with its identity. */
export interface ParsedFact extends HashedFact, FactIdentity {}

export type ParseResult = { ok: true; fact: ParsedFact } | { ok: false; reason: string };

/**
 * Parses one line. Refused are text that is no JSON, what the schema refuses, and a session or sales line dated
 * after the day it arrives.
 */
export function parseFact(line: string, arrivedOn: BusinessDate): ParseResult {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return {
      ok: false,
      reason: `not JSON: ${JSON.stringify(line.slice(0, 60))}; allowed: one JSON object a line`,
    };
  }
  const parsed = factSchema.safeParse(json);
  if (!parsed.success) return { ok: false, reason: describeIssues(parsed.error, json) };
  const identity = identityOf(parsed.data);
  if (identity.day !== undefined && identity.day > arrivedOn) {
    const field = parsed.data.type === 'sales' ? 'date' : 'startedAt';
    return {
      ok: false,
      reason: `${field}: got business date ${identity.day}; allowed: at most the day it arrives, ${arrivedOn}`,
    };
  }
  return { ok: true, fact: { ...hashFact(parsed.data), ...identity } };
}
