/** A participant before a program: the case that the kinds of incentives judge. */
import type { Program } from '../policy/schema.ts';
import type { BusinessDate } from '../values/calendar.ts';
import { type Activity, activityOf } from './activity.ts';
import type { Case, Holding, Surroundings } from './decision.ts';
import type { Entry, History } from './history.ts';

/** The dates between which facts were read, both included. */
export interface Span {
  horizon: BusinessDate;
  asOf: BusinessDate;
}

/** Nothing around: a participant by itself, in a run that looks at a few. */
export const ALONE: Surroundings = { full: false, frozen: new Map() };

export function caseOf(
  program: Program,
  history: History,
  { horizon, asOf }: Span,
  around: Surroundings = ALONE,
): Case {
  let activity: Activity | undefined;
  return {
    program,
    history,
    horizon,
    asOf,
    holdings: holdingsOf(history.entries, program.program),
    around,
    /** Folded when first asked for: many a participant is looked at for its ledger alone. */
    get activity() {
      activity ??= activityOf(program, history, asOf);
      return activity;
    },
  };
}

/** What the ledger holds by occasion. Entries of an occasion come in the order of their numbers. */
export function holdingsOf(entries: readonly Entry[], program: string): Map<string, Holding> {
  const holdings = new Map<string, Holding>();
  for (const entry of entries) {
    if (entry.program !== program) continue;
    const sum = (holdings.get(entry.occasion)?.sum ?? 0) + entry.amount;
    holdings.set(entry.occasion, { occasion: entry.occasion, sum, last: entry });
  }
  return holdings;
}
