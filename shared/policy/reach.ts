/**
 * How far back anything is read: the one place from which day counts come, and each follows from the policy's own
 * numbers (docs/design.md, law 11; docs/adr/0012-reach.md).
 */
import {
  addDays,
  addMonths,
  type BusinessDate,
  dayNumber,
  earlier,
  firstDay,
  lastDay,
  later,
  type Month,
} from '../values/calendar.ts';
import type { Incentive, PolicyVersion, Program } from './schema.ts';

/** Facts, and all that can be read again, are kept for this many days. */
export const RETENTION_DAYS = 400;

/** For how many days after it could first be decided an occasion still takes late facts and refunds (A). */
export const LATE_ALLOWANCE_DAYS = 42;

/** No program's scheduled runs read less far back, however short its rules are (A). */
const LEAST_REACH_DAYS = 120;

/** The run that is about a day comes on the day after. */
const RUN_ON_NEXT_DAY = 1;

const LONGEST_MONTH = 31;
const SHORTEST_MONTH = 28;
const WEEK = 7;

/**
 * Facts that come so many days after their day may be too late for the run that follows, and are listed as such when
 * they are. A few days less than the least reach: a run may come days after the facts.
 */
export const LATE_AFTER_DAYS = LEAST_REACH_DAYS - 5;

/** How many days back a scheduled run of a program reads; what rests on older facts is sealed. */
export function reachDays(program: Program): number {
  const needs = program.versions.flatMap(({ incentives }) => incentives.map((one) => needDays(program, one)));
  return Math.max(LEAST_REACH_DAYS, Math.max(...needs) + RUN_ON_NEXT_DAY + LATE_ALLOWANCE_DAYS);
}

/** The faults of a program that no run could see whole, because facts are not kept for as long as it asks for. */
export function reachFaults(program: Program): string[] {
  const most = RETENTION_DAYS - RUN_ON_NEXT_DAY - LATE_ALLOWANCE_DAYS;
  return program.versions.flatMap(({ version, incentives }) =>
    incentives.flatMap((incentive) => {
      const days = needDays(program, incentive);
      return days <= most
        ? []
        : [
            `${version} ${incentive.id}: rests on ${days} days of facts until it is decided, and runs can see at most ${most}`,
          ];
    }),
  );
}

/** How many days an incentive spans, from the first fact that an occasion rests on to the day that decides it. */
function needDays(program: Program, incentive: Incentive): number {
  switch (incentive.kind) {
    case 'window-ladder':
      return incentive.opens.silenceDays + incentive.lengthDays;
    case 'milestone':
      return incentive.every === 'week' ? WEEK : LONGEST_MONTH;
    case 'monthly':
      return 2 * LONGEST_MONTH;
    case 'campaign-day':
      return 1;
    case 'event-ladder':
    case 'fee-rate':
      return dayNumber(incentive.to) - dayNumber(incentive.from) + 1;
    case 'window-rollup':
      return memberDays(program);
    case 'rebate':
    case 'pooled-split':
    case 'ranking':
      return memberDays(program) + incentive.decidedAfterDays;
  }
}

/** A month of members, and what is read before it: the month before, or the silence before its first day. */
function memberDays({ versions }: Program): number {
  return LONGEST_MONTH + Math.max(LONGEST_MONTH, daysToSilence(versions));
}

/**
 * The first date read for what members do in a month: the month before it, and the silence before a window that opens
 * on its first day, by the versions that had started by its end. A later one moves no earlier month.
 */
export function memberReadsFrom({ versions }: Program, month: Month): BusinessDate {
  const started = versions.filter(({ from }) => from <= lastDay(month));
  return earlier(addDays(firstDay(month), -daysToSilence(started)), firstDay(addMonths(month, -1)));
}

/** The longest silence that a window follows, and the day before it, on which the last broadcast may have been. */
function daysToSilence(versions: readonly PolicyVersion[]): number {
  return 1 + Math.max(0, ...silences(versions));
}

function silences(versions: readonly PolicyVersion[]): number[] {
  return versions.flatMap(({ incentives }) =>
    incentives.flatMap((one) => (one.kind === 'window-ladder' ? [one.opens.silenceDays] : [])),
  );
}

/**
 * An occasion of a version that late facts moved back by fewer days than this shows in the facts read until its later date is
 * sealed too; one that moved farther has to be written down (docs/adr/0010-moves-of-equal-amount.md). A window moved
 * within its silence is met as a broadcast day that breaks it; a first jump moves by a whole period.
 */
export function seenDays(version: PolicyVersion): number {
  const weekly = version.incentives.some((one) => one.kind === 'milestone' && one.every === 'week');
  const silent = silences([version]).map((days) => days + 1);
  return Math.min(weekly ? WEEK : SHORTEST_MONTH, ...silent);
}

/**
 * The last date as of which a program can still change: its reach after its last version ends. Undefined of a program
 * that goes on, as one does whose superseding version alone has an end: it may never be applied.
 */
export function endsOn(program: Program): BusinessDate | undefined {
  const last = program.versions.at(-1)?.to;
  const lastOfItself = program.versions.findLast(({ supersedes }) => supersedes === undefined)?.to;
  if (last === undefined || lastOfItself === undefined) return undefined;
  return addDays(later(last, lastOfItself), reachDays(program));
}
