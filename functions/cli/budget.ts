/** `hongbao budget`: the pools of each program, and what is left of them. */
import type { Command } from 'commander';
import { readPools } from '../../shared/store/pools.ts';
import { type CommonOptions, command, programsOf, withTarget } from './command.ts';
import { printRows, type Row } from './output.ts';
import type { Target } from './target.ts';

export function budgetCommand(): Command {
  return command('budget', 'limits, and what is granted, reserved and left', 'budget --format json').action(
    (options: CommonOptions) =>
      withTarget(options, async (target) => {
        const rows = await budgetRows(target, options);
        printRows(options.format, rows, ['program', 'pool', 'unit', 'limit', 'granted', 'reserved', 'left']);
      }),
  );
}

/** A row a pool. A pool that no run has used yet is as its policy has it. */
export async function budgetRows(
  { services: { table } }: Target,
  options: Pick<CommonOptions, 'program'>,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const program of programsOf(options as CommonOptions)) {
    const used = new Map((await readPools(table, program.program)).map((pool) => [pool.pool, pool]));
    for (const [name, { unit, limit }] of Object.entries(program.pools)) {
      const pool = used.get(name) ?? { pool: name, unit, limit, left: limit, reservations: {} };
      const reserved = Object.values(pool.reservations).reduce((sum, amount) => sum + amount, 0);
      const granted = pool.limit - pool.left - reserved;
      rows.push({
        program: program.program,
        pool: name,
        unit: pool.unit,
        limit: pool.limit,
        granted,
        reserved,
        left: pool.left,
      });
    }
  }
  return rows;
}
