/** One owner's shops: which of their windows stand under the cap, and what they sold together. */
import type { Program } from '../policy/schema.ts';
import { type BusinessDate, monthOf } from '../values/calendar.ts';
import { compareCodeUnits } from '../values/canonical.ts';
import { plus } from '../values/sums.ts';
import { caseOf, type Span } from './case.ts';
import { type Case, type Evaluation, type OwnerMonth, type Surroundings, windowKey } from './decision.ts';
import { evaluate } from './evaluate.ts';
import type { History } from './history.ts';
import { idsOf } from './rules.ts';
import { openWindows } from './windows.ts';

/**
 * Evaluates all shops of one owner together. Give those on the program's platform, whoever of them was due: what
 * one of them may open depends on the others.
 */
export function evaluateEntity(
  program: Program,
  shops: readonly History[],
  span: Span,
  around: Surroundings,
): Map<string, Evaluation> {
  const cases = shops.map((shop) => caseOf(program, shop, span, around));
  const capped = cappedWindows(program, cases);
  const owner = ownerOf(cases);
  return new Map(
    shops.map((shop) => [
      shop.participantId,
      evaluate(program, shop, span, {
        ...around,
        owner,
        capped: capped.get(shop.participantId) ?? new Set(),
      }),
    ]),
  );
}

interface Candidate {
  participantId: string;
  key: string;
  opensOn: BusinessDate;
  firstStartMs: number;
  cap: number;
}

/**
 * One entity opens only so many windows: the earliest by opening date, then that day's first valid session's
 * start, then participant id. The rest are refused (docs/programs.md, New hosts). Windows that the facts do not reach
 * any more came first.
 */
function cappedWindows(program: Program, cases: readonly Case[]): Map<string, Set<string>> {
  const capped = new Map<string, Set<string>>();
  for (const id of idsOf(program, 'window-ladder')) {
    let standing = 0;
    const candidates: Candidate[] = [];
    for (const kase of cases) {
      const { open, sealed } = openWindows(kase, id);
      standing += sealed.filter((window) => !window.capped).length;
      for (const { n, rule, opensOn } of open) {
        candidates.push({
          participantId: kase.history.participantId,
          key: windowKey(id, n),
          opensOn,
          firstStartMs: firstStart(kase, opensOn),
          cap: rule.incentive.entityCap ?? Number.POSITIVE_INFINITY,
        });
      }
    }
    for (const { participantId, key, cap } of candidates.sort(compareOpenings)) {
      if (standing < cap) standing++;
      else capped.set(participantId, (capped.get(participantId) ?? new Set()).add(key));
    }
  }
  return capped;
}

function compareOpenings(a: Candidate, b: Candidate): number {
  return (
    compareCodeUnits(a.opensOn, b.opensOn) ||
    a.firstStartMs - b.firstStartMs ||
    compareCodeUnits(a.participantId, b.participantId)
  );
}

function firstStart({ activity }: Case, date: BusinessDate): number {
  return activity.broadcastDays.find((day) => day.date === date)?.sessions[0]?.startMs ?? 0;
}

/** What the shops sold by month, and the shop with the smallest id. */
function ownerOf(cases: readonly Case[]): NonNullable<Surroundings['owner']> {
  const months: Record<string, OwnerMonth> = {};
  for (const kase of cases) {
    for (const { date, netFen, feesFen } of kase.activity.days) {
      const month = monthOf(date);
      const known = months[month] ?? { netFen: 0, feesFen: 0 };
      months[month] = { netFen: plus(known.netFen, netFen), feesFen: plus(known.feesFen, feesFen) };
    }
  }
  const ids = cases.map(({ history }) => history.participantId).sort(compareCodeUnits);
  return { payee: ids[0] ?? '', months };
}
