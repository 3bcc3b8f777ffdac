/** Decisions in words: what was read, what it gives, and how far the next step is. */
import { formatAmount, formatCny } from '../values/units.ts';
import type { Decision } from './decision.ts';
import type { Evidence } from './history.ts';
import { REASONS, type ReasonCode } from './reasons.ts';

/** One sentence on why a decision is as it is, with the values read. */
export function sentence({ outcome, reason, evidence, worth, unit, earnedOn }: Decision): string {
  const prize = formatAmount(worth, unit);
  const read = valuesRead(evidence);
  if (outcome === 'earned') return `${read}.`;
  if (outcome === 'refused') return `${REASONS[reason]} ${refusalDetail(evidence)}${prize} refused.`;
  if (outcome === 'pending' && reason === 'earned')
    return `${read}: on course for ${prize}, decided on ${earnedOn}.`;
  return distance(reason, evidence, prize) ?? `${REASONS[reason]} ${read}.`;
}

/** How much is missing, when that can be counted. */
function distance(reason: ReasonCode, evidence: Evidence, prize: string): string | undefined {
  const { netFen, needFen, by, validSessions, needSessions, broadcastDays, needDays, minutes, needMinutes } =
    evidence;
  switch (reason) {
    case 'below-rung':
      return `${formatCny(Number(needFen) - Number(netFen))} CNY more by ${by} for ${prize} (net sales ${formatCny(Number(netFen))} of ${formatCny(Number(needFen))} CNY).`;
    case 'too-few-sessions':
      return `${Number(needSessions) - Number(validSessions)} more valid session(s) by ${evidence.closesOn} for ${prize}.`;
    case 'too-few-broadcast-days':
      return `${Number(needDays) - Number(broadcastDays)} more broadcast day(s) by ${by} for ${prize} (${broadcastDays} of ${needDays}).`;
    case 'too-few-minutes':
      return `${minutes} of ${needMinutes} minutes live: no ${prize}.`;
    default:
      return undefined;
  }
}

function refusalDetail({ sanction, sanctionReason, closedOn }: Evidence): string {
  if (sanction !== undefined) return `(${sanction}: ${sanctionReason}) `;
  return closedOn === undefined ? '' : `(closed on ${closedOn}) `;
}

/** Evidence as text: `window 2024-07-31 to 2024-08-29 · net sales 5,000.00 of 1,000.00 CNY`. */
export function valuesRead(evidence: Evidence): string {
  const { opensOn, closesOn, netFen, needFen, ...rest } = evidence;
  const parts: string[] = [];
  if (opensOn !== undefined) parts.push(`window ${opensOn} to ${closesOn}`);
  if (netFen !== undefined)
    parts.push(`net sales ${formatCny(Number(netFen))} CNY, needed ${formatCny(Number(needFen))}`);
  else if (needFen !== undefined) parts.push(`needed ${formatCny(Number(needFen))} CNY`);
  for (const [name, value] of Object.entries(rest)) {
    const words = name.replaceAll(/([A-Z])/g, ' $1').toLowerCase();
    parts.push(
      name.endsWith('Fen')
        ? `${words.replace(/ fen$/, '')} ${formatCny(Number(value))} CNY`
        : `${words} ${value}`,
    );
  }
  return parts.join(' · ');
}
