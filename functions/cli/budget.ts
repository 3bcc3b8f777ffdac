/** `hongbao budget`: each program's limits, what is left of them, and changing one on the record. */
import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { recount } from '../../shared/pipeline/recount.ts';
import { budgetNodes } from '../../shared/policy/budget.ts';
import { ensureBudget, setLimit } from '../../shared/store/budget.ts';
import { type Pool, readBudget } from '../../shared/store/budget-item.ts';
import { InputError } from '../../shared/values/validation.ts';
import { type CommonOptions, command, group, programsOf, reasonArgument, withTarget } from './command.ts';
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
      printRows(options.format, rows, ['program', 'name', 'unit', 'limit', 'granted', 'reserved', 'left']);
    }),
  );
  const set = command(
    'set',
    'change a limit, on the record',
    'budget set cash 4000000000 --program treasure-host --reason "Q4"',
  )
    .argument('<name>', 'a pool, or an incentive with a limit of its own')
    .argument('<limit>', 'the new limit in the unit of the node: exposures, or fen')
    .requiredOption('--reason <text>', 'why, for the record', reasonArgument)
    .action((node: string, limit: string, options: SetOptions) =>
      withTarget(options, (target) => changeLimit(target, options, node, limit)),
    );
  const again = command(
    'recount',
    'what the pools say, and what the ledger does; with a reason, makes the pools equal to it',
    'budget recount --program treasure-host --reason "a run was given up"',
  )
    .option('--reason <text>', 'why, for the record: without it, nothing is changed', reasonArgument)
    .action((options: RecountOptions) => withTarget(options, (target) => recountAndTell(target, options)));
  return group('budget', 'limits, and what is granted, reserved and left', 'budget')
    .addCommand(list, { isDefault: true })
    .addCommand(set)
    .addCommand(again);
}

/** A row a pool or limit of the budget. One that no run has used yet is as its policy has it. */
export async function budgetRows(
  { services: { table } }: Target,
  options: Pick<CommonOptions, 'program'>,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const program of programsOf(options as CommonOptions)) {
    const { pools } = await readBudget(table, program.program);
    for (const { node, unit, limit } of budgetNodes(program)) {
      const unused = { pool: node, unit, limit, left: limit, reserved: 0, changes: [] };
      rows.push(row(program.program, pools.get(node) ?? unused));
    }
  }
  return rows;
}

function row(program: string, { pool, unit, limit, left, reserved, changes }: Pool): Row {
  return { program, name: pool, unit, limit, granted: limit - left - reserved, reserved, left, changes };
}

/** A raised limit makes the next run look at everyone: the raise is counted in the very update that makes it. */
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
    throw new InputError(`name: got ${JSON.stringify(node)}; allowed: ${known.join(', ')}`);
  }
  await ensureBudget(table, program);
  const pool = (await readBudget(table, program.program)).pools.get(node)!;
  if (to < pool.limit - pool.left) {
    const granted = pool.limit - pool.left - pool.reserved;
    throw new InputError(
      `limit: got ${to}; allowed: at least ${pool.limit - pool.left}, of which ${granted} is granted and the rest reserved by a run`,
    );
  }
  const at = new Date(now()).toISOString();
  const change = { from: pool.limit, to, by: requester(), reason: options.reason, at };
  if (!(await setLimit(table, program.program, pool, change))) {
    throw new Error(`${node} has changed while you looked: run it again`);
  }
  note(`${program.program} ${node}: limit ${pool.limit} is now ${to}`);
  if (to > pool.limit) note('the next run looks at everyone, and pays what could not be paid');
}

interface RecountOptions extends CommonOptions {
  reason?: string;
}

/** What the pools say and what the ledger does; with a reason, the pools are made equal to it. */
async function recountAndTell({ services }: Target, options: RecountOptions): Promise<void> {
  const rows: Row[] = [];
  for (const program of programsOf(options)) {
    const id = `${program.program}.recount.${randomUUID().slice(0, 8)}`;
    const { reason } = options;
    const decision = reason === undefined ? undefined : { by: requester(), reason };
    for (const { pool, limit, says, reserved, granted } of await recount(services, program, id, decision)) {
      const off = granted - BigInt(says);
      rows.push({
        program: program.program,
        name: pool,
        limit,
        says,
        reserved,
        granted: String(granted),
        off: String(off),
      });
    }
  }
  printRows(options.format, rows, ['program', 'name', 'limit', 'says', 'reserved', 'granted', 'off']);
  note(
    options.reason === undefined
      ? 'nothing was changed: with --reason the pools are made equal to the ledger, and nothing stays reserved'
      : 'the pools are equal to the ledger',
  );
}
