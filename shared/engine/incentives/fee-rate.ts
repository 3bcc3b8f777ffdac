/** Fee rates: enough broadcast days in an event earn a lower fee for the rest of it. */
import { addDays } from '../../values/calendar.ts';
import { earned, missed } from '../conclude.ts';
import type { Case, Decision, Verdict } from '../decision.ts';
import { daysWithin, editionsOf } from '../events.ts';

/**
 * The n-th broadcast day in the event earns the rate, valid from the next day to the event's end; on the last day
 * there is no next one (docs/programs.md, channels-618).
 */
export function feeRate(kase: Case, id: string): Verdict {
  const decisions: Decision[] = [];
  for (const rule of editionsOf(kase, 'fee-rate', id)) {
    const { from, to, broadcastDay, rateBps, prefix = '' } = rule.incentive;
    const stake = { rule, occasion: `${prefix}${id}`, worth: rateBps };
    const days = daysWithin(kase, from, to).filter(({ sessions }) => sessions.length > 0);
    const reachedOn = days[broadcastDay - 1]?.date;
    if (reachedOn === undefined) {
      const evidence = { broadcastDays: days.length, needDays: broadcastDay, by: addDays(to, -1) };
      decisions.push(missed(stake, 'too-few-broadcast-days', evidence));
    } else if (reachedOn === to) {
      decisions.push(missed(stake, 'last-day-of-event', { broadcastOn: reachedOn }));
    } else {
      const evidence = { broadcastDays: broadcastDay, validFrom: addDays(reachedOn, 1), validTo: to };
      decisions.push(earned(kase, stake, { earnedOn: reachedOn, readsFrom: from, evidence }));
    }
  }
  return { decisions, kept: [] };
}
