/** Which windows a participant has: those the ledger remembers beyond the horizon, and those the facts open. */
import { addDays, type BusinessDate, dateOf, dayNumber, later } from '../values/calendar.ts';
import type { ActiveDay } from './activity.ts';
import type { Case, Holding, Rule } from './decision.ts';
import { isMissed } from './reasons.ts';
import { ruleNamed, ruleOn } from './rules.ts';

/** A window, both ends included. */
export interface Window {
  /** Numbers the windows of a participant from 1, in order of opening. */
  n: number;
  rule: Rule<'window-ladder'>;
  opensOn: BusinessDate;
  closesOn: BusinessDate;
  via: 'silence' | 'attestation';
}

export interface Windows {
  open: Window[];
  /** Windows of the ledger that the facts read do not reach back to: they keep what they have. */
  sealed: { n: number; opensOn: BusinessDate; closesOn: BusinessDate; capped: boolean }[];
  /** The last broadcast day that opened none, and the one before it. */
  nearMiss: { on: BusinessDate; after: BusinessDate } | undefined;
}

/** The occasions of one window start like this: `w1/`. */
export function windowPrefix(prefix: string, n: number): string {
  return `${prefix}${n}/`;
}

/**
 * A window opens on broadcast day `d` when the participant has had fewer than `maxWindows`, none covers `d`, and
 * either it had no broadcast day in `[d - silenceDays, d - 1]` or it holds an attestation, verified and
 * unexpired on `d`, of a large enough month elsewhere (docs/programs.md, New hosts).
 *
 * Days whose silence cannot be seen from the horizon open nothing (law 5).
 */
export function openWindows(kase: Case, id: string): Windows {
  const sealed = sealedWindows(kase, id);
  const open: Window[] = [];
  let nearMiss: Windows['nearMiss'];
  let before: ActiveDay | undefined;
  for (const day of broadcastDays(kase, id)) {
    const previous = before;
    before = day;
    const rule = ruleOn(kase.program, 'window-ladder', id, day.date);
    if (rule === undefined) continue;
    const { opens, maxWindows, lengthDays } = rule.incentive;
    if (day.number - opens.silenceDays < dayNumber(kase.horizon)) continue;
    const had = [...sealed, ...open];
    if (had.some(({ opensOn, closesOn }) => opensOn <= day.date && day.date <= closesOn)) continue;
    if (had.length >= maxWindows) break;
    const silent = previous === undefined || day.number - previous.number > opens.silenceDays;
    if (!silent && !attested(kase, rule, day.date)) {
      nearMiss = { on: day.date, after: previous.date };
      continue;
    }
    open.push({
      n: had.length + 1,
      rule,
      opensOn: day.date,
      closesOn: addDays(day.date, lengthDays - 1),
      via: silent ? 'silence' : 'attestation',
    });
  }
  return { open, sealed, nearMiss };
}

/** Broadcast days under the latest version that has the incentive: what is valid is asked once. */
function broadcastDays(kase: Case, id: string): readonly ActiveDay[] {
  const version = kase.program.versions.findLast(({ incentives }) => incentives.some((one) => one.id === id));
  return version === undefined ? [] : kase.activity(version).broadcastDays;
}

function attested(kase: Case, rule: Rule<'window-ladder'>, date: BusinessDate): boolean {
  const needed = rule.incentive.opens.attestation;
  if (needed === undefined) return false;
  return kase.history.attestations.some(
    ({ withdrawn, verifiedOn, expiresOn, gmvFen, platform }) =>
      withdrawn !== true &&
      platform !== kase.program.platform &&
      verifiedOn <= date &&
      date <= expiresOn &&
      gmvFen >= needed.minGmvFen,
  );
}

/**
 * The ledger's windows that must not be opened anew: those whose silence began before the horizon, and those
 * whose silence is now broken by a broadcast day too close to the horizon to be judged itself. Without the
 * second, a window that late facts moved to an earlier day would be taken back when the horizon passes that day.
 */
function sealedWindows(kase: Case, id: string): Windows['sealed'] {
  return rememberedWindows(kase, id).filter((window) => beyondReach(kase, id, window));
}

/**
 * The windows of which the ledger has anything left. Entries are written only where amounts differ, so the newest
 * one of a window, be it of something lost, tells best where the window is.
 */
function rememberedWindows(kase: Case, id: string) {
  const standing = new Set<number>();
  const newest = new Map<
    number,
    NonNullable<ReturnType<typeof windowOf>> & { recordedAt: string; capped: boolean }
  >();
  for (const holding of kase.holdings.values()) {
    const { last } = holding;
    const window = last.incentive === id ? windowOf(kase, holding) : undefined;
    if (window === undefined) continue;
    if (!isMissed(last.reason)) standing.add(window.n);
    const known = newest.get(window.n);
    if (known === undefined || known.recordedAt < last.recordedAt) {
      newest.set(window.n, {
        ...window,
        recordedAt: last.recordedAt,
        capped: last.reason === 'entity-window-cap',
      });
    }
  }
  return [...newest.values()].filter(({ n }) => standing.has(n));
}

function beyondReach(
  kase: Case,
  id: string,
  window: { opensOn: BusinessDate; silentFrom: BusinessDate },
): boolean {
  const { horizon } = kase;
  if (window.silentFrom < horizon) return true;
  const silenceDays = dayNumber(window.opensOn) - dayNumber(window.silentFrom);
  const judgedFrom = addDays(horizon, silenceDays);
  const from = later(window.silentFrom, horizon);
  return broadcastDays(kase, id).some(
    ({ date }) => from <= date && date < window.opensOn && date < judgedFrom,
  );
}

/** The window that a holding of the ledger belongs to. */
function windowOf({ program }: Case, { occasion, last }: Holding) {
  const rule = ruleNamed(program, 'window-ladder', last.incentive, last.policy);
  if (rule === undefined) return undefined;
  const { prefix, opens, lengthDays } = rule.incentive;
  const n = Number(occasion.slice(prefix.length, occasion.indexOf('/')));
  const opensOn = dateOf(dayNumber(last.readsFrom) + opens.silenceDays);
  return { n, opensOn, closesOn: addDays(opensOn, lengthDays - 1), silentFrom: last.readsFrom };
}
