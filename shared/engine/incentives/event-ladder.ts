/** Event ladders: net sales of an event reach a rung once. */

import { earned, missed } from '../conclude.ts';
import type { Case, Decision, Verdict } from '../decision.ts';
import { climb } from '../ladder.ts';
import { ruleOn, rulesOf } from '../rules.ts';

/** Decides the rungs of an event under the version in force on its first day (docs/programs.md, channels-618). */
export function eventLadder(kase: Case, id: string): Verdict {
  const decisions: Decision[] = [];
  for (const { incentive } of rulesOf(kase.program, 'event-ladder', id)) {
    const rule = ruleOn(kase.program, 'event-ladder', id, incentive.from);
    if (rule?.incentive !== incentive || kase.asOf < incentive.from) continue;
    const { from, to, rungs } = incentive;
    const days = kase.activity(rule.version).days.filter(({ date }) => from <= date && date <= to);
    for (const { rung, reachedOn, netFen } of climb(days, rungs)) {
      const stake = { rule, occasion: rung.name, worth: rung.amount };
      const evidence = { netFen, needFen: rung.atFen };
      decisions.push(
        reachedOn === undefined
          ? missed(stake, 'below-rung', { ...evidence, by: to })
          : earned(kase, stake, { earnedOn: reachedOn, readsFrom: from, evidence }),
      );
    }
  }
  return { decisions, kept: [] };
}
