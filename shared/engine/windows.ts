/** Which windows a participant has: those the ledger remembers beyond the horizon, and those the facts open. */
import { addDays, type BusinessDate, dateOf, dayNumber, later } from '../values/calendar.ts';
import type { ActiveDay } from './activity.ts';
import type { Case, Holding, Rule } from './decision.ts';
import { isMissed } from './reasons.ts';
import { ruleFor, ruleNamed } from './rules.ts';

/** A window, both ends included. */
export interface Window {
  /** Numbers the windows of a participant from 1, in order of opening. */
  n: number;
  /** How its occasions start: `w1/`. */
  start: string;
  rule: Rule<'window-ladder'>;
  opensOn: BusinessDate;
  closesOn: BusinessDate;
  via: 'silence' | 'attestation';
}

export interface Windows {
  open: Window[];
  /** Windows of the ledger that the facts read do not reach back to: they keep what they have. */
  sealed: SealedWindow[];
  /** The last broadcast day that opened none, the one before it, and the rule that asks for silence. */
  nearMiss: { on: BusinessDate; after: BusinessDate; rule: Rule<'window-ladder'> } | undefined;
}

/** A window as the ledger remembers it. */
interface SealedWindow extends Pick<Window, 'n' | 'start' | 'opensOn' | 'closesOn'> {
  capped: boolean;
}

function windowPrefix(prefix: string, n: number): string {
  return `${prefix}${n}/`;
}

/**
 * A window opens on broadcast day `d` when the participant has had fewer than `maxWindows`, none covers `d`, and
 * either it had no broadcast day in `[d - silenceDays, d - 1]` or it holds an attestation, verified and
 * unexpired on `d`, of a large enough month elsewhere (docs/programs.md, New hosts).
 *
 * Each day is judged by the rule in force on it, if that is for the participant. Days whose silence cannot be seen from
 * the horizon open nothing (law 5).
 */
export function openWindows(kase: Case, id: string): Windows {
  const sealed = sealedWindows(kase, id);
  const open: Window[] = [];
  let nearMiss: Windows['nearMiss'];
  let before: ActiveDay | undefined;
  for (const day of kase.activity.broadcastDays) {
    const previous = before;
    before = day;
    const rule = ruleFor(kase, 'window-ladder', id, day.date);
    if (rule === undefined) continue;
    const { opens, maxWindows, lengthDays, prefix } = rule.incentive;
    if (day.number - opens.silenceDays < dayNumber(kase.horizon)) continue;
    const had = [...sealed, ...open];
    if (had.some(({ opensOn, closesOn }) => opensOn <= day.date && day.date <= closesOn)) continue;
    // A later version may allow more.
    if (had.length >= maxWindows) continue;
    const silent = previous === undefined || day.number - previous.number > opens.silenceDays;
    if (!silent && !attested(kase, rule, day.date)) {
      nearMiss = { on: day.date, after: previous.date, rule };
      continue;
    }
    open.push({
      n: had.length + 1,
      start: windowPrefix(prefix, had.length + 1),
      rule,
      opensOn: day.date,
      closesOn: addDays(day.date, lengthDays - 1),
      via: silent ? 'silence' : 'attestation',
    });
  }
  return { open, sealed, nearMiss };
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
function sealedWindows(kase: Case, id: string): SealedWindow[] {
  return rememberedWindows(kase, id).filter((window) => beyondReach(kase, window));
}

/**
 * The windows of which the ledger has anything left. Entries are written only where amounts differ, so the newest
 * one of a window, be it of something lost, tells best where the window is.
 */
function rememberedWindows(kase: Case, id: string) {
  const standing = new Set<number>();
  const newest = new Map<number, RememberedWindow & { recordedAt: string }>();
  for (const holding of kase.holdings.values()) {
    const { last } = holding;
    if (last.incentive !== id) continue;
    const window = windowOf(kase, holding);
    if (!isMissed(last.reason)) standing.add(window.n);
    const known = newest.get(window.n);
    if (known === undefined || known.recordedAt < last.recordedAt) {
      newest.set(window.n, { ...window, recordedAt: last.recordedAt });
    }
  }
  return [...newest.values()].filter(({ n }) => standing.has(n));
}

function beyondReach({ horizon, activity }: Case, window: RememberedWindow): boolean {
  if (window.silentFrom < horizon) return true;
  const silenceDays = dayNumber(window.opensOn) - dayNumber(window.silentFrom);
  const judgedFrom = addDays(horizon, silenceDays);
  const from = later(window.silentFrom, horizon);
  return activity.broadcastDays.some(
    ({ date }) => from <= date && date < window.opensOn && date < judgedFrom,
  );
}

interface RememberedWindow extends SealedWindow {
  silentFrom: BusinessDate;
}

/** The window that a holding of the ledger belongs to, by the rule under which its last entry was written. */
function windowOf({ program }: Case, { occasion, last }: Holding): RememberedWindow {
  const { prefix, opens, lengthDays } = ruleNamed(
    program,
    'window-ladder',
    last.incentive,
    last.policy,
  ).incentive;
  const n = Number(occasion.slice(prefix.length, occasion.indexOf('/')));
  const opensOn = dateOf(dayNumber(last.readsFrom) + opens.silenceDays);
  return {
    n,
    start: windowPrefix(prefix, n),
    opensOn,
    closesOn: addDays(opensOn, lengthDays - 1),
    silentFrom: last.readsFrom,
    capped: last.reason === 'entity-window-cap',
  };
}
