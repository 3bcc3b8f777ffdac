/** Folds all facts known of one participant, and a program's policy, into what it should have. */
import type { Incentive, PolicyVersion, Program } from '../policy/schema.ts';
import type { BusinessDate } from '../values/calendar.ts';
import { type Activity, activityOf } from './activity.ts';
import type { Case, Decision, Holding } from './decision.ts';
import type { Entry, History } from './history.ts';
import { KINDS } from './incentives/index.ts';

/** What one participant should have under one program, and what it has. */
export interface Evaluation {
  decisions: Decision[];
  /** Occasions that keep their ledger sum, because the facts read do not reach them. */
  kept: ReadonlySet<string>;
  holdings: ReadonlyMap<string, Holding>;
}

/** The dates between which facts were read, both included. */
export interface Span {
  horizon: BusinessDate;
  asOf: BusinessDate;
}

/**
 * Evaluates one participant. Pure: the same history, policy and span give the same decisions. A participant that
 * is not known yet, or is on another platform, has nothing decided and keeps what it has.
 */
export function evaluate(program: Program, history: History, { horizon, asOf }: Span): Evaluation {
  const holdings = holdingsOf(history.entries, program.program);
  const decisions: Decision[] = [];
  const kept = new Set<string>();
  const { participant } = history;
  if (participant === undefined || participant.platform !== program.platform) {
    return { decisions, kept: new Set(holdings.keys()), holdings };
  }
  const activities = new Map<number, Activity>();
  const kase: Case = {
    program,
    history,
    horizon,
    asOf,
    holdings,
    activity: ({ validSession: { minMinutes } }: PolicyVersion) => {
      const known = activities.get(minMinutes);
      if (known !== undefined) return known;
      const activity = activityOf(history, asOf, minMinutes);
      activities.set(minMinutes, activity);
      return activity;
    },
  };
  for (const [id, { kind, who }] of incentivesOf(program)) {
    if (who.kind !== participant.kind) continue;
    const verdict = KINDS[kind](kase, id);
    decisions.push(...verdict.decisions);
    for (const occasion of verdict.kept) kept.add(occasion);
  }
  return { decisions, kept, holdings };
}

const known = new WeakMap<Program, Map<string, Incentive>>();

/** Every incentive of any version by its id, as its latest version has it. */
function incentivesOf(program: Program): Map<string, Incentive> {
  let incentives = known.get(program);
  if (incentives === undefined) {
    incentives = new Map(
      program.versions.flatMap((version) => version.incentives).map((one) => [one.id, one]),
    );
    known.set(program, incentives);
  }
  return incentives;
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
