/** What a pool could not pay is paid once there is more, however old it is, unless it is refused since. */
import { describe, expect, it } from 'vitest';
import type { Fact } from '../../shared/facts/schema.ts';
import { setLimit } from '../../shared/store/budget.ts';
import { CNY, merchant, sales, sanction, session } from '../support/facts.ts';
import { arrive, faultsOf, only } from '../support/programs.ts';
import { database, PROGRAM, type World } from '../support/world.ts';

const db = database();

/** In August there were 30,000 exposures for a host that earned 60,000 by sessions; it is November, and nobody was due since. */
async function shortInAugust(): Promise<World> {
  const program = only('new-host');
  const pools = { ...program.pools, exposure: { unit: 'exposure' as const, limit: 30_000 } };
  const world = await db.world({ shards: 2, catalogue: [{ ...program, pools }] });
  const sessions = ['08', '09', '10'].map((day) => session(`2024-08-${day}`));
  await arrive(world, '2024-08-10', merchant(), ...sessions);
  await world.daily('2024-08-10');
  await world.daily('2024-11-20');
  return world;
}

async function raise(world: World): Promise<void> {
  const { limit } = await world.pool();
  const change = { from: limit, to: 1_000_000, by: 'ops', reason: 'Q4', at: '2024-11-21T10:00:00Z' };
  expect(await setLimit(world.table, PROGRAM, { pool: 'exposure' }, change)).toBe(true);
}

const cold = async (world: World) =>
  (await world.ledger())
    .filter((row) => row.includes('/cold-'))
    .map((row) => row.split(' ').slice(2).join(' '));

const PAID = ['w1/cold-1 exposure 20000', 'w1/cold-2 exposure 20000', 'w1/cold-3 exposure 20000'];

describe('4. a shortfall older than the horizon (worked case 20)', () => {
  it('is paid by the daily run after the raise, from its entry, and by no other run again', async () => {
    const world = await shortInAugust();
    expect(await cold(world)).toEqual(['w1/cold-1 exposure 20000', 'w1/cold-2 exposure 10000']);
    await raise(world);
    expect(await world.daily('2024-11-21')).toMatchObject({ run: { full: true }, summary: { entries: 2 } });
    expect(await cold(world)).toEqual(PAID);
    expect((await world.entries()).findLast(({ occasion }) => occasion === 'w1/cold-3')).toMatchObject({
      n: 2,
      kind: 'grant',
      amount: 20_000,
      reason: 'earned',
      earnedOn: '2024-08-10',
      evidence: { session: 's-2024-08-10-2000' },
    });
    expect(await world.daily('2024-11-22')).toMatchObject({ run: { full: false }, summary: { entries: 0 } });
    expect(await faultsOf(world)).toEqual([]);
  });

  it('is paid in the order in which it was earned, as far as the raise goes', async () => {
    const world = await shortInAugust();
    const { limit } = await world.pool();
    const change = { from: limit, to: 45_000, by: 'ops', reason: 'some', at: '2024-11-21T10:00:00Z' };
    await setLimit(world.table, PROGRAM, { pool: 'exposure' }, change);
    await world.daily('2024-11-21');
    expect(await cold(world)).toEqual([PAID[0], PAID[1], 'w1/cold-3 exposure 5000']);
    await raise(world);
    await world.daily('2024-11-22');
    expect(await cold(world)).toEqual(PAID);
    expect(await faultsOf(world)).toEqual([]);
  });

  it.each<[string, Fact, string[]]>([
    ['its date is sanctioned since', sanction('2024-08-10', '2024-08-10'), [PAID[0]!, PAID[1]!]],
    [
      'the participant had closed by then',
      merchant('m-1', { closedOn: '2024-08-09', revision: 2 }),
      [PAID[0]!, 'w1/cold-2 exposure 10000'],
    ],
    [
      'it is on another platform now',
      merchant('m-1', { platform: 'channels', revision: 2 }),
      [PAID[0]!, 'w1/cold-2 exposure 10000'],
    ],
  ])('is not paid when %s', async (_, fact, paid) => {
    const world = await shortInAugust();
    await arrive(world, '2024-11-21', fact);
    await raise(world);
    await world.daily('2024-11-21');
    expect(await cold(world)).toEqual(paid);
  });

  it('is paid by money that came back, as by a raise', async () => {
    const program = only('new-host');
    const pools = { ...program.pools, exposure: { unit: 'exposure' as const, limit: 40_000 } };
    const world = await db.world({ shards: 2, catalogue: [{ ...program, pools }] });
    const by = 'm-2';
    await arrive(world, '2024-08-10', merchant(), session('2024-08-09'), session('2024-08-10'));
    await arrive(world, '2024-08-10', merchant(by), session('2024-08-10', { by, at: '22:00' }));
    await world.daily('2024-08-10');
    expect(await cold(world)).toHaveLength(2);
    await world.daily('2024-10-01');
    await arrive(world, '2024-10-02', session('2024-08-10', { withdrawn: true, revision: 2 }));
    await world.daily('2024-10-02');
    expect(await cold(world), 'it came back with this run').toHaveLength(1);
    expect(await world.daily('2024-10-03')).toMatchObject({ run: { full: true }, summary: { entries: 1 } });
    expect(await cold(world)).toEqual(['w1/cold-1 exposure 20000', 'w1/cold-1 exposure 20000']);
    expect(await world.daily('2024-10-04')).toMatchObject({ run: { full: false } });
    expect(await faultsOf(world)).toEqual([]);
  });

  it('is paid once, also when a backfill unseals its window afterwards', async () => {
    const world = await shortInAugust();
    await arrive(world, '2024-11-21', sales('2024-08-10', 1_000 * CNY));
    await raise(world);
    await world.daily('2024-11-21');
    await world.backfill('2024-08-01', '2024-11-21');
    await world.backfill('2024-08-01', '2024-11-21');
    expect(await cold(world)).toEqual(PAID);
    expect((await world.ledger()).filter((row) => row.includes('growth'))).toHaveLength(1);
    expect(await faultsOf(world)).toEqual([]);
  });
});
