/** What can still become of an occasion that is not earned: until when, and what stands in the way. */
import type { Incentive } from '../policy/schema.ts';
import { addDays, type BusinessDate, earlier, firstDay, lastDay, later } from '../values/calendar.ts';
import type { Case, Decision } from './decision.ts';
import type { MissedReason, ReasonCode } from './reasons.ts';
import { type Refusal, refusalBetween } from './refusal.ts';
import { kindsOf } from './rules.ts';

/** What is known of a participant on the date that it asks about. */
export type Asked = Pick<Case, 'program' | 'history' | 'asOf'>;

export interface Outlook {
  /** Whether anything but a late fact can change it any more (law 16). */
  open: boolean;
  /** The last date that counts, where one is to be told. */
  by?: BusinessDate;
  /** Why all that can be reached by then will be refused. */
  refused?: Refusal;
  /** Why what is reached up to a date will be refused, and what is reached after it will not. */
  refusedTo?: { date: BusinessDate; refusal: Refusal };
}

/** Kinds whose reward is for a month: refused when any date of it is (docs/programs.md, For both programs). */
const FOR_A_MONTH: readonly Incentive['kind'][] = [
  'monthly',
  'pooled-split',
  'window-rollup',
  'rebate',
  'ranking',
];

/** Reasons that a day to come can change, while its window, month or event lasts. */
const REACHABLE: readonly ReasonCode[] = [
  'below-rung',
  'refunded',
  'below-floor',
  'below-lowest-tier',
  'too-few-sessions',
  'session-withdrawn',
  'session-overlaps',
  'session-not-valid',
  'window-moved',
  'too-few-broadcast-days',
  'too-few-minutes',
] satisfies MissedReason[];

/** Reasons that a later broadcast day can change, for as long as the program goes on. */
const NO_WINDOW: readonly ReasonCode[] = [
  'never-live',
  'not-silent',
  'window-not-open',
] satisfies MissedReason[];

/** The outlook of what is missed or pending, on the facts known now. */
export function outlookOf(asked: Asked, decision: Decision): Outlook {
  const { program, asOf } = asked;
  const { incentive, occasion, reason, evidence } = decision;
  const kind = kindsOf(program).get(incentive);
  // Under a cap nothing leads anywhere.
  if (kind === undefined || evidence.cap !== undefined) return OVER;
  if (FOR_A_MONTH.includes(kind)) return ofMonth(asked, decision);
  if (kind === 'milestone') return ofMilestone(asked, decision);
  if (NO_WINDOW.includes(reason)) return { open: goesOn(asked, incentive, asOf) };
  if (!REACHABLE.includes(reason)) return OVER;
  if (kind === 'campaign-day') {
    const day = occasion.slice(-'YYYY-MM-DD'.length);
    return day < asOf ? OVER : ofDays(asked, day);
  }
  const by = lastDateOf(decision);
  if (by === undefined) return OVER;
  return by < asOf ? { open: false, by } : ofDays(asked, by);
}

const OVER: Outlook = { open: false };

function lastDateOf({ evidence }: Decision): BusinessDate | undefined {
  const by = evidence.by ?? evidence.closesOn ?? evidence.to;
  return by === undefined ? undefined : String(by);
}

/** Earned on a day of its own: there is something to reach while one of the days left is not refused. */
function ofDays({ history, asOf }: Asked, by: BusinessDate): Outlook {
  const refusal = refusalBetween(history, asOf, asOf);
  // The first day that is not refused is this one, or one after a sanction's last.
  const free = [asOf, ...history.sanctions.flatMap(({ to }) => (to === undefined ? [] : [addDays(to, 1)]))]
    .filter((date) => asOf <= date && date <= by && refusalBetween(history, date, date) === undefined)
    .sort()[0];
  if (refusal !== undefined && free === undefined) return { open: false, by, refused: refusal };
  const { closedOn } = history.participant ?? {};
  return {
    open: true,
    by: closedOn === undefined ? by : earlier(by, addDays(closedOn, -1)),
    ...(refusal && free ? { refusedTo: { date: addDays(free, -1), refusal } } : {}),
  };
}

/** What is pending is decided later than its month ends, on facts that may still come. */
function ofMonth({ history, asOf }: Asked, { occasion, outcome, reason }: Decision): Outlook {
  const month = occasion.slice(-'YYYY-MM'.length);
  const by = lastDay(month);
  const open = outcome === 'pending' || (REACHABLE.includes(reason) && by >= asOf);
  return { open, by, ...refusedWhen(open, refusalBetween(history, firstDay(month), by)) };
}

/** Earned on the last day of a period, or of any later one as long as the program goes on. */
function ofMilestone(asked: Asked, decision: Decision): Outlook {
  const { outcome, reason, incentive, earnedOn } = decision;
  const by = outcome === 'pending' ? earnedOn : lastDateOf(decision);
  if (by === undefined) return OVER;
  const open = outcome === 'pending' || (REACHABLE.includes(reason) && goesOn(asked, incentive, by));
  return { open, by, ...refusedWhen(by >= asked.asOf, refusalBetween(asked.history, by, by)) };
}

function refusedWhen(inTime: boolean, refused: Refusal | undefined): Pick<Outlook, 'refused'> {
  return inTime && refused !== undefined ? { refused } : {};
}

/** Whether a version that has the incentive is in force on a date or later, and the participant not closed by then. */
function goesOn({ program: { versions }, history, asOf }: Asked, id: string, date: BusinessDate): boolean {
  const { closedOn } = history.participant ?? {};
  if (closedOn !== undefined && closedOn <= later(date, asOf)) return false;
  return versions.some(({ incentives, to }, index) => {
    const next = versions[index + 1]?.from;
    const last = to ?? (next === undefined ? undefined : addDays(next, -1));
    return (last === undefined || asOf <= last) && incentives.some((incentive) => incentive.id === id);
  });
}
