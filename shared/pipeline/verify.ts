/** Re-plans and re-adds everything: does the ledger say what the facts and the policy do, and do the sums agree? */
import { nodesOf } from '../engine/allocate.ts';
import type { Change, Entry } from '../engine/history.ts';
import { entityOf } from '../engine/members.ts';
import { kindsOf } from '../engine/rules.ts';
import type { Program } from '../policy/schema.ts';
import { inForce, versionHashes } from '../policy/versions.ts';
import { readBudget, readPools } from '../store/budget-item.ts';
import { type Control, isHeld, readControl } from '../store/control.ts';
import { arrivalDays, readDue } from '../store/due.ts';
import { readHeld } from '../store/held.ts';
import { readProfiles, readShopIds } from '../store/histories.ts';
import { readEntries } from '../store/ledger.ts';
import { memoryPlans } from '../store/plans.ts';
import { type RunRecord, readRuns } from '../store/runs.ts';
import { addDays, monthOf } from '../values/calendar.ts';
import { contentHash } from '../values/canonical.ts';
import { openRun } from './open-run.ts';
import { readPart } from './plan.ts';
import { evaluateAll, HeldError } from './run-here.ts';
import { parseRunInput } from './run-input.ts';
import type { Services } from './services.ts';
import { readUndecided } from './undecided.ts';

/** What a verification found. Only `differences` are wrong. */
export interface Verification {
  program: string;
  entries: number;
  participants: number;
  /** Each named: what is, and what should be. */
  differences: string[];
  /** Changes of participants that are due since the watermark, or that wait for the next run that looks at all. */
  pending: number;
  /** Lowerings that wait for an operator. */
  held: number;
  /** Rewards that a pool could not pay. */
  unfunded: number;
  /** Occasions that rest on facts from before the horizon: their sums are not judged. */
  sealed: number;
  /** Awards that are due and that no run has decided. */
  undecided: string[];
}

/**
 * Verifies one program as of its last closed as-of.
 * @throws {@link HeldError} while a run writes, or when one began meanwhile: what is half written looks wrong.
 */
export async function verify(services: Services, deployed: Program): Promise<Verification> {
  const { table, now } = services;
  const control = await readControl(table, deployed.program);
  const program = inForce(deployed, control.superseding ?? []);
  if (isHeld(control, now())) throw heldBy(program, control);
  const entries = (await readEntries(table)).filter((entry) => entry.program === program.program);
  const runs = withEnds(control, await readRuns(table, program.program));
  const undecided = await readUndecided(table, program.program, control);
  const replanned = await replan(services, program, control, { runs, entries, undecided });
  const found = {
    program: program.program,
    entries: entries.length,
    participants: new Set(entries.map(({ participantId }) => participantId)).size,
    differences: [
      ...deadRuns(control, runs),
      ...wrongDates(control, runs),
      ...wrongNumbers(entries),
      ...wrongRuns(entries, runs),
      ...(await wrongPools(services, program, entries)),
      ...replanned.differences,
    ],
    pending: replanned.pending,
    held: (await readHeld(table, program.program)).filter(({ state }) => state === 'waiting').length,
    unfunded: replanned.unfunded,
    sealed: replanned.sealed,
    undecided,
  };
  // A run that began meanwhile has changed some of what was read, and not the rest.
  const after = await readControl(table, program.program);
  if (after.epoch !== control.epoch) throw heldBy(program, after);
  return found;
}

function heldBy({ program }: Program, { writer, lastClosed, leaseUntil }: Control): HeldError {
  return new HeldError(program, writer ?? lastClosed ?? '', new Date(leaseUntil).toISOString());
}

/** The runs on record, and the ends of which only the control item knows yet: the next opening records them. */
function withEnds({ lastClosed, displaced = [] }: Control, runs: readonly RunRecord[]): RunRecord[] {
  const ended = new Set(displaced.map(({ run }) => run.runId));
  return runs.map((run): RunRecord => {
    if (run.runId === lastClosed) return { ...run, state: 'closed' };
    return ended.has(run.runId) ? { ...run, state: 'abandoned' } : run;
  });
}

/** A run that began to apply, and that nobody finished. */
function deadRuns({ writer, state }: Control, runs: readonly RunRecord[]): string[] {
  const open = runs.filter(
    (run) => run.state === 'planning' || run.state === 'applying' || run.runId === writer,
  );
  return open.map(({ runId, state: recorded }) =>
    runId === writer
      ? `run ${runId} died while ${state}: finish it with hongbao runs resume ${runId}`
      : `run ${runId} is recorded as ${recorded}, and does not hold the program`,
  );
}

/** How far the program has come is how far its closed runs have. */
function wrongDates(control: Control, runs: readonly RunRecord[]): string[] {
  const closed = runs.filter(({ state, runId }) => state === 'closed' && runId !== control.writer);
  const whole = closed.filter(({ failedShards = [] }) => failedShards.length === 0);
  const monthEnds = whole.filter(({ job }) => job === 'month-end');
  const { lastClosed } = control;
  const reached = [
    ['watermark', control.watermark, whole.map(({ watermark }) => watermark)],
    ['closed as-of', control.closedAsOf, closed.map(({ asOf }) => asOf)],
    ['last month decided', control.decidedThrough, monthEnds.map(({ to }) => monthOf(to))],
  ] as const;
  return [
    ...(lastClosed === undefined || closed.some(({ runId }) => runId === lastClosed)
      ? []
      : [`run ${lastClosed} was the last to close, and is not on record as closed`]),
    ...reached.flatMap(([name, says, dates]) => {
      const last = dates
        .filter((date) => date !== undefined)
        .sort()
        .at(-1);
      return says === last ? [] : [`the ${name} is ${says}, and the runs on record come to ${last}`];
    }),
  ];
}

/** Entries of an occasion are numbered from 1 without a gap. */
function wrongNumbers(entries: readonly Entry[]): string[] {
  const seen = new Map<string, number>();
  const wrong: string[] = [];
  for (const { participantId, occasion, n } of entries) {
    const key = `${participantId} ${occasion}`;
    const expected = (seen.get(key) ?? 0) + 1;
    if (n !== expected) wrong.push(`${key}: entry ${n} follows ${expected - 1}`);
    seen.set(key, n);
  }
  return wrong;
}

/** Each entry is of a run on record, and each closed run wrote as many entries as it says. */
function wrongRuns(entries: readonly Entry[], runs: readonly RunRecord[]): string[] {
  const written = new Map<string, number>();
  for (const { runId } of entries) written.set(runId, (written.get(runId) ?? 0) + 1);
  const known = new Set(runs.map(({ runId }) => runId));
  const strangers = [...written.keys()].filter((runId) => !known.has(runId));
  return [
    ...strangers.map((runId) => `${written.get(runId)} entries are of run ${runId}, which is not on record`),
    ...runs.flatMap(({ runId, state, summary }) => {
      const count = written.get(runId) ?? 0;
      if (state !== 'closed' || summary === undefined || summary.entries === count) return [];
      return [`run ${runId} says it wrote ${summary.entries} entries, and the ledger has ${count}`];
    }),
  ];
}

/** A pool has granted what its entries add up to, and holds nothing for a run that is not open. */
async function wrongPools(
  { table }: Services,
  program: Program,
  entries: readonly Entry[],
): Promise<string[]> {
  // Exact: a damaged ledger may add up to more than a number holds.
  const granted = new Map<string, bigint>();
  for (const entry of entries) {
    for (const node of nodesOf(entry)) granted.set(node, (granted.get(node) ?? 0n) + BigInt(entry.amount));
  }
  return (await readPools(table, program.program)).flatMap(({ pool, limit, left, reserved }) => {
    const says = limit - left - reserved;
    const sum = granted.get(pool) ?? 0n;
    const wrong =
      BigInt(says) === sum
        ? []
        : [`pool ${pool} says ${says} granted, and its entries add up to ${sum}: hongbao budget recount`];
    return reserved === 0
      ? wrong
      : [...wrong, `pool ${pool} holds ${reserved} for a run that is not open: hongbao budget recount`];
  });
}

/** What a run that looks at everyone would change now, told apart by why. */
async function replan(
  given: Services,
  program: Program,
  control: Control,
  {
    runs,
    entries,
    undecided,
  }: { runs: readonly RunRecord[]; entries: readonly Entry[]; undecided: readonly string[] },
) {
  const found = { differences: [] as string[], pending: 0, unfunded: 0, sealed: 0 };
  if (control.closedAsOf === undefined) return found;
  const services = { ...given, plans: memoryPlans() };
  const on = { from: control.closedAsOf, to: control.closedAsOf };
  const input = parseRunInput({
    program: program.program,
    job: 'backfill',
    ...on,
    dryRun: true,
    requestedBy: 'verify',
  });
  // Not farther back than other runs: what is sealed for them is not judged here.
  const opening = await openRun(services, input, 'verify', { widened: false });
  if (opening.next !== 'evaluate') throw new Error(`verify was answered with ${opening.next}`);
  const { run } = opening;
  found.sealed = sealedOccasions(entries, run.horizon);
  const { results } = await evaluateAll(services, run, opening.shards);
  const due = new Set(await dueSince(services, control));
  const { raises } = await readBudget(given.table, program.program);
  const asked = raises > (control.raises ?? 0);
  const awaitsAll = asked ? () => true : waitsForEveryone(program, control, runs, due.size > 0);
  for (const { failures } of results)
    found.differences.push(...failures.map((failure) => `not evaluated: ${failure}`));
  for (const part of results.flatMap((result) => result.part ?? [])) {
    for (const { participantId, changes } of (await readPart(services.plans, part)).participants) {
      for (const change of changes) {
        if (change.amount > 0 && change.shortfall === change.amount) found.unfunded++;
        else if (
          awaitsAll(change) ||
          undecided.includes(change.occasion) ||
          (await isDue(services, due, participantId))
        )
          found.pending++;
        else found.differences.push(describe(participantId, change));
      }
    }
  }
  return found;
}

/** Whether a participant is due, or another of its owner's shops: what one may open depends on the others. */
async function isDue({ table }: Services, due: ReadonlySet<string>, participantId: string): Promise<boolean> {
  if (due.has(participantId)) return true;
  const [profile] = await readProfiles(table, [participantId]);
  const owner = profile === undefined ? participantId : entityOf(profile);
  return [owner, ...(await readShopIds(table, owner))].some((shop) => due.has(shop));
}

function describe(participantId: string, { occasion, amount, unit, reason, hold }: Change): string {
  const held = hold === undefined ? '' : ' (to be held)';
  return `${participantId} ${occasion}: the ledger is off by ${amount} ${unit}, because ${reason}${held}`;
}

/** Occasions whose last entry rests on facts from before the horizon. */
function sealedOccasions(entries: readonly Entry[], horizon: string): number {
  const last = new Map(entries.map((entry) => [`${entry.participantId} ${entry.occasion}`, entry]));
  return [...last.values()].filter(({ readsFrom }) => readsFrom < horizon).length;
}

/** Whoever became due after the watermark. */
async function dueSince({ table }: Services, { watermark }: Control): Promise<string[]> {
  const from = watermark === undefined ? '0000-01-01' : addDays(watermark, 1);
  const buckets = Array.from({ length: table.buckets }, (_, bucket) => bucket);
  return readDue(table, await arrivalDays(table, from, '9999-12-31'), buckets);
}

/**
 * What takes everyone is decided again by the next run that looks at everyone: until then, facts that came since
 * the last one are no difference. So is everything after a limit was raised or the policy changed.
 */
function waitsForEveryone(
  program: Program,
  { policy }: Control,
  runs: readonly RunRecord[],
  anyoneDue: boolean,
) {
  if (policy !== contentHash(versionHashes(program))) return () => true;
  const closed = runs.filter(({ state }) => state === 'closed');
  const waits = anyoneDue || closed.at(-1)?.full !== true;
  const kinds = kindsOf(program);
  return ({ incentive }: Change): boolean => {
    const kind = kinds.get(incentive);
    return (
      waits &&
      (kind === 'rebate' || kind === 'window-rollup' || kind === 'pooled-split' || kind === 'ranking')
    );
  };
}
