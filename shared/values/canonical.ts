/** One text for one value, and its hash: how facts, policies and plans are compared and named. */
import { createHash } from 'node:crypto';

/**
 * JSON with keys in code-unit order and without undefined values, so that equal values give equal text. Holds
 * for the integers, text, booleans, lists and records that this project stores (RFC 8785 for those). A map becomes
 * a list of its pairs, in the order of their keys: whoever reads it makes a map of them again.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (inner instanceof Map) return [...inner].sort(([a], [b]) => compareCodeUnits(a, b));
    if (inner === null || typeof inner !== 'object' || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => compareCodeUnits(a, b)));
  });
}

/** The first 128 bits of the SHA-256 of a value's canonical JSON, as 32 hex digits. */
export function contentHash(value: unknown): string {
  return textHash(canonicalJson(value));
}

/** The first 128 bits of the SHA-256 of a text, as 32 hex digits. */
export function textHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** Orders by code unit, the order of ids everywhere here and of keys in DynamoDB: `m-10` before `m-2`. */
export function compareCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
