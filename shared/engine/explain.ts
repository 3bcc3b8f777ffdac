/** Decisions in words: what was read, what it gives, and how far the next step is. */
import { nextMonthEnd } from '../policy/schedules.ts';
import type { Incentive, Program } from '../policy/schema.ts';
import { addDays, type BusinessDate } from '../values/calendar.ts';
import { formatAmount, formatCny, formatCount, formatDay } from '../values/units.ts';
import type { Decision } from './decision.ts';
import type { Change, Evidence } from './history.ts';
import { type Asked, type Outlook, outlookOf } from './outlook.ts';
import { REASONS, type ReasonCode } from './reasons.ts';
import type { Refusal } from './refusal.ts';
import { kindsOf } from './rules.ts';

/** What a person is told of one occasion. */
export interface Told extends Pick<Decision, 'outcome' | 'reason' | 'evidence'> {
  /** One sentence or two, with the values read. */
  why: string;
}

/**
 * What is told of a conclusion, on the date that is asked about. It differs from what the ledger follows in two ways:
 * `missed` is said only of what nothing but a late fact can change any more, the rest is `pending` with its distance
 * (law 16); and of what a sanction or a closing will refuse, no distance is told.
 */
export function tell(asked: Asked, decision: Decision): Told {
  const { outcome, reason, evidence, worth, unit, earnedOn } = decision;
  const prize = formatAmount(worth, unit);
  const told = { outcome, reason, evidence };
  if (outcome === 'earned') return { ...told, why: `${capital(valuesRead(evidence))}.` };
  if (outcome === 'refused') {
    return { ...told, why: `${prize} refused: ${lower(REASONS[reason])}${refusalDetail(evidence)}` };
  }
  const outlook = outlookOf(asked, decision);
  if (outlook.refused !== undefined) return refusedAhead(decision, outlook, outlook.refused);
  if (outcome === 'pending' && reason === 'earned') {
    const promise = worth === 0 ? 'Under way' : `On course for ${prize}`;
    return { ...told, why: `${promise}, decided as of ${dayOf(earnedOn)}: ${valuesRead(evidence)}.` };
  }
  const why = missing(asked, decision, outlook, prize);
  return { ...told, outcome: outlook.open ? 'pending' : 'missed', why };
}

/** What will be refused when it is reached: there is nothing to be reached. */
function refusedAhead(decision: Decision, { open, by }: Outlook, refusal: Refusal): Told {
  const { outcome, reason, worth, unit, earnedOn } = decision;
  const told = { reason: refusal.reason, evidence: { ...decision.evidence, ...refusal.evidence } };
  const because = `${lower(REASONS[refusal.reason])}${refusalDetail(refusal.evidence)}`;
  if (outcome === 'pending' && reason === 'earned' && worth > 0) {
    const prize = formatAmount(worth, unit);
    const why = `${prize} will be refused, decided as of ${dayOf(earnedOn)}: ${because}`;
    return { ...told, outcome, why };
  }
  // A first jump may be made in a later month; nothing else that will be refused has another date.
  const later = open && outcome === 'missed';
  return later
    ? { ...told, outcome: 'pending', why: `Nothing to be reached by ${dayOf(by)}: ${because}` }
    : { ...told, outcome: 'missed', why: `Nothing to be reached: ${because}` };
}

/** Kinds that only runs that look at everyone decide (docs/design.md, Who is decided together). */
const IN_FULL_RUNS: readonly Incentive['kind'][] = ['rebate', 'window-rollup'];

/** What the next run takes back, when, and whether an operator is asked; the reason is told before it. */
export function lowering(program: Program, change: Change, closedAsOf: BusinessDate): string {
  const { incentive, amount, unit, hold } = change;
  const kind = kindsOf(program).get(incentive);
  const run =
    kind !== undefined && IN_FULL_RUNS.includes(kind)
      ? `next month-end run, as of ${formatDay(nextMonthEnd(program, closedAsOf))}`
      : `next daily run, as of ${formatDay(addDays(closedAsOf, 1))}`;
  const what = formatAmount(-amount, unit);
  return hold === 'put'
    ? `The ${run}, asks an operator to take back ${what}.`
    : `The ${run}, takes back ${what}.`;
}

/** What is told where facts would change a sum, and come too late: what is sealed keeps what it has (law 5). */
export function cameTooLate(reads: BusinessDate): string {
  return `The facts say otherwise now, and came too late: it rests on facts from before ${formatDay(reads)}, which runs read no longer, so it stays as it is unless an operator runs a backfill over its dates.`;
}

/** How much is missing while there is time, or was missing when it ended. */
function missing({ asOf }: Asked, { reason, evidence }: Decision, outlook: Outlook, prize: string): string {
  // Under a cap, no distance leads anywhere.
  if (evidence.cap !== undefined) {
    return `Nothing to be reached: ${lower(REASONS['entity-window-cap'])}${refusalDetail(evidence)}`;
  }
  const lack = lackOf(reason, evidence);
  const { by, refusedTo } = outlook;
  if (lack === undefined || by === undefined) {
    const { by: _by, ...values } = evidence;
    return `${REASONS[reason]} ${capital(valuesRead(values))}.`.trimEnd();
  }
  const { more, of = prize, had } = lack;
  if (by < asOf) return `${more} short of ${of} when it ended on ${formatDay(by)} (${had}).`;
  const refused =
    refusedTo === undefined
      ? ''
      : ` What is reached up to ${formatDay(refusedTo.date)} is refused.${refusalDetail(refusedTo.refusal.evidence)}`;
  return `${more} more by ${formatDay(by)} for ${of} (${had}).${refused}`;
}

/** How far the next step is, and what there is of it. `of` is told where what it is worth is not an amount yet. */
interface Lack {
  more: string;
  had: string;
  of?: string;
}

/** Undefined where nothing is lacking that can be counted. */
function lackOf(reason: ReasonCode, evidence: Evidence): Lack | undefined {
  const number = (name: string) => Number(evidence[name]);
  const lack = (has: string, needs: string, say: (more: number) => Lack) =>
    number(needs) > number(has) ? say(number(needs) - number(has)) : undefined;
  const sales = (more: number): Lack => ({
    more: `${formatCny(more)} CNY`,
    had: `net sales ${formatCny(number('netFen'))} of ${formatCny(number('needFen'))} CNY`,
  });
  const counted = (noun: string, had: string) => (more: number) => ({ more: plural(more, noun), had });
  switch (reason) {
    case 'below-rung':
    case 'refunded':
    case 'below-floor':
      return lack('netFen', 'needFen', sales);
    case 'below-lowest-tier': {
      const of = `${formatAmount(number('nextTierBps'), 'bps')} back`;
      return lack('netFen', 'needFen', (more) => ({ ...sales(more), of }));
    }
    case 'too-few-sessions':
    case 'session-withdrawn':
    case 'session-overlaps':
    case 'session-not-valid':
    case 'window-moved':
      return lack(
        'validSessions',
        'needSessions',
        counted('valid session', `${evidence.validSessions} so far`),
      );
    case 'too-few-broadcast-days':
      return lack(
        'broadcastDays',
        'needDays',
        counted('broadcast day', `${evidence.broadcastDays} of ${evidence.needDays}`),
      );
    case 'too-few-minutes':
      return lack(
        'minutes',
        'needMinutes',
        counted('minute', `${evidence.minutes} of ${evidence.needMinutes}`),
      );
    default:
      return undefined;
  }
}

function refusalDetail({ sanction, sanctionReason, closedOn, entity, cap }: Evidence): string {
  if (sanction !== undefined) return ` Sanction ${sanction}: ${sanctionReason}.`;
  if (entity !== undefined) return ` Owner ${entity}, at most ${cap} windows.`;
  return closedOn === undefined ? '' : ` Closed on ${formatDay(String(closedOn))}.`;
}

/** Evidence as text: `window 31 July 2024 to 29 August 2024 · net sales 5,000.00 CNY of 1,000.00 CNY`. */
export function valuesRead(evidence: Evidence): string {
  const { opensOn, closesOn, from, to, netFen, needFen, ...rest } = evidence;
  const parts: string[] = [];
  if (opensOn !== undefined)
    parts.push(`window ${formatDay(String(opensOn))} to ${formatDay(String(closesOn))}`);
  if (from !== undefined) parts.push(`${formatDay(String(from))} to ${formatDay(String(to))}`);
  if (netFen !== undefined) {
    const of = needFen === undefined ? '' : ` of ${formatCny(Number(needFen))} CNY`;
    parts.push(`net sales ${formatCny(Number(netFen))} CNY${of}`);
  } else if (needFen !== undefined) parts.push(`needed ${formatCny(Number(needFen))} CNY`);
  for (const [name, value] of Object.entries(rest))
    parts.push(`${wordsOf(name)} ${valueOfField(name, value)}`);
  return parts.join(' · ');
}

function wordsOf(name: string): string {
  return name
    .replace(/(Fen|Bps)$/, '')
    .replaceAll(/([A-Z])/g, ' $1')
    .toLowerCase();
}

function valueOfField(name: string, value: string | number): string {
  if (name.endsWith('Fen')) return `${formatCny(Number(value))} CNY`;
  if (name.endsWith('Bps')) return formatAmount(Number(value), 'bps');
  if (typeof value === 'number') return formatCount(value);
  return /^\d{4}-\d{2}-\d{2}$/.test(value) ? formatDay(value) : value;
}

function dayOf(date: BusinessDate | undefined): string {
  return date === undefined ? 'a day to come' : formatDay(date);
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
