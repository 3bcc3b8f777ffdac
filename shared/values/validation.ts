/** What every edge shares: the schemas of ids, dates and amounts, and messages that a person can act on. */
import * as z from 'zod';
import { isDate, isMonth, parseInstant } from './calendar.ts';

/**
 * Ids are parts of table keys, so `#` and white space are out. Occasions and run ids are built from them.
 */
export const idSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,63}$/,
    '1 to 64 of A-Z a-z 0-9 . _ : @ -, starting with a letter or digit',
  );

/** A real calendar date. */
export const dateSchema = z.string().refine(isDate, 'a calendar date as YYYY-MM-DD');

/** A real month. */
export const monthSchema = z.string().refine(isMonth, 'a month as YYYY-MM');

/** An instant with its offset. */
export const instantSchema = z
  .string()
  .max(40, 'an ISO 8601 instant of at most 40 characters')
  .refine(
    (text) => parseInstant(text) !== undefined,
    'an ISO 8601 instant with an offset, as 2024-07-31T20:00:00+08:00',
  );

/** A whole number from zero to 2^53 - 1. */
export const countSchema = z
  .int('a whole number from 0 to 9007199254740991')
  .min(0, 'a whole number from 0 to 9007199254740991');

/** Nothing but white space, signs without width, and letters that are drawn as nothing. */
const BLANK = /^[\p{White_Space}\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]*$/u;
const REASON_CHARACTERS = 500;

/** Why a person did something, for the record: what nobody could read is no reason. */
export const reasonSchema = z
  .string()
  .trim()
  .refine((reason) => !BLANK.test(reason), 'a reason that can be read, and is not blank')
  .max(REASON_CHARACTERS, `a reason of at most ${REASON_CHARACTERS} characters`);

/**
 * Text that can be stored and shown: well-formed Unicode without control characters, and without U+FFFD, by which some
 * program before us said that it could not read a character.
 */
export function textSchema(max: number) {
  const allowed = `a name of 1 to ${max} characters, without control characters, lone surrogates or U+FFFD`;
  return z
    .string()
    .min(1, allowed)
    .max(max, allowed)
    .refine((text) => text.isWellFormed() && !/[\p{Cc}\uFFFD]/u.test(text), allowed);
}

/** Input was refused: the message names the field, the value and what is allowed. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/**
 * Parses with a schema, or throws an {@link InputError} that names every field at fault, the value it had and
 * what is allowed. `what` names the thing parsed, as in `run input`.
 */
export function parseInput<T>(schema: z.ZodType<T>, input: unknown, what: string): T {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw new InputError(`${what}: ${describeIssues(result.error, input)}`);
}

/** The issues of a failed parse in one line. */
export function describeIssues(error: z.ZodError, input: unknown): string {
  const issues = error.issues.map((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return `${[...issue.path, issue.keys.join(', ')].join('.')}: unknown key; allowed: the keys of its kind`;
    }
    const field = issue.path.length > 0 ? issue.path.join('.') : 'value';
    return `${field}: got ${show(valueAt(input, issue.path))}; allowed: ${allowed(issue)}`;
  });
  // One fault of a value may break two of its rules.
  return [...new Set(issues)].join(' · ');
}

function allowed(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_union' && 'options' in issue)
    return (issue.options ?? []).map(String).join(', ');
  if (issue.code === 'invalid_value') return issue.values.map(String).join(', ');
  if (issue.code === 'invalid_type' && issue.message.startsWith('Invalid input'))
    return `a ${issue.expected}`;
  return issue.message;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (value !== null && typeof value === 'object' ? Reflect.get(value, key) : undefined),
    input,
  );
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}… (${text.length} characters)` : text;
}

/** The names that stand more than once in a list, each once. */
export function duplicates(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}
