/**
 * Sums that never lie (law 10), by names that may be anything (law 15). An amount is a whole number of at most
 * 2^53 - 1; adding stops at a stated most instead of losing the last digits, in whatever order amounts are added.
 */

/** The most that an amount may be, and that a table can hold: 2^53 - 1. */
export const MOST = Number.MAX_SAFE_INTEGER;

/** One above every amount, and exact: a sum that comes to this is too large to be told, and stays so. */
export const TOO_LARGE = MOST + 1;

/** The sum of two amounts that are not negative, or {@link TOO_LARGE}. */
export function plus(a: number, b: number): number {
  return Math.min(a + b, TOO_LARGE);
}

/** Whether a sum of amounts passed what can be told. */
export function isTooLarge(sum: number): boolean {
  return sum >= TOO_LARGE;
}

/** The sum of two amounts, or the nearest number that can be told: for figures that nothing is decided by. */
export function plusToTell(a: number, b: number): number {
  return Math.max(-MOST, Math.min(a + b, MOST));
}

/** A sum as it can be told and kept: {@link MOST} stands for one that is too large. */
export function told(sum: number): number {
  return Math.min(sum, MOST);
}

/** What a record has under a name, and never what every object has: a pool may be called `constructor`. */
export function at<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
