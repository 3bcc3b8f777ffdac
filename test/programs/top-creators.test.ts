/** Top creators at the edges: ties, the floor, refusals, the day of the decision, and what comes after it. */
import { describe, expect, it } from 'vitest';
import type { Fact } from '../../shared/facts/schema.ts';
import { CNY, merchant, sales, sanction, session } from '../support/facts.ts';
import { amounts, arrive, creator, faultsOf, frozenNames, monthEnd, only } from '../support/programs.ts';
import { database, type World } from '../support/world.ts';

const db = database();
const FLOOR = 1_000_000 * CNY;

/** A creator that sold so much in August, with some views. */
function star(id: string, fen: number, { views = 0, on = '2024-08-31' } = {}): Fact[] {
  return [creator(id), sales(on, fen, { by: id }), session(on, { by: id, views })];
}

/** Ten creators, `c-01` the best of them. */
const ten = Array.from({ length: 10 }, (_, index) => `c-${String(index + 1).padStart(2, '0')}`);
const field = ten.flatMap((id, index) => star(id, FLOOR + 100 - index));

async function place(...facts: Fact[]): Promise<World> {
  const world = await db.world({ catalogue: [only('top-creator')] });
  await arrive(world, '2024-09-01', ...facts);
  return world;
}

async function august(...facts: Fact[]): Promise<World> {
  const world = await place(...facts);
  await monthEnd(world, '2024-08', 3);
  return world;
}

async function ranked(world: World): Promise<string[]> {
  return Object.keys(await amounts(world, 'top-creator/2024-08')).map((row) => row.split(' ')[0]!);
}

describe('top creators', () => {
  it('are the 10 with the highest net sales, one card each', async () => {
    const world = await august(...field, ...star('c-11', FLOOR), ...star('a', FLOOR + 1_000));
    expect(await ranked(world)).toEqual(['a', ...ten.slice(0, 9)]);
    const entries = await world.entries();
    expect(entries).toHaveLength(10);
    expect(entries[0]).toMatchObject({ amount: 10_000_000, unit: 'exposure', earnedOn: '2024-08-31' });
    expect(await faultsOf(world)).toEqual([]);
  });

  it('need the floor, to the fen, by net sales of the month', async () => {
    const world = await august(
      ...star('at', FLOOR),
      ...star('below', FLOOR - 1),
      creator('refunded'),
      sales('2024-08-10', FLOOR, { by: 'refunded', refundedFen: 1 }),
      ...star('july', FLOOR, { on: '2024-07-31' }),
      ...star('september', FLOOR, { on: '2024-09-01' }),
      ...star('first', FLOOR, { on: '2024-08-01' }),
      merchant('merchant'),
      sales('2024-08-10', FLOOR, { by: 'merchant' }),
      creator('elsewhere', { platform: 'channels' }),
      sales('2024-08-10', FLOOR, { by: 'elsewhere' }),
    );
    expect(await ranked(world)).toEqual(['at', 'first']);
  });

  it('with equal sales go by views in valid sessions, then by smaller id', async () => {
    const nine = field.slice(0, 27);
    const invalid = session('2024-08-30', { by: 'd-2', views: 1_000_000, recorded: true });
    const tie = [...star('d-1', FLOOR, { views: 9 }), ...star('d-2', FLOOR, { views: 8 }), invalid];
    expect(await ranked(await august(...nine, ...tie))).toContain('d-1');
    const sums = [
      ...star('d-1', FLOOR, { views: 9 }),
      ...star('d-2', FLOOR, { views: 8 }),
      session('2024-08-01', { by: 'd-2', views: 2 }),
    ];
    expect(await ranked(await august(...nine, ...sums))).toContain('d-2');
    const equal = [...star('d-2', FLOOR, { views: 9 }), ...star('d-10', FLOOR, { views: 9 })];
    const world = await august(...nine, ...equal);
    expect(await ranked(world)).toContain('d-10');
    expect(await ranked(world)).not.toContain('d-2');
  });

  it('that would be refused are not ranked, and the eleventh moves up', async () => {
    const eleventh = star('c-11', FLOOR);
    const paused = sanction('2024-08-01', '2024-08-01', { by: 'c-03' });
    expect(await ranked(await august(...field, ...eleventh, paused))).toEqual(
      [...ten, 'c-11'].filter((id) => id !== 'c-03'),
    );
    const closed = creator('c-05', { closedOn: '2024-08-31', revision: 2 });
    expect(await ranked(await august(...field, ...eleventh, closed))).toEqual(
      [...ten, 'c-11'].filter((id) => id !== 'c-05'),
    );
    const after = [
      sanction('2024-09-01', undefined, { by: 'c-03' }),
      creator('c-05', { closedOn: '2024-09-01', revision: 2 }),
    ];
    expect(await ranked(await august(...field, ...eleventh, ...after))).toEqual(ten);
  });

  it('are decided 3 days after the month, not on the second, with what is known then', async () => {
    const world = await place(...field);
    await monthEnd(world, '2024-08', 0);
    await monthEnd(world, '2024-08', 2);
    expect(await frozenNames(world)).toEqual([]);
    expect(await ranked(world)).toEqual([]);
    await arrive(world, '2024-09-03', ...star('a', FLOOR + 1_000));
    await monthEnd(world, '2024-08', 3);
    expect(await frozenNames(world)).toEqual(['top-creator/2024-08']);
    expect(await ranked(world)).toEqual(['a', ...ten.slice(0, 9)]);
  });

  it('stay once frozen: later sales, refunds and creators move nobody, and a corrected platform loses its own', async () => {
    const world = await august(...field);
    await arrive(
      world,
      '2024-09-10',
      ...star('a', FLOOR + 1_000),
      sales('2024-08-31', FLOOR, { by: 'c-01', refundedFen: FLOOR, revision: 2 }),
      creator('c-02', { platform: 'channels', revision: 2 }),
    );
    await world.daily('2024-09-10');
    await monthEnd(world, '2024-08', 15);
    expect(await ranked(world)).toEqual(ten.filter((id) => id !== 'c-02'));
    expect(await faultsOf(world)).toEqual([]);
  });

  it('lose the card to a sanction after the freeze, alone; nobody moves up, and it comes back when that is withdrawn', async () => {
    const world = await august(...field, ...star('c-11', FLOOR));
    await arrive(world, '2024-09-10', sanction('2024-08-15', '2024-08-15', { by: 'c-04' }));
    await world.daily('2024-09-10');
    expect(await ranked(world)).toEqual(ten.filter((id) => id !== 'c-04'));
    expect((await world.entries()).find(({ amount }) => amount < 0)).toMatchObject({
      participantId: 'c-04',
      n: 2,
      kind: 'adjustment',
      reason: 'sanctioned',
    });
    await monthEnd(world, '2024-08', 15);
    expect(await ranked(world)).toEqual(ten.filter((id) => id !== 'c-04'));
    await arrive(
      world,
      '2024-09-20',
      sanction('2024-08-15', '2024-08-15', { by: 'c-04', withdrawn: true, revision: 2 }),
    );
    await world.daily('2024-09-20');
    expect(await ranked(world)).toEqual(ten);
    expect(await faultsOf(world)).toEqual([]);
  });

  it('lose the card when they turn out to have closed in the month', async () => {
    const world = await august(...field);
    await arrive(world, '2024-09-10', creator('c-04', { closedOn: '2024-08-31', revision: 2 }));
    await world.daily('2024-09-10');
    expect(await ranked(world)).toEqual(ten.filter((id) => id !== 'c-04'));
  });

  it('are ranked from August on', async () => {
    const world = await place(...star('july', FLOOR, { on: '2024-07-31' }));
    await monthEnd(world, '2024-07', 3);
    await monthEnd(world, '2024-08', 3);
    expect(await amounts(world, 'top-creator')).toEqual({});
  });

  it('that belong to an owner are planned once, though a run ranks one month and takes back another', async () => {
    const own = (fact: Fact): Fact => (fact.type === 'participant' ? { ...fact, entityId: 'e-1' } : fact);
    const world = await august(...star('c-1', FLOOR).map(own), ...star('c-2', FLOOR).map(own));
    expect(await ranked(world)).toEqual(['c-1', 'c-2']);
    await arrive(
      world,
      '2024-10-02',
      sales('2024-09-20', FLOOR, { by: 'c-1' }),
      sanction('2024-08-15', '2024-08-15', { by: 'c-1' }),
    );
    await monthEnd(world, '2024-09', 3);
    expect(await amounts(world, 'top-creator')).toEqual({
      'c-1 top-creator/2024-09': 10_000_000,
      'c-2 top-creator/2024-08': 10_000_000,
    });
    expect(await faultsOf(world)).toEqual([]);
  });
});
