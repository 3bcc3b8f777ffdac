/** Event ladders: net sales of an event reach a rung once. */
import { earned, missed } from '../conclude.ts';
import type { Case, Decision, Verdict } from '../decision.ts';
import { daysWithin, editionsOf } from '../events.ts';
import { climb } from '../ladder.ts';
import { whyBelow } from '../nearest.ts';

/** Decides the rungs of an event under the version in force on its first day (docs/programs.md, channels-618). */
export function eventLadder(kase: Case, id: string): Verdict {
  const decisions: Decision[] = [];
  for (const rule of editionsOf(kase, 'event-ladder', id)) {
    const { from, to, rungs, prefix = '' } = rule.incentive;
    for (const { rung, reachedOn, netFen, grossFen } of climb(daysWithin(kase, from, to), rungs)) {
      const stake = { rule, occasion: `${prefix}${rung.name}`, worth: rung.amount };
      const evidence = { netFen, needFen: rung.atFen };
      decisions.push(
        reachedOn === undefined
          ? missed(stake, whyBelow(kase, stake.occasion, 'below-rung', { grossFen, needFen: rung.atFen }), {
              ...evidence,
              by: to,
            })
          : earned(kase, stake, { earnedOn: reachedOn, readsFrom: from, evidence }),
      );
    }
  }
  return { decisions, kept: [] };
}
