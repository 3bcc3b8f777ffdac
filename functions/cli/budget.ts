/** `hongbao budget`: each program's limits, what is left of them, and changing one on the record. */
import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { recount } from '../../shared/pipeline/recount.ts';
import { type BudgetNode, budgetNodes } from '../../shared/policy/budget.ts';
import type { Program } from '../../shared/policy/schema.ts';
import { ensureBudget, setLimit } from '../../shared/store/budget.ts';
import { type Pool, readBudget } from '../../shared/store/budget-item.ts';
import { formatChange, parseAmount } from '../../shared/values/amounts.ts';
import { formatAmount, type Unit } from '../../shared/values/units.ts';
import { InputError } from '../../shared/values/validation.ts';
import { type CommonOptions, command, group, programsOf, reasonArgument, withTarget } from './command.ts';
import { note, printRecord, printRows, type Row, say } from './output.ts';
import { requester } from './running.ts';
import type { Target } from './target.ts';

interface SetOptions extends CommonOptions {
  reason: string;
  dryRun?: boolean;
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
    'budget set cash "40,000,000 CNY" --program treasure-host --reason "Q4"',
  )
    .argument('<name>', 'a pool, or an incentive with a limit of its own')
    .argument('<limit>', 'the new limit with its unit: 500000 exposures, 30,000,000 CNY, 3000万元')
    .requiredOption('--reason <text>', 'why, for the record', reasonArgument)
    .option('--dry-run', 'show what would change, and write nothing')
    .action((name: string, text: string, options: SetOptions) => {
      const { program, node } = findNode(options, name);
      const to = parseAmount(text, node.unit, 'limit');
      return withTarget(options, (target) => changeLimit(target, options, { program, node, to }), {
        makes: options.dryRun !== true,
      });
    });
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
    for (const node of budgetNodes(program)) {
      rows.push(row(program.program, pools.get(node.node) ?? unused(node)));
    }
  }
  return rows;
}

function row(program: string, { pool, unit, limit, left, reserved, changes }: Pool): Row {
  return { program, name: pool, unit, limit, granted: limit - left - reserved, reserved, left, changes };
}

function unused({ node, unit, limit }: BudgetNode): Pool {
  return { pool: node, unit, limit, left: limit, reserved: 0, changes: [] };
}

/** @throws {@link InputError} naming the limits there are. */
function findNode(options: SetOptions, name: string): { program: Program; node: BudgetNode } {
  const all = programsOf(options).flatMap((program) =>
    budgetNodes(program).map((node) => ({ program, node })),
  );
  const found = all.find(({ node }) => node.node === name);
  if (found !== undefined) return found;
  const known = all.map(({ node }) => node.node).join(', ');
  throw new InputError(`name: got ${JSON.stringify(name)}; allowed: ${known}`);
}

/** A raised limit makes the next run look at everyone: the raise is counted in the very update that makes it. */
async function changeLimit(
  { services: { table, now } }: Target,
  options: SetOptions,
  { program, node, to }: { program: Program; node: BudgetNode; to: number },
): Promise<void> {
  if (options.dryRun !== true) await ensureBudget(table, program);
  const pool = (await readBudget(table, program.program)).pools.get(node.node) ?? unused(node);
  const [used, unit] = [pool.limit - pool.left, pool.unit];
  if (to < used) {
    const granted = formatAmount(used - pool.reserved, unit);
    throw new InputError(
      `limit: got ${formatAmount(to, unit)}; allowed: at least ${formatAmount(used, unit)}, of which ${granted} is granted and the rest reserved by a run`,
    );
  }
  if (options.dryRun !== true) {
    const at = new Date(now()).toISOString();
    const change = { from: pool.limit, to, by: requester(), reason: options.reason, at };
    if (!(await setLimit(table, program.program, pool, change))) {
      throw new Error(`${pool.pool} has changed while you looked: run it again`);
    }
  }
  tellChange(options, { program: program.program, name: pool.pool, unit, before: pool.limit, after: to });
}

function tellChange(
  { format, dryRun = false }: SetOptions,
  change: { program: string; name: string; unit: Unit; before: number; after: number },
): void {
  const { program, name, unit, before, after } = change;
  const percent = formatChange(before, after);
  if (format !== 'table') printRecord(format, { ...change, percent, dryRun });
  else {
    const becomes = dryRun ? 'would become' : 'is now';
    const by = percent === '' ? '' : ` (${percent})`;
    say(
      `${program} ${name}: limit ${formatAmount(before, unit)} ${becomes} ${formatAmount(after, unit)}${by}`,
    );
  }
  if (after > before && !dryRun) note('the next run looks at everyone, and pays what could not be paid');
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
