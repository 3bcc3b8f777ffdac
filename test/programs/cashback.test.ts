/** Fee cashback at its edges: tiers, fees, floors, agencies, and when it is adjusted. */
import { describe, expect, it } from 'vitest';
import { rebateOf } from '../../shared/engine/incentives/rebate.ts';
import type { Fact } from '../../shared/facts/schema.ts';
import { addDays, lastDay } from '../../shared/values/calendar.ts';
import { CNY, merchant, sales, sanction } from '../support/facts.ts';
import { agency, amounts, arrive, creator, faultsOf, member, monthEnd, only } from '../support/programs.ts';
import { database, type World } from '../support/world.ts';

const db = database();

const place = (): Promise<World> => db.world({ catalogue: [only('fee-cashback')] });

/** A month as a month end decides it 15 days after, of these facts. */
async function decided(facts: readonly Fact[], month = '2024-08'): Promise<World> {
  const world = await place();
  await arrive(world, addDays(lastDay(month), 1), ...facts);
  await monthEnd(world, month, 15);
  return world;
}

/** The cashback of a month by participant. */
async function cashback(world: World, month = '2024-08'): Promise<Record<string, number>> {
  const rows = await amounts(world, `fee-cashback/${month}`);
  return Object.fromEntries(Object.entries(rows).map(([row, amount]) => [row.split(' ')[0]!, amount]));
}

/** A merchant that sold, and paid fees. */
function sold(
  by: string,
  fen: number,
  feesFen: number,
  more: Partial<Parameters<typeof sales>[2]> = {},
): Fact[] {
  return [merchant(by), sales('2024-08-10', fen, { by, feesFen, ...more })];
}

describe('fee cashback', () => {
  it('is by the highest tier reached, to the fen, of all fees of the month', async () => {
    const FEES = 10_000;
    const world = await decided([
      ...sold('below-bronze', 100_000 * CNY - 1, FEES),
      ...sold('bronze', 100_000 * CNY, FEES),
      ...sold('below-silver', 500_000 * CNY - 1, FEES),
      ...sold('silver', 500_000 * CNY, FEES),
      ...sold('below-gold', 1_000_000 * CNY - 1, FEES),
      ...sold('gold', 1_000_000 * CNY, FEES),
      ...sold('above-gold', 90_000_000 * CNY, FEES),
    ]);
    expect(await cashback(world)).toEqual({
      'above-gold': 10_000,
      'below-gold': 6_000,
      'below-silver': 3_000,
      bronze: 3_000,
      gold: 10_000,
      silver: 6_000,
    });
    expect(await faultsOf(world)).toEqual([]);
  });

  it('is rounded down to the fen, once a month', async () => {
    const day = (date: string, by: string, feesFen: number) => sales(date, 60_000 * CNY, { by, feesFen });
    const world = await decided([
      ...sold('a', 100_000 * CNY, 33),
      ...sold('b', 100_000 * CNY, 34),
      ...sold('c', 500_000 * CNY, 1),
      ...sold('d', 500_000 * CNY, 2),
      // 9 fen on each of two days: 30% of 18, not twice 30% of 9.
      merchant('e'),
      day('2024-08-01', 'e', 9),
      day('2024-08-31', 'e', 9),
      ...sold('f', 1_000_000 * CNY, 9_999_999),
      ...sold('g', 1_000_000 * CNY, 0),
    ]);
    expect(await cashback(world)).toEqual({ a: 9, b: 10, d: 1, e: 5, f: 9_999_999 });
  });

  it('counts net sales and fees of the month only, refunds and voided days left out', async () => {
    const half = { feesFen: 100 };
    const world = await decided([
      merchant('both'),
      sales('2024-08-01', 50_000 * CNY, { by: 'both', ...half }),
      sales('2024-08-31', 50_000 * CNY, { by: 'both', ...half }),
      merchant('july'),
      sales('2024-07-31', 50_000 * CNY, { by: 'july', ...half }),
      sales('2024-08-31', 50_000 * CNY, { by: 'july', ...half }),
      merchant('september'),
      sales('2024-08-31', 50_000 * CNY, { by: 'september', ...half }),
      sales('2024-09-01', 50_000 * CNY, { by: 'september', ...half }),
      ...sold('refunded', 100_000 * CNY, 100, { refundedFen: 1 }),
      creator('creator'),
      sales('2024-08-10', 100_000 * CNY, { by: 'creator', feesFen: 100 }),
      merchant('elsewhere', { platform: 'channels' }),
      sales('2024-08-10', 100_000 * CNY, { by: 'elsewhere', feesFen: 100 }),
    ]);
    expect(await cashback(world)).toEqual({ both: 60 });
  });

  it('is refused for a month with a sanctioned date, or in which the merchant closes', async () => {
    const world = await decided([
      ...sold('first', 100_000 * CNY, 100),
      sanction('2024-08-01', '2024-08-01', { by: 'first' }),
      ...sold('last', 100_000 * CNY, 100),
      sanction('2024-08-31', undefined, { by: 'last' }),
      merchant('closed', { closedOn: '2024-08-31' }),
      sales('2024-08-10', 100_000 * CNY, { by: 'closed', feesFen: 100 }),
      merchant('closed-after', { closedOn: '2024-09-01' }),
      sales('2024-08-10', 100_000 * CNY, { by: 'closed-after', feesFen: 100 }),
      ...sold('paused-after', 100_000 * CNY, 100),
      sanction('2024-09-01', undefined, { by: 'paused-after' }),
    ]);
    expect(await cashback(world)).toEqual({ 'closed-after': 30, 'paused-after': 30 });
    const refused = (await world.entries()).filter(({ kind }) => kind === 'refusal');
    expect(refused.map(({ participantId, reason }) => `${participantId} ${reason}`)).toEqual([
      'closed closed',
      'first sanctioned',
      'last sanctioned',
    ]);
  });

  it('3. of an agency, of any sort, is of its own fees, by what its members sold on their membership dates', async () => {
    const world = await decided([
      agency('a-1', { agencyKind: 'mcn', industryCluster: 'yiwu' }),
      sales('2024-08-20', 7_000 * CNY, { by: 'a-1', feesFen: 333 }),
      sales('2024-07-31', 7_000 * CNY, { by: 'a-1', feesFen: 10_000 }),
      member('m-1', 'a-1'),
      sales('2024-08-01', 40_000 * CNY, { by: 'm-1', feesFen: 400 }),
      merchant('m-2', {
        memberships: [
          { agencyId: 'a-1', from: '2024-08-01', to: '2024-08-15' },
          { agencyId: 'a-2', from: '2024-08-16' },
        ],
      }),
      sales('2024-08-15', 60_000 * CNY, { by: 'm-2', feesFen: 600 }),
      sales('2024-08-16', 99_999 * CNY, { by: 'm-2', feesFen: 5_000 }),
      // A fen short of a tier by its member's sales; its own do not count.
      agency('a-2'),
      sales('2024-08-20', 99_999 * CNY, { by: 'a-2', feesFen: 1_000 }),
      // Not known as an agency: nothing is paid.
      member('m-3', 'a-3'),
      sales('2024-08-15', 100_000 * CNY, { by: 'm-3', feesFen: 1_000 }),
    ]);
    // 30% of 333 fen, by the 100,000 CNY of its members: what they paid is given back to them, not to it too.
    expect(await cashback(world)).toEqual({ 'a-1': 99, 'm-2': 1_680, 'm-3': 300 });
    expect(await faultsOf(world)).toEqual([]);
  });

  it('3. case 16: an agency whose lines carry 5,000 fen of fees, and whose members sold 1,200,000 CNY, gets 5,000', async () => {
    const world = await decided([
      agency('a-1'),
      sales('2024-08-20', 10_000 * CNY, { by: 'a-1', feesFen: 5_000 }),
      member('m-1', 'a-1'),
      sales('2024-08-10', 1_200_000 * CNY, { by: 'm-1', feesFen: 6_000_000 }),
    ]);
    expect(await cashback(world)).toEqual({ 'a-1': 5_000, 'm-1': 6_000_000 });
  });

  it('3. of an agency without sales lines of its own is nothing, and its fees may come when the month is over', async () => {
    const world = await decided([
      agency('a-1'),
      member('m-1', 'a-1'),
      sales('2024-08-10', 200_000 * CNY, { by: 'm-1', feesFen: 1_000_000 }),
    ]);
    expect(await cashback(world)).toEqual({ 'm-1': 300_000 });
    await arrive(world, '2024-09-20', sales('2024-08-10', 10_000 * CNY, { by: 'a-1', feesFen: 10_000 }));
    await monthEnd(world, '2024-09');
    expect(await cashback(world)).toEqual({ 'a-1': 3_000, 'm-1': 300_000 });
    expect(await faultsOf(world)).toEqual([]);
  });

  it('is decided 15 days after the month, from August on', async () => {
    const world = await place();
    await arrive(
      world,
      '2024-08-31',
      merchant(),
      sales('2024-07-31', 100_000 * CNY, { feesFen: 100 }),
      sales('2024-08-10', 100_000 * CNY, { feesFen: 200 }),
    );
    await monthEnd(world, '2024-08', 14);
    expect(await cashback(world)).toEqual({});
    await monthEnd(world, '2024-08', 15);
    expect(await amounts(world, 'fee-cashback')).toEqual({ 'm-1 fee-cashback/2024-08': 60 });
  });

  it.each([
    ['2025-02', '2025-02-28', '2025-03-15'],
    ['2028-02', '2028-02-29', '2028-03-15'],
    ['2024-12', '2024-12-31', '2025-01-15'],
  ])('of %s counts its last day and is earned on it', async (month, last, asOf) => {
    const facts = [
      merchant(),
      sales(last, 100_000 * CNY, { feesFen: 100 }),
      sales(addDays(last, 1), 1, { feesFen: 1 }),
    ];
    const world = await decided(facts, month);
    expect(await world.entries()).toMatchObject([{ amount: 30, earnedOn: last }]);
    expect(addDays(last, 15)).toBe(asOf);
  });

  it('is adjusted by month ends as facts change, up and down, and left alone by daily runs', async () => {
    const world = await decided(sold('m-1', 100_000 * CNY, 1_000));
    const restate = (on: string, refundedFen: number, feesFen: number, revision: number) =>
      arrive(world, on, sales('2024-08-10', 100_000 * CNY, { refundedFen, feesFen, revision }));
    await restate('2024-09-20', 1, 999, 2);
    expect(await world.daily('2024-09-20')).toMatchObject({ summary: { evaluated: 1, entries: 0 } });
    expect(await cashback(world)).toEqual({ 'm-1': 300 });
    await monthEnd(world, '2024-09');
    expect(await cashback(world)).toEqual({});
    await restate('2024-10-02', 0, 1_100, 3);
    await world.daily('2024-10-02');
    expect(await cashback(world)).toEqual({});
    await monthEnd(world, '2024-09', 3);
    expect(await cashback(world)).toEqual({ 'm-1': 330 });
    expect((await world.entries()).map(({ n, amount, kind, reason }) => [n, amount, kind, reason])).toEqual([
      [1, 300, 'grant', 'earned'],
      [2, -300, 'adjustment', 'below-lowest-tier'],
      [3, 330, 'adjustment', 'earned'],
    ]);
    expect(await faultsOf(world)).toEqual([]);
  });

  it('of amounts near 2^53 is exact', () => {
    const MAX = Number.MAX_SAFE_INTEGER;
    const whole = { of: 'fees', by: 'whole', tiers: [{ name: 'all', fromFen: 0, bps: 3_333 }] } as const;
    expect(rebateOf({ ...whole, tiers: [...whole.tiers] }, MAX, MAX)).toBe(
      Number((BigInt(MAX) * 3_333n) / 10_000n),
    );
  });
});
