/** A raise by the command line: the next run looks at everyone, whatever closed while it was made. */
import { afterAll, expect, it } from 'vitest';
import { readControl } from '../../shared/store/control.ts';
import { readPools } from '../../shared/store/pools.ts';
import { Workplace } from '../cli/workplace.ts';
import { PROGRAM } from '../support/world.ts';

const place = new Workplace();
afterAll(() => place[Symbol.dispose]());

it('a raise is asked for again once it stands: a run that met the first request may not have seen it', async () => {
  await place.done('budget', 'set', 'exposure', '200000000000', '--program', PROGRAM, '--reason', 'Q4');
  const { asked, raised } = await place.inside(async ({ services: { table } }) => ({
    asked: (await readControl(table, PROGRAM)).lookAtAll,
    raised: (await readPools(table, PROGRAM)).find(({ pool }) => pool === 'exposure')?.changes,
  }));
  const first = raised?.[0]?.at;
  expect(raised).toMatchObject([{ from: 100_000_000_000, to: 200_000_000_000, by: 'tester', reason: 'Q4' }]);
  expect(asked).toBe(`${first} exposure 200000000000`);
});
