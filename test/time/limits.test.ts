/** A raise by the command line: the next run looks at everyone, whatever closed while it was made. */
import { afterAll, expect, it } from 'vitest';
import { readBudget } from '../../shared/store/budget-item.ts';
import { Workplace } from '../cli/workplace.ts';
import { PROGRAM } from '../support/world.ts';

const place = new Workplace();
afterAll(() => place[Symbol.dispose]());

it('4. a raise is counted in the very update that makes it: no run can meet one without the other', async () => {
  await place.done('budget', 'set', 'exposure', '200000000000', '--program', PROGRAM, '--reason', 'Q4');
  const { raises, pools } = await place.inside(({ services: { table } }) => readBudget(table, PROGRAM));
  expect(pools.get('exposure')?.changes).toMatchObject([
    { from: 100_000_000_000, to: 200_000_000_000, by: 'tester', reason: 'Q4' },
  ]);
  expect(raises).toBe(1);
});
