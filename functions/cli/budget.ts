/** `hongbao budget`: each program's limits, what is left of them, and changing one on the record. */
import type { Command } from 'commander';
import { budgetNodes } from '../../shared/policy/budget.ts';
import { askForAll } from '../../shared/store/control.ts';
import { ensurePools, type Pool, readPools, setLimit } from '../../shared/store/pools.ts';
import { InputError } from '../../shared/values/validation.ts';
import { type CommonOptions, command, group, programsOf, withTarget } from './command.ts';
import { note, printRows, type Row } from './output.ts';
import { requester } from './running.ts';
import type { Target } from './target.ts';

interface SetOptions extends CommonOptions {
  reason: string;
}

export function budgetCommand(): Command {
  const list = command(
    'list',
    'limits, and what is granted, reserved and left',
    'budget --format json',
  ).action((options: CommonOptions) =>
    withTarget(options, async (target) => {
      const rows = await budgetRows(target, options);
      printRows(options.format, rows, ['program', 'node', 'unit', 'limit', 'granted', 'reserved', 'left']);
    }),
  );
  const set = command(
    'set',
    'change a limit, on the record',
    'budget set cash 4000000000 --program treasure-host --reason "Q4"',
  )
    .argument('<node>', 'a pool, or an incentive with a limit of its own')
    .argument('<limit>', 'the new limit in the unit of the node: exposures, or fen')
    .requiredOption('--reason <text>', 'why, for the record')
    .action((node: string, limit: string, options: SetOptions) =>
      withTarget(options, (target) => changeLimit(target, options, node, limit)),
    );
  return group('budget', 'limits, and what is granted, reserved and left', 'budget')
    .addCommand(list, { isDefault: true })
    .addCommand(set);
}

/** A row a node of the budget. One that no run has used yet is as its policy has it. */
export async function budgetRows(
  { services: { table } }: Target,
  options: Pick<CommonOptions, 'program'>,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const program of programsOf(options as CommonOptions)) {
    const used = new Map((await readPools(table, program.program)).map((pool) => [pool.pool, pool]));
    for (const { node, unit, limit } of budgetNodes(program)) {
      rows.push(
        row(
          program.program,
          used.get(node) ?? { pool: node, unit, limit, left: limit, reservations: {}, changes: [] },
        ),
      );
    }
  }
  return rows;
}

function row(program: string, { pool, unit, limit, left, reservations, changes }: Pool): Row {
  const reserved = reservedOf(reservations);
  return { program, node: pool, unit, limit, granted: limit - left - reserved, reserved, left, changes };
}

function reservedOf(reservations: Pool['reservations']): number {
  return Object.values(reservations).reduce((sum, amount) => sum + amount, 0);
}

/**
 * A raised limit makes the next run look at everyone. It is asked for first, so that it cannot be forgotten, and
 * again after, because a run that closed in between has met the first request under the old limit.
 */
async function changeLimit(
  { services }: Target,
  options: SetOptions,
  node: string,
  text: string,
): Promise<void> {
  const { table, now } = services;
  const to = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(to)) {
    throw new InputError(
      `limit: got ${JSON.stringify(text)}; allowed: a whole number from 0 to 9007199254740991`,
    );
  }
  const program = programsOf(options).find((one) => budgetNodes(one).some((known) => known.node === node));
  if (program === undefined) {
    const known = programsOf(options).flatMap((one) => budgetNodes(one).map((each) => each.node));
    throw new InputError(`node: got ${JSON.stringify(node)}; allowed: ${known.join(', ')}`);
  }
  await ensurePools(table, program);
  const pool = (await readPools(table, program.program)).find((one) => one.pool === node)!;
  const granted = pool.limit - pool.left - reservedOf(pool.reservations);
  if (to < pool.limit - pool.left) {
    throw new InputError(
      `limit: got ${to}; allowed: at least ${pool.limit - pool.left}, of which ${granted} is granted and the rest reserved by a run`,
    );
  }
  const at = new Date(now()).toISOString();
  if (to > pool.limit) await askForAll(table, program.program, at);
  const change = { from: pool.limit, to, by: requester(), reason: options.reason, at };
  if (!(await setLimit(table, program.program, pool, change))) {
    throw new Error(`${node} has changed while you looked: run it again`);
  }
  if (to > pool.limit) await askForAll(table, program.program, `${at} ${node} ${to}`);
  note(`${program.program} ${node}: limit ${pool.limit} is now ${to}`);
  if (to > pool.limit) note('the next run looks at everyone, and pays what could not be paid');
}
