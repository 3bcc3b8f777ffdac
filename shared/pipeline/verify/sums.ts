/** The ledger added up again: by occasion, by run and by pool. */
import { readBudget } from '../../store/budget-item.ts';
import type { Control } from '../../store/control.ts';
import type { RunRecord } from '../../store/runs.ts';
import type { Table } from '../../store/table.ts';
import type { Ledger } from './ledger.ts';
import { type Fault, recountCommand, unmendable } from './mend.ts';

/** Entries are as they are written: their keys say what they do, and those of an occasion are numbered from 1 without a gap. */
export function wrongPlaces({ occasions, unsound }: Ledger): Fault[] {
  const gaps = [...occasions].filter(([, { entries, last }]) => entries !== last);
  return [
    ...unsound.map((place) => unmendable(`${place}: its keys or its amount are not those of an entry`)),
    ...gaps.map(([name, { entries, last }]) =>
      unmendable(`${name}: has ${entries} entries, and the last is number ${last}`),
    ),
  ];
}

/** Each entry is of a run on record, and each closed run wrote as many entries as it says. */
export function wrongRuns({ runs: written }: Ledger, runs: readonly RunRecord[]): Fault[] {
  const known = new Set(runs.map(({ runId }) => runId));
  const strangers = [...written].filter(([runId]) => !known.has(runId));
  return [
    ...strangers.map(([runId, { totals, first }]) =>
      unmendable(`${totals.entries} entries, from ${first} on, are of run ${runId}, which is not on record`),
    ),
    ...runs.flatMap(({ runId, state, summary }) => {
      const entries = written.get(runId)?.totals.entries ?? 0;
      if (state !== 'closed' || summary === undefined || summary.entries === entries) return [];
      return [
        unmendable(`run ${runId} says it wrote ${summary.entries} entries, and the ledger has ${entries}`),
      ];
    }),
  ];
}

/** A run of which the budget still has the reservation: one that died while it applied, or was given up then. */
interface Unsettled {
  epoch: number;
  runId: string;
  givenUp: boolean;
}

/**
 * A pool has granted what the entries of settled runs add up to, and holds nothing for a run that is not open. What an
 * unsettled run has written of its reservation is counted when it settles, or by a recount.
 */
export async function wrongPools(
  table: Table,
  program: string,
  control: Control,
  { runs }: Ledger,
): Promise<Fault[]> {
  const { pools, reservations } = await readBudget(table, program);
  const unsettled = unsettledRuns(control).filter(({ epoch }) => reservations.has(epoch));
  const mend = recountCommand(program);
  return [...pools.values()].flatMap(({ pool, limit, left, reserved }) => {
    const says = BigInt(limit - left - reserved);
    const settled = [...runs].filter(([runId]) => unsettled.every((run) => run.runId !== runId));
    const sum = settled.reduce((total, [, { granted }]) => total + (granted.get(pool) ?? 0n), 0n);
    const strays = [...reservations]
      .filter(([epoch]) => unsettled.every((run) => run.givenUp || run.epoch !== epoch))
      .reduce((total, [, amounts]) => total + (amounts.get(pool) ?? 0), 0);
    return [
      ...(says === sum
        ? []
        : [{ what: `pool ${pool} says ${says} granted, and its entries add up to ${sum}`, mend }]),
      ...(strays === 0 ? [] : [{ what: `pool ${pool} holds ${strays} for a run that is not open`, mend }]),
    ];
  });
}

function unsettledRuns({ run, planEpoch, givenUp = [] }: Control): Unsettled[] {
  const open = run === undefined || planEpoch === undefined ? [] : [{ epoch: planEpoch, runId: run.runId }];
  return [
    ...open.map((one) => ({ ...one, givenUp: false })),
    ...givenUp.map(({ planEpoch: epoch, runId }) => ({ epoch, runId, givenUp: true })),
  ];
}
