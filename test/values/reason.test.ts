/** A blank reason is no reason, wherever one is taken. */
import { describe, expect, it } from 'vitest';
import { hongbao } from '../../functions/cli/hongbao.ts';
import { parseRunInput } from '../../shared/pipeline/run-input.ts';
import { ensureBudget, recountBudget, setLimit } from '../../shared/store/budget.ts';
import { readBudget } from '../../shared/store/budget-item.ts';
import { decideHeld, type HeldBy } from '../../shared/store/held.ts';
import { parseInput, reasonSchema } from '../../shared/values/validation.ts';
import { only } from '../support/programs.ts';
import { database, PROGRAM } from '../support/world.ts';

const BLANKS = ['', ' ', '\t\n', '\u3000', '\u00a0', '\u200b', '\u2060\ufeff', '\u200d \u3164', '\u2800'];
const db = database();

describe('41. a blank reason is no reason', () => {
  it.each(BLANKS.map((blank) => [JSON.stringify(blank), blank]))('41. %s is refused', (_, blank) => {
    expect(() => parseInput(reasonSchema, blank, 'reason')).toThrow(/allowed: a reason that can be read/);
    const input = { program: PROGRAM, job: 'backfill', from: '2024-08-01', to: '2024-08-02' };
    expect(() => parseRunInput({ ...input, requestedBy: 'ops', reason: blank })).toThrow(
      /run input: reason: got .*allowed: a reason that can be read/,
    );
  });

  it.each([
    'backfill --from 2024-08-01 --to 2024-08-02',
    'budget set cash 1元',
    'budget recount',
    'runs abandon treasure-host.daily.2024-08-01',
    'corrections approve a',
    'corrections reject a',
    'apply 0123456789abcdef0123456789abcdef',
  ])('41. hongbao %s', async (command) => {
    const program = hongbao();
    const silent = (of: typeof program): void => {
      of.configureOutput({ writeErr: () => {} });
      for (const sub of of.commands) silent(sub);
    };
    silent(program);
    for (const blank of BLANKS) {
      const args = [...command.split(' '), '--reason', blank];
      await expect(program.parseAsync(['node', 'hongbao', ...args])).rejects.toThrow(
        /--reason <text>.*allowed: a reason that can be read/s,
      );
    }
  });

  it('41. nor is one stored', async () => {
    const { table } = await db.world();
    await ensureBudget(table, only('new-host'));
    const before = await readBudget(table, PROGRAM);
    const [pool] = [...before.pools.values()];
    const change = { from: pool!.limit, to: pool!.limit + 1, by: 'ops', at: '2024-08-01T00:00:00.000Z' };
    const refused = /reason: value: got ".*"; allowed: a reason that can be read/;
    await expect(setLimit(table, PROGRAM, pool!, { ...change, reason: '\u3000' })).rejects.toThrow(refused);
    const record = { by: 'ops', at: change.at, reason: '\u200b' };
    await expect(recountBudget(table, PROGRAM, 0, new Map([['exposure', 7]]), record)).rejects.toThrow(
      refused,
    );
    expect(await readBudget(table, PROGRAM)).toEqual(before);
    const held = {
      participantId: 'm-1',
      program: PROGRAM,
      change: { occasion: 'w1/cold-1', n: 2 },
    } as HeldBy;
    const decision = { decision: 'approved', by: 'ops', reason: ' ', at: change.at } as const;
    await expect(decideHeld(table, held, decision)).rejects.toThrow(refused);
  });

  it('41. what can be read is kept without the blanks around it, up to 500 characters', () => {
    expect(parseInput(reasonSchema, ' \u3000四季度 Q4\n', 'reason')).toBe('四季度 Q4');
    expect(parseInput(reasonSchema, 'x'.repeat(500), 'reason')).toHaveLength(500);
    expect(() => parseInput(reasonSchema, 'x'.repeat(501), 'reason')).toThrow(/at most 500 characters/);
  });
});
