/** Owners' matrices: a cap on windows that many shops share, whichever of them is due. */
import { describe, expect, it } from 'vitest';
import type { Fact } from '../../shared/facts/schema.ts';
import { datesBetween } from '../../shared/values/calendar.ts';
import { CNY, merchant, sales, session } from '../support/facts.ts';
import { agency, amounts, arrive, faultsOf, monthEnd } from '../support/programs.ts';
import { database, type World } from '../support/world.ts';

const db = database();

const nameOf = (owner: string, number: number) => `${owner}.s-${String(number).padStart(2, '0')}`;

/** A shop of an owner that first goes live on a day of August at 20:00. */
function shop(owner: string, number: number, on: string): Fact[] {
  const by = nameOf(owner, number);
  return [merchant(by, { entityId: owner }), session(on, { by })];
}

/** Shops that open on consecutive days of August. */
function shops(owner: string, count: number, first = 1): Fact[] {
  return Array.from({ length: count }, (_, index) =>
    shop(owner, index + 1, `2024-08-${String(index + first).padStart(2, '0')}`),
  ).flat();
}

async function holders(world: World): Promise<string[]> {
  return Object.keys(await amounts(world, 'w1/cold-1')).map((row) => row.split(' ')[0]!);
}

const ten = (owner: string, from = 1) =>
  Array.from({ length: 10 }, (_, index) => nameOf(owner, index + from));

describe('the windows of one owner', () => {
  it('are ten, and the eleventh shop’s is refused with that reason, once', async () => {
    const world = await db.world();
    await arrive(world, '2024-08-20', ...shops('e-1', 11));
    await world.daily('2024-08-20');
    expect(await holders(world)).toEqual(ten('e-1'));
    const refused = (await world.entries()).filter(
      ({ participantId }) => participantId === nameOf('e-1', 11),
    );
    expect(refused.map(({ occasion, amount, reason }) => [occasion, amount, reason])).toEqual([
      ['w1/cold-1', 0, 'entity-window-cap'],
      ['w1/perk-commercial', 0, 'entity-window-cap'],
      ['w1/perk-matchmaking', 0, 'entity-window-cap'],
    ]);
    await arrive(world, '2024-08-21', session('2024-08-21', { by: nameOf('e-1', 1) }));
    await world.daily('2024-08-21');
    expect(
      (await world.entries()).filter(({ participantId }) => participantId === nameOf('e-1', 11)),
    ).toHaveLength(3);
  });

  it('that open on one day go by the first valid session’s start, then by the shop’s id', async () => {
    const world = await db.world();
    const facts = Array.from({ length: 12 }, (_, index) => {
      const by = nameOf('e-1', index + 1);
      // A session that is not valid does not make a shop the first.
      const early = session('2024-08-01', { by, at: '06:00', hasCart: false });
      const at = index === 0 ? '21:00' : '20:00';
      return [
        merchant(by, { entityId: 'e-1' }),
        ...(index === 11 ? [early] : []),
        session('2024-08-01', { by, at }),
      ];
    }).flat();
    await arrive(world, '2024-08-02', ...facts);
    await world.daily('2024-08-02');
    expect(await holders(world)).toEqual(ten('e-1', 2));
  });

  it('are decided for all shops when one of them is due', async () => {
    const world = await db.world({ shards: 3 });
    await arrive(world, '2024-08-20', ...shops('e-1', 11, 2));
    await world.daily('2024-08-20');
    expect(await holders(world)).toEqual(ten('e-1'));
    // One more shop, late, that was live before all others: the tenth is displaced, though nothing came of it.
    await arrive(world, '2024-08-21', ...shop('e-1', 12, '2024-08-01'));
    await world.daily('2024-08-21');
    expect(await holders(world)).toEqual([...ten('e-1').slice(0, 9), nameOf('e-1', 12)]);
    const displaced = (await world.entries()).filter(
      ({ participantId, occasion }) => participantId === nameOf('e-1', 10) && occasion === 'w1/cold-1',
    );
    expect(displaced).toMatchObject([
      { n: 1, amount: 20_000, reason: 'earned' },
      { n: 2, amount: -20_000, kind: 'adjustment', reason: 'entity-window-cap' },
    ]);
    expect(await faultsOf(world)).toEqual([]);
  });

  it('of a shop that changes its owner: one is displaced there, and one promoted here, in the same run', async () => {
    const world = await db.world({ shards: 3 });
    await arrive(world, '2024-08-20', ...shops('e-1', 11, 1), ...shops('e-2', 10, 2));
    await world.daily('2024-08-20');
    expect(await holders(world)).toEqual([...ten('e-1'), ...ten('e-2')]);

    const moving = nameOf('e-1', 1);
    await arrive(world, '2024-08-21', merchant(moving, { entityId: 'e-2', revision: 2 }));
    await world.daily('2024-08-21');
    expect(await holders(world)).toEqual([moving, ...ten('e-1', 2), ...ten('e-2').slice(0, 9)]);
    const written = (await world.entries()).filter(({ runId }) => runId.endsWith('2024-08-21'));
    expect(
      written
        .filter(({ occasion }) => occasion === 'w1/cold-1')
        .map(({ participantId, amount, reason }) => [participantId, amount, reason]),
    ).toEqual([
      [nameOf('e-1', 11), 20_000, 'earned'],
      [nameOf('e-2', 10), -20_000, 'entity-window-cap'],
    ]);
    expect(await faultsOf(world)).toEqual([]);
  });

  it('are free again when a shop leaves for itself, and when its window goes', async () => {
    const world = await db.world();
    await arrive(world, '2024-08-20', ...shops('e-1', 12));
    await world.daily('2024-08-20');
    await arrive(world, '2024-08-21', merchant(nameOf('e-1', 3), { revision: 2 }));
    await world.daily('2024-08-21');
    expect(await holders(world)).toEqual([...ten('e-1'), nameOf('e-1', 11)]);
    const gone = session('2024-08-04', { by: nameOf('e-1', 4), withdrawn: true, revision: 2 });
    await arrive(world, '2024-08-22', gone);
    await world.daily('2024-08-22');
    expect(await holders(world)).toEqual(
      Array.from({ length: 12 }, (_, index) => nameOf('e-1', index + 1)).filter(
        (id) => id !== nameOf('e-1', 4),
      ),
    );
    expect(await faultsOf(world)).toEqual([]);
  });

  it('count also when their facts lie before what a run reads', async () => {
    const world = await db.world();
    await arrive(world, '2024-08-20', ...shops('e-1', 10));
    await world.daily('2024-08-20');
    await arrive(world, '2025-01-20', ...shop('e-1', 11, '2025-01-20'));
    await world.daily('2025-01-20');
    expect(await holders(world)).toEqual(ten('e-1'));
    const refused = (await world.entries()).filter(
      ({ participantId }) => participantId === nameOf('e-1', 11),
    );
    expect(new Set(refused.map(({ reason }) => reason))).toEqual(new Set(['entity-window-cap']));
  });

  it('use the cap also when what they earn is refused', async () => {
    const world = await db.world();
    const pause: Fact = {
      type: 'sanction',
      id: 'x-1',
      participantId: nameOf('e-1', 1),
      from: '2024-08-01',
      to: '2024-08-01',
      reason: 'fake orders',
      scope: 'pause',
      revision: 1,
    };
    await arrive(world, '2024-08-20', ...shops('e-1', 11), pause);
    await world.daily('2024-08-20');
    expect(await holders(world)).toEqual(ten('e-1').slice(1));
  });

  it('of shops on another platform do not count', async () => {
    const world = await db.world();
    const elsewhere = merchant(nameOf('e-1', 1), { entityId: 'e-1', platform: 'channels', revision: 2 });
    await arrive(world, '2024-08-20', ...shops('e-1', 11), elsewhere);
    await world.daily('2024-08-20');
    expect(await holders(world)).toEqual(ten('e-1', 2));
  });

  it('refused by the cap earn nothing else, and nothing for an agency', async () => {
    const world = await db.world();
    const facts = shops('e-1', 11).map(
      (fact): Fact =>
        fact.type === 'participant'
          ? { ...fact, memberships: [{ agencyId: 'a-1', from: '2024-01-01' }] }
          : fact,
    );
    const last = nameOf('e-1', 11);
    await arrive(world, '2024-08-31', agency(), ...facts, sales('2024-08-12', 50_000 * CNY, { by: last }));
    await monthEnd(world, '2024-08');
    expect(await amounts(world, 'agency-growth')).toEqual({ 'a-1 agency-growth/2024-08': 50_000 });
    expect(Object.keys(await amounts(world, 'w1/growth'))).toEqual([]);
    expect(Object.keys(await amounts(world, 'first-jump')), 'other incentives are not capped').toHaveLength(
      2,
    );
  });

  it('come to the same by one backfill as by daily runs with one shop at a time', async () => {
    const [lived, filled] = [await db.world({ shards: 3 }), await db.world()];
    const facts = shops('e-1', 12);
    const order = [7, 2, 11, 0, 5, 9, 1, 10, 3, 8, 6, 4];
    for (const [index, date] of datesBetween('2024-08-12', '2024-08-23').entries()) {
      const at = order[index]!;
      await arrive(lived, date, ...facts.slice(2 * at, 2 * at + 2));
      await lived.daily(date);
    }
    await arrive(filled, '2024-08-23', ...facts);
    await filled.backfill('2024-07-24', '2024-08-23');
    expect(await lived.ledger()).toEqual(await filled.ledger());
    expect(await holders(lived)).toEqual(ten('e-1'));
  });
});
