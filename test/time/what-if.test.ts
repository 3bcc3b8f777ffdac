/** What a policy would have paid on the facts there are: figures that a person can add up, and nothing written. */
import { describe, expect, it } from 'vitest';
import { shiftsBetween, whatIf } from '../../shared/pipeline/what-if.ts';
import type { Incentive, Program } from '../../shared/policy/schema.ts';
import { CNY, merchant, sales, session } from '../support/facts.ts';
import { arrive, programOf } from '../support/programs.ts';
import { asText, database, PROGRAM, type World } from '../support/world.ts';

const db = database();
const AUGUST = { from: '2024-08-01', to: '2024-08-31' };
const [EACH, HALF] = [1_000, 500];

/** So many exposures for each day with a session of so many minutes, from a pool. */
function perDay({ amount = EACH, minMinutes = 30, limit = 1_000_000 } = {}): Program {
  const incentive: Incentive = {
    id: 'day',
    kind: 'campaign-day',
    who: { kinds: ['merchant'] },
    from: '2024-08-01',
    to: '2024-08-31',
    minMinutes,
    reward: { unit: 'exposure', pool: 'exposure' },
    amount,
  };
  return programOf({
    program: 'days',
    pools: { exposure: { unit: 'exposure', limit } },
    incentives: [incentive],
  });
}

/** Three merchants, live on 1, 2 and 3 days from 5 August on; the last for an hour, the others for 40 minutes. */
async function threeMerchants(catalogue = [perDay()]): Promise<World> {
  const world = await db.world({ shards: 2, catalogue });
  const days = ['2024-08-05', '2024-08-06', '2024-08-07'];
  const facts = [1, 2, 3].flatMap((live) => {
    const by = `m-${live}`;
    const sessions = days.slice(0, live).map((date) => session(date, { by, minutes: live === 3 ? 60 : 40 }));
    return [merchant(by), ...sessions];
  });
  await arrive(world, '2024-08-07', ...facts);
  return world;
}

const paidBy = async (world: World, program: Program) =>
  Object.fromEntries(
    [...(await whatIf(world.services, program, AUGUST)).participants].map(([id, { exposure }]) => [
      id,
      exposure,
    ]),
  );

describe('what if', () => {
  it('pays each by the rules that are asked about, whatever is in force', async () => {
    const world = await threeMerchants();
    expect(await paidBy(world, perDay())).toEqual({ 'm-1': 1_000, 'm-2': 2_000, 'm-3': 3_000 });
    expect(await paidBy(world, perDay({ amount: HALF }))).toEqual({ 'm-1': 500, 'm-2': 1_000, 'm-3': 1_500 });
    expect(await paidBy(world, perDay({ minMinutes: 60 }))).toEqual({ 'm-3': 3_000 });
  });

  it('and of two policies, says to whom it would make a difference, the largest first', async () => {
    const world = await threeMerchants();
    const now = await whatIf(world.services, perDay(), AUGUST);
    const longer = await whatIf(world.services, perDay({ amount: 2_000, minMinutes: 60 }), AUGUST);
    expect(shiftsBetween(now, longer)).toEqual([
      { participantId: 'm-3', unit: 'exposure', a: 3_000, b: 6_000 },
      { participantId: 'm-2', unit: 'exposure', a: 2_000, b: 0 },
      { participantId: 'm-1', unit: 'exposure', a: 1_000, b: 0 },
    ]);
    expect(shiftsBetween(now, now)).toEqual([]);
    expect([now, longer].map(({ totals }) => totals.incentives)).toEqual([
      { 'day exposure': { entries: 6, amount: 6_000 } },
      { 'day exposure': { entries: 3, amount: 6_000 } },
    ]);
  });

  it('a pool that would have run short says so with the date: the queue is by day, then by participant', async () => {
    const world = await threeMerchants();
    // The 5th takes 3,000; the 6th wants 2,000, and 500 are left for it.
    const { exhaustedOn, totals, participants } = await whatIf(
      world.services,
      perDay({ limit: 3_500 }),
      AUGUST,
    );
    expect(exhaustedOn).toEqual({ exposure: '2024-08-06' });
    expect(Object.fromEntries(participants)).toEqual({
      'm-1': { exposure: 1_000 },
      'm-2': { exposure: 1_500 },
      'm-3': { exposure: 1_000 },
    });
    expect(totals).toMatchObject({ raised: { exposure: 3_500 }, short: { exposure: 2_500 } });
    expect((await whatIf(world.services, perDay({ limit: 6_000 }), AUGUST)).exhaustedOn).toEqual({});
  });

  it('counts as if nothing had been granted, and as of the end of the range', async () => {
    const world = await threeMerchants();
    await world.run({ program: 'days', job: 'daily', to: '2024-08-07' });
    expect(await world.entries()).toHaveLength(6);
    expect(await paidBy(world, perDay())).toEqual({ 'm-1': 1_000, 'm-2': 2_000, 'm-3': 3_000 });
    const { participants } = await whatIf(world.services, perDay(), { from: '2024-08-01', to: '2024-08-06' });
    expect(Object.fromEntries(participants)).toMatchObject({ 'm-3': { exposure: 2_000 } });
  });

  it('writes nothing', async () => {
    const world = await threeMerchants();
    const before = asText(await world.scan());
    await whatIf(world.services, perDay({ limit: 3_500 }), AUGUST);
    expect(asText(await world.scan())).toBe(before);
  });

  it('for the program that there is, comes to what a backfill writes', async () => {
    const world = await db.world({ shards: 2 });
    await arrive(world, '2024-08-05', merchant(), session('2024-08-05'), sales('2024-08-05', 60_000 * CNY));
    const [program] = world.services.catalogue;
    if (program?.program !== PROGRAM) throw new Error('another program comes first');
    const { totals } = await whatIf(world.services, program, AUGUST);
    const done = await world.at('2024-08-31', '23:00').backfill(AUGUST.from, AUGUST.to);
    expect(done).toMatchObject({ summary: { incentives: totals.incentives, raised: totals.raised } });
    expect(totals.entries).toBe(9);
  });
});
