/** Occasions that keep their sum because the facts they rest on are no longer read, and what comes too late for them. */
import type { Program } from '../policy/schema.ts';
import { type BusinessDate, lastDay } from '../values/calendar.ts';
import type { Holding } from './decision.ts';
import type { Entry, Latecomer } from './history.ts';
import { isMissed } from './reasons.ts';
import { kindsOf, ruleNamed } from './rules.ts';

/** Whether an occasion keeps its sum (law 5): it rests on facts from before the horizon. What was missed may be earned anew. */
export function isSealed(holding: Holding | undefined, horizon: BusinessDate): boolean {
  return holding !== undefined && holding.last.readsFrom < horizon && !isMissed(holding.last.reason);
}

/** Whether a fact is about any of the dates that an occasion rests on. An attestation opens windows, and nothing else. */
export function isAbout(program: Program, { last }: Holding, { type, from, to }: Latecomer): boolean {
  if (type === 'attestation' && kindsOf(program).get(last.incentive) !== 'window-ladder') return false;
  return from <= restsUntil(program, last) && last.readsFrom <= to;
}

/** The last date whose facts an occasion of the ledger rests on. */
function restsUntil(
  program: Program,
  { incentive, occasion, policy, evidence, earnedOn }: Entry,
): BusinessDate {
  const kind = kindsOf(program).get(incentive);
  switch (kind) {
    case 'window-ladder':
      return String(evidence.closesOn ?? earnedOn);
    case 'milestone':
      return String(evidence.to ?? earnedOn);
    case 'event-ladder':
    case 'fee-rate':
      return ruleNamed(program, kind, incentive, policy).incentive.to;
    case 'monthly':
    case 'window-rollup':
    case 'rebate':
    case 'pooled-split':
    case 'ranking':
      return lastDay(occasion.slice(occasion.indexOf('/') + 1));
    default:
      return earnedOn;
  }
}
