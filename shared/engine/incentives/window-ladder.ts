/** New hosts: a window opens, and inside it sessions, net sales and perks are paid. */
import { addDays, type BusinessDate, earlier } from '../../values/calendar.ts';
import type { ActiveDay } from '../activity.ts';
import { earned, lost, missed } from '../conclude.ts';
import { type Case, type Decision, type Verdict, windowKey } from '../decision.ts';
import { daysWithin } from '../events.ts';
import type { Evidence, Session } from '../history.ts';
import { climb } from '../ladder.ts';
import { entityOf } from '../members.ts';
import { isGranted, whyBelow, whySessionLost } from '../nearest.ts';
import type { MissedReason } from '../reasons.ts';
import type { Refusal } from '../refusal.ts';
import { concerns, rulesOf } from '../rules.ts';
import { openWindows, type Window, type Windows } from '../windows.ts';

/** Decides every occasion of the participant's windows: `w1/cold-1`, `w1/growth-1`, `w1/perk-…`. */
export function windowLadder(kase: Case, id: string): Verdict {
  const { open, sealed, nearMiss } = openWindows(kase, id);
  const kept = [...kase.holdings.keys()].filter((occasion) =>
    sealed.some(({ start }) => occasion.startsWith(start)),
  );
  const decisions = open.flatMap((window) => decideWindow(kase, id, window));
  decisions.push(...goneWindows(kase, id, decisions, kept));
  if (decisions.length === 0 && kept.length === 0) decisions.push(...neverOpened(kase, id, nearMiss));
  const standing = [
    ...sealed.filter(({ capped }) => !capped),
    ...open.filter(({ n }) => kase.around.capped?.has(windowKey(id, n)) !== true),
  ];
  return { decisions, kept, opened: standing.map(({ opensOn }) => opensOn) };
}

/** What the occasions of one window share. */
interface Opened extends Pick<Window, 'rule' | 'start' | 'closesOn'> {
  readsFrom: BusinessDate;
  /** Refused as a whole by its owner's cap: it earns nothing, whatever the date. */
  refusedBy: Refusal | undefined;
  evidence: Evidence;
}

function decideWindow(kase: Case, id: string, window: Window): Decision[] {
  const { rule, n, start, opensOn, closesOn } = window;
  const { perks, opens, entityCap } = rule.incentive;
  const capped = kase.around.capped?.has(windowKey(id, n)) === true;
  const refusedBy: Refusal | undefined = capped
    ? { reason: 'entity-window-cap', evidence: { entity: entityOf(kase.history), cap: entityCap ?? 0 } }
    : undefined;
  const opened: Opened = {
    rule,
    closesOn,
    start,
    readsFrom: addDays(opensOn, -opens.silenceDays),
    refusedBy,
    // What is not reached under the cap says so too: there is nothing to be reached.
    evidence: { opensOn, closesOn, ...refusedBy?.evidence },
  };
  const days = daysWithin(kase, opensOn, closesOn);
  return [
    ...perks.map(({ name, amount }) =>
      earned(
        kase,
        { rule, occasion: `${opened.start}${name}`, worth: amount, perk: true },
        { ...opened, earnedOn: opensOn, evidence: { ...opened.evidence, via: window.via } },
      ),
    ),
    ...decideSessions(kase, opened, days),
    ...decideSales(kase, opened, days),
  ];
}

/** The first valid sessions in the window, by start and then id, are worth the same each. */
function decideSessions(kase: Case, opened: Opened, days: readonly ActiveDay[]): Decision[] {
  const { rule, start, readsFrom, evidence } = opened;
  const { name, count, amount } = rule.incentive.sessions;
  const first: { session: Session; date: string }[] = [];
  for (const { sessions, date } of days) {
    for (const session of sessions) if (first.length < count) first.push({ session, date });
  }
  return Array.from({ length: count }, (_, index) => {
    const stake = { rule, occasion: `${start}${name}-${index + 1}`, worth: amount };
    const reached = first[index];
    if (reached === undefined) {
      const values = { ...evidence, validSessions: first.length, needSessions: index + 1 };
      return missed(stake, whyFewer(kase, opened, stake.occasion, first), values, readsFrom);
    }
    const { session, date } = reached;
    return earned(kase, stake, { ...opened, earnedOn: date, evidence: { ...evidence, session: session.id } });
  });
}

/** Of what was granted: why one of the sessions that the window's entries name is none of its first any more. */
function whyFewer(
  kase: Case,
  { start, rule }: Opened,
  occasion: string,
  first: readonly { session: Session }[],
): MissedReason {
  if (!isGranted(kase, occasion)) return 'too-few-sessions';
  const counted = new Set(first.map(({ session }) => session.id));
  const named = [...kase.holdings.values()]
    .filter((holding) => holding.occasion.startsWith(`${start}${rule.incentive.sessions.name}-`))
    .map(({ last }) => String(last.evidence.session ?? ''));
  const lost = named.find((id) => id !== '' && !counted.has(id));
  return (lost === undefined ? undefined : whySessionLost(kase, lost)) ?? 'too-few-sessions';
}

/** A rung is reached on the day on which net sales, summed day by day from the opening, come to it. */
function decideSales(kase: Case, opened: Opened, days: readonly ActiveDay[]): Decision[] {
  const { rule, start, readsFrom, closesOn } = opened;
  return climb(days, rule.incentive.sales.rungs).map(({ rung, reachedOn, netFen, grossFen }) => {
    const stake = { rule, occasion: `${start}${rung.name}`, worth: rung.amount };
    const evidence = { ...opened.evidence, netFen, needFen: rung.atFen };
    return reachedOn === undefined
      ? missed(
          stake,
          whyBelow(kase, stake.occasion, 'below-rung', { grossFen, needFen: rung.atFen }),
          { ...evidence, by: closesOn },
          readsFrom,
        )
      : earned(kase, stake, { ...opened, earnedOn: reachedOn, evidence });
  });
}

/** What the ledger has for windows that the facts no longer open: lost under the rule that had granted it. */
function goneWindows(
  kase: Case,
  id: string,
  decisions: readonly Decision[],
  kept: readonly string[],
): Decision[] {
  const decided = new Set([...decisions.map(({ occasion }) => occasion), ...kept]);
  return [...kase.holdings.values()]
    .filter(({ last, occasion }) => last.incentive === id && !decided.has(occasion))
    .map((holding) => lost(holding, 'window-not-open', holding.last.evidence));
}

/** Why no window ever opened, under the name of the first: by the last rule so far that is for the participant. */
function neverOpened(kase: Case, id: string, nearMiss: Windows['nearMiss']): Decision[] {
  const rules = rulesOf(kase.program, 'window-ladder', id).filter((candidate) => concerns(candidate, kase));
  const rule = nearMiss?.rule ?? rules.findLast(({ version }) => version.from <= kase.asOf) ?? rules[0];
  if (rule === undefined) return [];
  const { prefix, sessions, sales, opens } = rule.incentive;
  const worth = sessions.count * sessions.amount + sales.rungs.reduce((sum, { amount }) => sum + amount, 0);
  const stake = { rule, occasion: `${prefix}1`, worth };
  return nearMiss === undefined
    ? [missed(stake, 'never-live', { since: earlier(rule.version.from, kase.asOf) })]
    : [
        missed(stake, 'not-silent', {
          broadcastOn: nearMiss.on,
          after: nearMiss.after,
          needSilentDays: opens.silenceDays,
        }),
      ];
}
