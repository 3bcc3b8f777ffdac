/** Why something is taken back, as near to its cause as the facts tell: beside what is not reached any more, why not. */
import { versionLabel, versionOn } from '../policy/versions.ts';
import type { BusinessDate } from '../values/calendar.ts';
import { isVoid } from './activity.ts';
import type { Case, Holding } from './decision.ts';
import type { MissedReason } from './reasons.ts';

/** Whether the ledger has something for an occasion that would be lost if it were not earned. */
export function isGranted({ holdings }: Case, occasion: string): boolean {
  return (holdings.get(occasion)?.sum ?? 0) > 0;
}

/** Of what was granted for net sales: refunds, when they alone keep the sales below what they had reached. */
export function whyBelow(
  kase: Case,
  occasion: string,
  usual: MissedReason,
  { grossFen, needFen }: { grossFen: number; needFen: number },
): MissedReason {
  return isGranted(kase, occasion) && grossFen >= needFen ? 'refunded' : usual;
}

/**
 * Why a session that something was granted for does not count there any more; undefined when its facts are not read.
 */
export function whySessionLost({ history, activity }: Case, sessionId: string): MissedReason | undefined {
  for (const { date, sessions } of history.days) {
    const session = sessions.find(({ id }) => id === sessionId);
    if (session === undefined) continue;
    if (session.withdrawn) return 'session-withdrawn';
    if (isVoid(history.sanctions, date)) return 'voided';
    const day = activity.days.find((one) => one.date === date);
    const counts = day?.sessions.some(({ id }) => id === sessionId) ?? false;
    if (counts) return 'window-moved';
    const alone = session.hasCart && !session.recorded && (day?.sessions.length ?? 0) > 0;
    return alone ? 'session-overlaps' : 'session-not-valid';
  }
  return undefined;
}

/** Why a day is no broadcast day any more, by what its sessions have in common. */
export function whyDayLost({ history }: Case, date: BusinessDate): MissedReason {
  if (isVoid(history.sanctions, date)) return 'voided';
  const sessions = history.days.find((day) => day.date === date)?.sessions ?? [];
  return sessions.length > 0 && sessions.every(({ withdrawn }) => withdrawn)
    ? 'session-withdrawn'
    : 'no-broadcast-day';
}

/** Whether the version that granted something has been superseded on the day on which it was earned. */
export function isSuperseded({ program }: Case, { last }: Holding): boolean {
  const version = versionOn(program, last.earnedOn);
  return version !== undefined && versionLabel(program, version) !== last.policy;
}
