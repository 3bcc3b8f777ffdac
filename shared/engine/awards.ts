/** The awards of a program: what only a run that looks at everyone decides, an incentive and a month each. */
import { memberReadsFrom } from '../policy/reach.ts';
import type { IncentiveOf, Program } from '../policy/schema.ts';
import type { BusinessDate, Month } from '../values/calendar.ts';
import { compareCodeUnits } from '../values/canonical.ts';
import type { Rule } from './decision.ts';
import { decidedOn, monthsUnder } from './months.ts';
import { idsOf } from './rules.ts';

/** The kinds whose occasions take everyone, or every day of a month: they are left alone by any other run. */
const FULL_KINDS = ['pooled-split', 'ranking', 'window-rollup', 'rebate'] as const;
type FullKind = (typeof FULL_KINDS)[number];

/** An award that falls due. */
export interface DueAward {
  /** As `incentive/month`. */
  name: string;
  month: Month;
  /** The date as of which it can first be decided. */
  decidedOn: BusinessDate;
}

/** Before any date. */
const BEGINNING = '0000-01-01';

/** The awards that fall due after a date, and by another, in the order of their names. */
export function awardsDue(program: Program, after: BusinessDate | undefined, by: BusinessDate): DueAward[] {
  const span = { horizon: BEGINNING, asOf: by };
  return FULL_KINDS.flatMap((kind) =>
    idsOf(program, kind).flatMap((id) =>
      monthsUnder(program, kind, id, span).map(({ month, rule }) => ({
        name: `${id}/${month}`,
        month,
        decidedOn: decidedOn(month, lagOf(rule)),
      })),
    ),
  )
    .filter((award) => (after === undefined || after < award.decidedOn) && award.decidedOn <= by)
    .sort((a, b) => compareCodeUnits(a.name, b.name));
}

function lagOf<K extends FullKind>({ incentive }: Rule<K>): number {
  const { kind } = incentive as IncentiveOf<FullKind>;
  return kind === 'window-rollup'
    ? 0
    : (incentive as IncentiveOf<Exclude<FullKind, 'window-rollup'>>).decidedAfterDays;
}

/** The first date whose facts an award rests on. */
export function readsFromForAward(program: Program, name: string): BusinessDate {
  return memberReadsFrom(program, name.slice(name.indexOf('/') + 1));
}
