/**
 * What single participants add up to: the months of agencies, and the best of each ranking. Shards send these,
 * so that no stage holds everyone (law 6).
 */

import { memberReadsFrom } from '../policy/reach.ts';
import type { Program } from '../policy/schema.ts';
import { addMonths, firstDay, lastDay, type Month, monthOf } from '../values/calendar.ts';
import { compareCodeUnits } from '../values/canonical.ts';
import { isTooLarge, plus, TOO_LARGE } from '../values/sums.ts';
import type { Activity } from './activity.ts';
import { caseOf, type Span } from './case.ts';
import type { AgencyMonth, Case, Evaluation, Frozen } from './decision.ts';
import type { History } from './history.ts';
import { agenciesBetween, agencyOn } from './members.ts';
import { decidedOn, monthsFor, visibleMonths } from './months.ts';
import { refusalBetween } from './refusal.ts';
import { idsOf, ruleOn } from './rules.ts';

/** A creator in the running for a month. */
export interface Contender {
  participantId: string;
  fen: number;
  views: number;
}

export interface Tally {
  /** By agency, then month. Agencies that lost all members are here with no months. */
  agencies: Map<string, Map<Month, AgencyMonth>>;
  /** The best of each ranking not yet decided, by `incentive/month`. */
  contenders: Map<string, Contender[]>;
}

export const NO_MONTH: AgencyMonth = { netFen: 0, growthFen: 0, liveMembers: 0, windows: new Map() };

function emptyTally(): Tally {
  return { agencies: new Map(), contenders: new Map() };
}

/** What one participant adds. `opened` are the windows of its evaluation that stand. */
export function tallyOf(
  program: Program,
  history: History,
  span: Span,
  frozen: Frozen,
  opened: Evaluation['opened'],
): Tally {
  const tally = emptyTally();
  for (const agency of history.agencies) tally.agencies.set(agency, new Map());
  const { participant } = history;
  if (participant === undefined || participant.platform !== program.platform) return tally;
  const kase = caseOf(program, history, span);
  if (participant.kind === 'merchant') addMemberMonths(kase, opened, tally);
  addContender(kase, frozen, tally);
  return tally;
}

/** The first month that any incentive for agencies looks at, in any version. */
function firstAgencyMonth({ versions }: Program): Month | undefined {
  const months = versions.flatMap(({ incentives }) =>
    incentives.flatMap((incentive) =>
      incentive.who.kinds.includes('agency') && 'firstMonth' in incentive ? [incentive.firstMonth] : [],
    ),
  );
  return months.sort(compareCodeUnits)[0];
}

function addMemberMonths(kase: Case, opened: Evaluation['opened'], tally: Tally): void {
  const first = firstAgencyMonth(kase.program);
  const participant = kase.history.participant;
  if (first === undefined || participant === undefined || participant.memberships === undefined) return;
  for (const month of visibleMonths(first, kase, (one) => memberReadsFrom(kase.program, one))) {
    for (const agency of agenciesBetween(participant, firstDay(month), lastDay(month))) {
      const months = tally.agencies.get(agency) ?? new Map();
      months.set(month, memberMonth(kase, opened, agency, month));
      tally.agencies.set(agency, months);
    }
  }
}

/** One member's part of an agency's month: its days while a member, against all of last month. */
function memberMonth(
  { history, activity: { days } }: Case,
  opened: Evaluation['opened'],
  agency: string,
  month: Month,
): AgencyMonth {
  const participant = history.participant!;
  const before = addMonths(month, -1);
  let lastMonthFen = 0;
  let netFen = 0;
  let live = false;
  for (const day of days) {
    if (monthOf(day.date) === before) lastMonthFen = plus(lastMonthFen, day.netFen);
    if (monthOf(day.date) !== month || agencyOn(participant, day.date) !== agency) continue;
    netFen = plus(netFen, day.netFen);
    live ||= day.sessions.length > 0;
  }
  const windows = new Map(
    [...opened].map(([id, dates]) => [
      id,
      dates.filter((date) => monthOf(date) === month && agencyOn(participant, date) === agency).length,
    ]),
  );
  return {
    netFen,
    growthFen: isTooLarge(netFen) ? netFen : Math.max(0, netFen - lastMonthFen),
    liveMembers: live ? 1 : 0,
    windows,
  };
}

/** A creator whose reward would be refused is not ranked, nor is one below the floor, or whose sum is too large. */
function addContender(kase: Case, frozen: Frozen, tally: Tally): void {
  const { program, history } = kase;
  for (const id of idsOf(program, 'ranking')) {
    for (const { month, rule } of monthsFor(kase, 'ranking', id)) {
      const name = `${id}/${month}`;
      if (frozen.has(name)) continue;
      if (decidedOn(month, rule.incentive.decidedAfterDays) > kase.asOf) continue;
      const { fen, views } = monthFigures(kase.activity, month, rule.incentive.measure);
      if (fen < rule.incentive.minFen || fen <= 0 || isTooLarge(fen) || isTooLarge(views)) continue;
      if (refusalBetween(history, firstDay(month), lastDay(month)) !== undefined) continue;
      tally.contenders.set(name, [{ participantId: history.participantId, fen, views }]);
    }
  }
}

/**
 * Net sales of a month, or their increase over the month before, and the views of its valid sessions: {@link TOO_LARGE}
 * where they pass what can be told.
 */
export function monthFigures({ days }: Activity, month: Month, measure: 'net-sales' | 'increase') {
  const before = addMonths(month, -1);
  let fen = 0;
  let beforeFen = 0;
  let views = 0;
  for (const { date, netFen, sessions } of days) {
    if (monthOf(date) === before && measure === 'increase') beforeFen = plus(beforeFen, netFen);
    if (monthOf(date) !== month) continue;
    fen = plus(fen, netFen);
    for (const session of sessions) views = plus(views, session.views);
  }
  return { fen: isTooLarge(fen) || isTooLarge(beforeFen) ? TOO_LARGE : fen - beforeFen, views };
}

/** The sum of tallies. Of each ranking, only as many are kept as it has places. */
export function mergeTallies(program: Program, tallies: readonly Tally[]): Tally {
  const sum = emptyTally();
  for (const { agencies, contenders } of tallies) {
    for (const [agency, months] of agencies) {
      const known = sum.agencies.get(agency) ?? new Map<Month, AgencyMonth>();
      for (const [month, part] of months) known.set(month, addMonth(known.get(month) ?? NO_MONTH, part));
      sum.agencies.set(agency, known);
    }
    for (const [name, some] of contenders) {
      sum.contenders.set(name, [...(sum.contenders.get(name) ?? []), ...some]);
    }
  }
  for (const [name, all] of sum.contenders) {
    sum.contenders.set(name, all.sort(compareContenders).slice(0, placesOf(program, name)));
  }
  return sum;
}

function placesOf(program: Program, name: string): number {
  const [id = '', month = ''] = name.split('/');
  return ruleOn(program, 'ranking', id, lastDay(month))?.incentive.places ?? 0;
}

/** By the measure; ties by more views in valid sessions, then smaller id (docs/programs.md, Top creators). */
function compareContenders(a: Contender, b: Contender): number {
  return b.fen - a.fen || b.views - a.views || compareCodeUnits(a.participantId, b.participantId);
}

function addMonth(a: AgencyMonth, b: AgencyMonth): AgencyMonth {
  const windows = new Map(a.windows);
  for (const [id, opened] of b.windows) windows.set(id, (windows.get(id) ?? 0) + opened);
  return {
    netFen: plus(a.netFen, b.netFen),
    growthFen: plus(a.growthFen, b.growthFen),
    liveMembers: a.liveMembers + b.liveMembers,
    windows,
  };
}
