/** A third program, as data only: windows of 14 days for creators, and a weekly milestone. */
import { describe, expect, it } from 'vitest';
import type { Fact } from '../../shared/facts/schema.ts';
import { CATALOGUE } from '../../shared/policy/catalogue.ts';
import { checkProgram } from '../../shared/policy/checks.ts';
import { readPools } from '../../shared/store/budget-item.ts';
import { readHeld } from '../../shared/store/held.ts';
import { addDays, datesBetween } from '../../shared/values/calendar.ts';
import { CNY, merchant, sales, session } from '../support/facts.ts';
import { amounts, arrive, creator, faultsOf, monthEnd } from '../support/programs.ts';
import { springVoices } from '../support/programs-third.ts';
import { database, type World } from '../support/world.ts';

const db = database();
const program = checkProgram(springVoices);
const NAME = program.program;
const place = () => db.world({ catalogue: [...CATALOGUE, program] });

function daily(world: World, date: string) {
  const fires = addDays(date, 1);
  world.at(fires, '04:30');
  return world.run({ program: NAME, job: 'daily', scheduledAt: `${fires}T04:30:00+08:00` });
}

const voice = (date: string, more: Parameters<typeof session>[1] = {}) =>
  session(date, { by: 'c-1', minutes: 20, ...more });

describe('a third program', () => {
  it('opens windows of 14 days after 14 silent days, two of them, with sessions of its own length', async () => {
    const world = await place();
    const facts: Fact[] = [
      creator('c-1'),
      voice('2025-03-03', { minutes: 19 }),
      voice('2025-03-04'),
      voice('2025-03-17'),
      // Outside of the first window, and within 14 days of the last broadcast day.
      voice('2025-03-31'),
      voice('2025-04-15'),
      voice('2025-05-20'),
      sales('2025-03-17', 1_000 * CNY, { by: 'c-1' }),
      merchant('m-1'),
      session('2025-03-04', { by: 'm-1' }),
    ];
    await arrive(world, '2025-05-21', ...facts);
    await daily(world, '2025-05-21');
    expect(await amounts(world, 'v')).toEqual({
      'c-1 v1/coach': 1,
      'c-1 v1/hello-1': 3_000,
      'c-1 v1/hello-2': 3_000,
      'c-1 v1/sold': 5_000,
      'c-1 v2/coach': 1,
      'c-1 v2/hello-1': 3_000,
    });
    expect((await world.entries()).find(({ occasion }) => occasion === 'v1/hello-1')).toMatchObject({
      evidence: { opensOn: '2025-03-04', closesOn: '2025-03-17' },
    });
    expect((await world.ledger()).every((row) => row.includes(` ${NAME} `))).toBe(true);
    expect(await faultsOf(world, NAME)).toEqual([]);
  });

  it('pays the first week, from Monday to Sunday, that reaches a rung, when it ends, once', async () => {
    const world = await place();
    const week = (monday: string, fen: number) =>
      datesBetween(monday, addDays(monday, 6)).map((date) => sales(date, fen, { by: 'c-1' }));
    // From Sunday 2 March on: before the first Monday nothing is looked at.
    await arrive(
      world,
      '2025-03-09',
      creator('c-1'),
      sales('2025-03-02', 100_000, { by: 'c-1' }),
      ...week('2025-03-03', 14_285),
    );
    await daily(world, '2025-03-09');
    expect(await amounts(world, 'good-week')).toEqual({});
    await arrive(world, '2025-03-14', ...week('2025-03-10', 200_000).slice(0, 5));
    await daily(world, '2025-03-14');
    expect(await amounts(world, 'good-week'), 'the week goes on').toEqual({});
    await arrive(world, '2025-03-16', ...week('2025-03-10', 200_000).slice(5));
    await daily(world, '2025-03-16');
    const earned = { 'c-1 good-week/w-1000': 1_000, 'c-1 good-week/w-10000': 20_000 };
    expect(await amounts(world, 'good-week')).toEqual(earned);
    expect((await world.entries()).find(({ occasion }) => occasion === 'good-week/w-1000')).toMatchObject({
      earnedOn: '2025-03-16',
      evidence: { from: '2025-03-10', to: '2025-03-16', netFen: 1_400_000 },
    });
    await arrive(world, '2025-03-23', ...week('2025-03-17', 500_000));
    await daily(world, '2025-03-23');
    expect(await amounts(world, 'good-week')).toEqual(earned);
    expect((await readPools(world.table, NAME)).map(({ pool, limit, left }) => [pool, limit - left])).toEqual(
      [
        ['good-week', 21_000],
        ['prize', 21_000],
        ['traffic', 0],
      ],
    );
  });

  it('holds what lowers its prizes, and earns nothing outside of its dates', async () => {
    const world = await place();
    await arrive(
      world,
      '2025-06-10',
      creator('c-1'),
      sales('2025-03-05', 100_000, { by: 'c-1' }),
      creator('c-2'),
      voice('2025-06-05', { by: 'c-2' }),
      sales('2025-06-05', 100_000, { by: 'c-2' }),
      creator('c-3'),
      voice('2025-02-28', { by: 'c-3' }),
      voice('2025-03-10', { by: 'c-3' }),
    );
    await monthEnd(world, '2025-05', 9, NAME);
    expect(await world.ledger()).toEqual([`c-1 ${NAME} good-week/w-1000 fen 1000`]);
    await arrive(
      world,
      '2025-06-11',
      sales('2025-03-05', 100_000, { by: 'c-1', refundedFen: 1, revision: 2 }),
    );
    await daily(world, '2025-06-11');
    expect(await readHeld(world.table, NAME)).toMatchObject([
      { state: 'waiting', change: { amount: -1_000 } },
    ]);
    expect(await faultsOf(world, NAME)).toEqual([]);
  });

  it('lived day by day comes to what one backfill of it comes to', async () => {
    const [lived, filled] = [await place(), await place()];
    const facts = ['c-1', 'c-2', 'c-3'].flatMap((by, index) => [
      creator(by, index === 2 ? {} : { entityId: 'e-1' }),
      ...datesBetween('2025-03-01', '2025-03-28')
        .filter((_date, day) => (day * (index + 3)) % 7 < 2)
        .flatMap((date, day) => [session(date, { by }), sales(date, 30_000 * (day + 1), { by })]),
    ]);
    const arrival = (fact: Fact, index: number) =>
      'date' in fact ? addDays(fact.date, index % 4) : '2025-03-28';
    for (const date of datesBetween('2025-03-01', '2025-03-31')) {
      const told = facts.filter((fact, index) => arrival(fact, index) === date);
      if (told.length > 0) await arrive(lived, date, ...told);
      if (told.length > 0 || date === '2025-03-31') await daily(lived, date);
    }
    await arrive(filled, '2025-03-31', ...facts.toReversed());
    filled.at('2025-04-01');
    await filled.run({ program: NAME, job: 'backfill', from: '2025-03-01', to: '2025-03-31' });
    expect(await lived.ledger()).toEqual(await filled.ledger());
    expect((await lived.ledger()).length).toBeGreaterThan(10);
  });
});
