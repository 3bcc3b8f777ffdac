/** New hosts: a window opens, and inside it sessions, net sales and perks are paid. */
import { addDays, earlier } from '../../values/calendar.ts';
import type { ActiveDay } from '../activity.ts';
import { earned, missed } from '../conclude.ts';
import type { Case, Decision, Verdict } from '../decision.ts';
import type { Evidence, Session } from '../history.ts';
import { rulesOf } from '../rules.ts';
import { openWindows, type Window, windowPrefix } from '../windows.ts';

/** Decides every occasion of the participant's windows: `w1/cold-1`, `w1/growth-1`, `w1/perk-…`. */
export function windowLadder(kase: Case, id: string): Verdict {
  const { open, sealed, nearMiss } = openWindows(kase, id);
  const prefix = rulesOf(kase.program, 'window-ladder', id).at(-1)?.incentive.prefix ?? '';
  const sealedPrefixes = sealed.map(({ n }) => windowPrefix(prefix, n));
  const kept = [...kase.holdings.keys()].filter((occasion) =>
    sealedPrefixes.some((start) => occasion.startsWith(start)),
  );
  const decisions = open.flatMap((window) => decideWindow(kase, window));
  decisions.push(...goneWindows(kase, id, decisions, kept));
  if (decisions.length === 0 && kept.length === 0) decisions.push(...neverOpened(kase, id, nearMiss));
  return { decisions, kept };
}

function decideWindow(kase: Case, window: Window): Decision[] {
  const { rule, n, opensOn, closesOn } = window;
  const { prefix, perks, opens } = rule.incentive;
  const start = windowPrefix(prefix, n);
  const readsFrom = addDays(opensOn, -opens.silenceDays);
  const evidence = { opensOn, closesOn };
  const days = kase.activity(rule.version).days.filter(({ date }) => opensOn <= date && date <= closesOn);
  return [
    ...perks.map(({ name, amount }) =>
      earned(
        kase,
        { rule, occasion: `${start}${name}`, worth: amount, perk: true },
        { earnedOn: opensOn, readsFrom, evidence: { ...evidence, via: window.via } },
      ),
    ),
    ...decideSessions(kase, window, start, days, readsFrom, evidence),
    ...decideSales(kase, window, start, days, readsFrom, evidence),
  ];
}

/** The first valid sessions in the window, by start and then id, are worth the same each. */
function decideSessions(
  kase: Case,
  { rule }: Window,
  start: string,
  days: readonly ActiveDay[],
  readsFrom: string,
  evidence: Evidence,
): Decision[] {
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
      return missed(stake, 'too-few-sessions', values, readsFrom);
    }
    return earned(kase, stake, {
      earnedOn: reached.date,
      readsFrom,
      evidence: { ...evidence, session: reached.session.id },
    });
  });
}

/** A rung is reached on the day on which net sales, summed day by day from the opening, come to it. */
function decideSales(
  kase: Case,
  { rule, closesOn }: Window,
  start: string,
  days: readonly ActiveDay[],
  readsFrom: string,
  evidence: Evidence,
): Decision[] {
  return climb(days, rule.incentive.sales.rungs).map(({ rung, reachedOn, netFen }) => {
    const stake = { rule, occasion: `${start}${rung.name}`, worth: rung.amount };
    const values = { ...evidence, netFen, needFen: rung.atFen };
    return reachedOn === undefined
      ? missed(stake, 'below-rung', { ...values, by: closesOn }, readsFrom)
      : earned(kase, stake, { earnedOn: reachedOn, readsFrom, evidence: values });
  });
}

/** For each rung, the day that reached it and the net sales by then; without one, the net sales in all. */
function climb<R extends { atFen: number }>(days: readonly ActiveDay[], rungs: readonly R[]) {
  let netFen = 0;
  let next = 0;
  const reached: { rung: R; reachedOn: string | undefined; netFen: number }[] = [];
  for (const day of days) {
    netFen += day.netFen;
    for (let rung = rungs[next]; rung !== undefined && netFen >= rung.atFen; rung = rungs[++next]) {
      reached.push({ rung, reachedOn: day.date, netFen });
    }
  }
  return [...reached, ...rungs.slice(next).map((rung) => ({ rung, reachedOn: undefined, netFen }))];
}

/** What the ledger has for windows that the facts no longer open. */
function goneWindows(
  kase: Case,
  id: string,
  decisions: readonly Decision[],
  kept: readonly string[],
): Decision[] {
  const decided = new Set([...decisions.map(({ occasion }) => occasion), ...kept]);
  const rule = rulesOf(kase.program, 'window-ladder', id).at(-1);
  if (rule === undefined) return [];
  return [...kase.holdings.values()]
    .filter(({ last, occasion }) => last.incentive === id && !decided.has(occasion))
    .map(({ occasion, last }) => ({
      ...missed({ rule, occasion, worth: 0 }, 'window-not-open', { ...last.evidence }),
      unit: last.unit,
      pool: last.pool,
    }));
}

/** Why no window ever opened, under the name of the first. */
function neverOpened(
  kase: Case,
  id: string,
  nearMiss: { on: string; after: string } | undefined,
): Decision[] {
  const rule = rulesOf(kase.program, 'window-ladder', id).at(-1);
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
