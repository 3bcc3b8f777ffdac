/** `hongbao awards` and `run month-end --without`, as an operator uses them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lines, merchant, session } from '../support/facts.ts';
import { agencyWith } from '../support/programs.ts';
import { PROGRAM } from '../support/world.ts';
import { Workplace } from './workplace.ts';

const place = new Workplace();
const ON = ['--program', PROGRAM];
const NAME = 'agency-growth/2024-07';

beforeAll(async () => {
  const facts = [
    ...agencyWith('a-1', { on: '2024-07-25' }),
    merchant('m-9'),
    session('2024-07-25', { by: 'm-9' }),
  ];
  place.write('july.ndjson', lines(facts));
  await place.done('import', 'july.ndjson', '--arrived-on', '2024-07-26');
});
afterAll(() => place[Symbol.dispose]());

describe('11. awards that are undecided', () => {
  it('11. are named by a run and by verify, listed, and closed with a name and a reason', async () => {
    const run = await place.hongbao(['run', 'daily', '--date', '2024-07-31', ...ON]);
    expect(run.stderr).toContain(`1 awards of ${PROGRAM} are due and undecided`);
    expect(run.stderr).toContain(NAME);
    const verified = await place.hongbao(['verify', ...ON]);
    expect(verified).toMatchObject({ code: 0, stderr: expect.stringContaining(NAME) });
    expect(await place.rows('awards', ...ON)).toEqual([
      { program: PROGRAM, award: NAME, state: 'undecided' },
    ]);
    const close = ['awards', 'close', NAME, '--reason', 'never to be known'];
    expect(await place.hongbao(close)).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('is closed'),
    });
    expect(await place.rows('awards', ...ON)).toMatchObject([
      { award: NAME, state: 'closed', holders: 0, by: 'tester', reason: 'never to be known' },
    ]);
    expect(await place.hongbao(close)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`award: got "${NAME}", which tester has closed`),
    });
  });

  it('11. are decided without whom an operator names, with a reason', async () => {
    const without = ['run', 'month-end', '--month', '2024-07', '--without', 'm-9', ...ON];
    expect(await place.hongbao(without)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('reason: got nothing'),
    });
    const [done] = await place.rows(...without, '--reason', 'm-9 is damaged');
    expect(done).toMatchObject({ without: ['m-9'], reason: 'm-9 is damaged', failed: 0 });
    expect((await place.entries()).filter(({ occasion }) => occasion.startsWith('agency-'))).toEqual([]);
  });
});
