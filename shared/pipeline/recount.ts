/** Making the budget equal to the ledger again: the answer to any "the pool says, the ledger says" (law 12). */
import { nodesOf } from '../engine/allocate.ts';
import type { Program } from '../policy/schema.ts';
import { openBudget, recountBudget } from '../store/budget.ts';
import { readBudget } from '../store/budget-item.ts';
import { acquire, type Control, endRecount, isHeld, readControl } from '../store/control.ts';
import { scanEntries } from '../store/ledger.ts';
import { InputError } from '../values/validation.ts';
import { recordEnds } from './open-run.ts';
import { HeldError } from './run-here.ts';
import type { Services } from './services.ts';

/** One pool or limit: what it says is granted and reserved, and what its entries come to. */
export interface Recounted {
  pool: string;
  limit: number;
  says: number;
  reserved: number;
  /** Of the entries: exact, for a damaged ledger may add up to more than a number holds. */
  granted: bigint;
}

/**
 * Tells what each pool says and what its entries come to, and with a reason makes the pools equal to the ledger: as
 * the program's writer, from a strong read of every entry.
 *
 * @param id names it, as the writer that it is.
 * @throws {@link HeldError} while a run is alive; {@link InputError} when one that died has to be finished or given up
 * first, or when a writer of one that was given up may still be alive.
 */
export async function recount(
  services: Services,
  program: Program,
  id: string,
  decision?: { by: string; reason: string },
): Promise<Recounted[]> {
  const { table } = services;
  const control = await readControl(table, program.program);
  if (decision === undefined) return compare(services, program);
  checkNobodyWrites(services, program, control);
  await recordEnds(table, program.program, control);
  const hold = { program: program.program, runId: id, epoch: control.epoch + 1 };
  const taking = { opener: id, nowMs: services.now(), leaseMs: services.leaseMs };
  if (!(await acquire(table, hold, control, taking))) throw changed(program);
  await recordEnds(table, program.program, await readControl(table, program.program));
  const keep = (control.givenUp ?? []).map(({ planEpoch }) => planEpoch);
  if ((await openBudget(table, program, { epoch: hold.epoch, keep })) === undefined) throw changed(program);
  const found = await compare(services, program);
  const granted = new Map(found.map(({ pool, granted }) => [pool, Number(granted)]));
  const record = { ...decision, at: new Date(services.now()).toISOString() };
  if (!(await recountBudget(table, program.program, hold.epoch, granted, record))) throw changed(program);
  if (!(await endRecount(table, hold))) throw changed(program);
  return found;
}

async function compare({ table }: Services, { program }: Program): Promise<Recounted[]> {
  const granted = new Map<string, bigint>();
  for await (const { entry } of scanEntries(table, program)) {
    for (const node of nodesOf(entry)) granted.set(node, (granted.get(node) ?? 0n) + BigInt(entry.amount));
  }
  const { pools } = await readBudget(table, program);
  return [...pools.values()].map(({ pool, limit, left, reserved }) => ({
    pool,
    limit,
    says: limit - left - reserved,
    reserved,
    granted: granted.get(pool) ?? 0n,
  }));
}

function checkNobodyWrites(services: Services, { program }: Program, control: Control): void {
  const { now, writerLifeMs } = services;
  if (isHeld(control, now()))
    throw new HeldError(program, control.writer ?? '', new Date(control.leaseUntil).toISOString());
  if (control.state === 'applying') {
    throw new InputError(
      `recount: run ${control.writer} of ${program} died while it applied; allowed: once it is finished (hongbao runs resume ${control.writer}) or given up (hongbao runs abandon ${control.writer})`,
    );
  }
  const last = Math.max(...(control.givenUp ?? []).map(({ atMs }) => atMs + writerLifeMs), 0);
  if (last > now()) {
    throw new InputError(
      `recount: a writer of a run that was given up may still be alive; allowed: from ${new Date(last).toISOString()} on`,
    );
  }
}

function changed({ program }: Program): Error {
  return new Error(`a run of ${program} began meanwhile: recount again when it is done`);
}
