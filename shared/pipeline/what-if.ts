/** What a policy would have paid on the facts there are: the live code, against an empty ledger. Writes nothing. */
import type { Entry } from '../engine/history.ts';
import type { Program } from '../policy/schema.ts';
import { versionHashes } from '../policy/versions.ts';
import { arrivalDays } from '../store/due.ts';
import { memoryPlans } from '../store/plans.ts';
import type { Run, Totals } from '../store/runs.ts';
import { addDays, type BusinessDate } from '../values/calendar.ts';
import { compareCodeUnits } from '../values/canonical.ts';
import { plusToTell } from '../values/sums.ts';
import { allocate } from './allocate.ts';
import { fundedEntries } from './apply-part.ts';
import { readManifest, readPart } from './plan.ts';
import { evaluateAll } from './run-here.ts';
import { firstReadFor } from './run-scope.ts';
import type { Services } from './services.ts';
import { addEntry, noTotals } from './totals.ts';

export interface WhatIf {
  totals: Totals;
  /** What each participant would have been paid, by unit. */
  participants: Map<string, Record<string, number>>;
  /** For each pool that would have run short, the date on which it did. */
  exhaustedOn: Record<string, BusinessDate>;
}

/**
 * Evaluates everyone with facts since the range began, as of its end, as if nothing had been granted and every
 * pool were at the policy's limit.
 */
export async function whatIf(
  given: Services,
  program: Program,
  { from, to }: { from: BusinessDate; to: BusinessDate },
): Promise<WhatIf> {
  const services = { ...given, plans: memoryPlans(), catalogue: [program] };
  const horizon = firstReadFor(given.table, program, from);
  const run: Run = {
    program: program.program,
    runId: 'what-if',
    epoch: 0,
    planEpoch: 0,
    job: 'backfill',
    from,
    to,
    asOf: to,
    horizon,
    arrivals: await arrivalDays(services.table, addDays(horizon, -1), '9999-12-31'),
    full: true,
    dryRun: true,
    fresh: true,
    requestedBy: 'what-if',
    openedAt: new Date(services.now()).toISOString(),
    codeVersion: services.codeVersion,
    policy: versionHashes(program),
    raises: 0,
    consistent: false,
  };
  const { results } = await evaluateAll(services, run, [{ shard: 0, of: 1 }]);
  const { manifest } = await allocate(services, run, results);
  return tell(services, run, manifest);
}

async function tell({ plans }: Services, run: Run, hash: string): Promise<WhatIf> {
  const { parts, cuts } = await readManifest(plans, hash);
  const totals = noTotals();
  const participants = new Map<string, Record<string, number>>();
  for (const part of parts) {
    for (const entry of fundedEntries(run, cuts, part, await readPart(plans, part))) {
      addEntry(totals, entry);
      addPaid(participants, entry);
    }
  }
  const exhaustedOn = Object.fromEntries(
    Object.entries(cuts).map(([node, { earnedOn }]) => [node, earnedOn]),
  );
  return { totals, participants, exhaustedOn };
}

function addPaid(
  participants: Map<string, Record<string, number>>,
  { participantId, unit, amount }: Entry,
): void {
  const paid = participants.get(participantId) ?? {};
  paid[unit] = plusToTell(paid[unit] ?? 0, amount);
  participants.set(participantId, paid);
}

/** One participant to whom two policies pay otherwise, in one unit. */
export interface Shift {
  participantId: string;
  unit: string;
  a: number;
  b: number;
}

/** Whom it would make a difference to, the largest first. */
export function shiftsBetween(a: WhatIf, b: WhatIf): Shift[] {
  const shifts: Shift[] = [];
  for (const participantId of new Set([...a.participants.keys(), ...b.participants.keys()])) {
    const [paidA = {}, paidB = {}] = [a.participants.get(participantId), b.participants.get(participantId)];
    for (const unit of new Set([...Object.keys(paidA), ...Object.keys(paidB)])) {
      const shift = { participantId, unit, a: paidA[unit] ?? 0, b: paidB[unit] ?? 0 };
      if (shift.a !== shift.b) shifts.push(shift);
    }
  }
  return shifts.sort(
    (x, y) => Math.abs(y.b - y.a) - Math.abs(x.b - x.a) || compareCodeUnits(x.participantId, y.participantId),
  );
}
