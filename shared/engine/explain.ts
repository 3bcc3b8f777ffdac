/** Decisions in words: what was read, what it gives, and how far the next step is. */
import { type BusinessDate, dayNumber } from '../values/calendar.ts';
import { formatAmount, formatCny, formatCount, formatDay } from '../values/units.ts';
import type { Decision } from './decision.ts';
import type { Evidence } from './history.ts';
import { REASONS, type ReasonCode } from './reasons.ts';

/** One sentence on why a decision is as it is on a date, with the values read. */
export function sentence(decision: Decision, asOf: BusinessDate): string {
  const { outcome, reason, evidence, worth, unit, earnedOn } = decision;
  const prize = formatAmount(worth, unit);
  if (outcome === 'earned') return `${capital(valuesRead(evidence))}.`;
  if (outcome === 'refused') return `${prize} refused: ${lower(REASONS[reason])}${refusalDetail(evidence)}`;
  if (outcome === 'pending' && reason === 'earned') {
    const promise = worth === 0 ? 'Under way' : `On course for ${prize}`;
    return `${promise}, decided as of ${formatDay(earnedOn ?? asOf)}: ${valuesRead(evidence)}.`;
  }
  return (
    distance(reason, evidence, prize, asOf) ??
    `${REASONS[reason]} ${capital(valuesRead(evidence))}.`.trimEnd()
  );
}

/** How much is missing while there is time, or was missing when it ended. */
function distance(
  reason: ReasonCode,
  evidence: Evidence,
  prize: string,
  asOf: BusinessDate,
): string | undefined {
  const missing = missingOf(reason, evidence);
  if (missing === undefined) return undefined;
  // Under a cap, no distance leads anywhere.
  if (evidence.cap !== undefined) {
    return `Nothing to be reached: ${lower(REASONS['entity-window-cap'])}${refusalDetail(evidence)}`;
  }
  const by = String(evidence.by ?? evidence.closesOn ?? evidence.to);
  const open = dayNumber(by) >= dayNumber(asOf);
  const had = missing.had === '' ? '' : ` (${missing.had})`;
  return open
    ? `${missing.more} more by ${formatDay(by)} for ${missing.prize ?? prize}${had}.`
    : `${missing.more} short of ${missing.prize ?? prize} when it ended on ${formatDay(by)}${had}.`;
}

/** `prize` is told where what it is worth is not an amount yet. */
interface Missing {
  more: string;
  had: string;
  prize?: string;
}

function missingOf(reason: ReasonCode, evidence: Evidence): Missing | undefined {
  const number = (name: string) => Number(evidence[name]);
  const sales = () => ({
    more: `${formatCny(number('needFen') - number('netFen'))} CNY`,
    had: `net sales ${formatCny(number('netFen'))} of ${formatCny(number('needFen'))} CNY`,
  });
  switch (reason) {
    case 'below-rung':
    case 'below-floor':
      return sales();
    case 'below-lowest-tier':
      return evidence.needFen === undefined
        ? undefined
        : { ...sales(), prize: `${formatAmount(number('nextTierBps'), 'bps')} back` };
    case 'too-few-sessions': {
      const more = number('needSessions') - number('validSessions');
      return { more: plural(more, 'valid session'), had: `${evidence.validSessions} so far` };
    }
    case 'too-few-broadcast-days': {
      const more = number('needDays') - number('broadcastDays');
      return {
        more: plural(more, 'broadcast day'),
        had: `${evidence.broadcastDays} of ${evidence.needDays}`,
      };
    }
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

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
