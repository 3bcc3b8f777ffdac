/** What explain says beside the ledger: as it stood on an earlier date, and what the next run takes back. */
import { describe, expect, it } from 'vitest';
import { explainRows } from '../../functions/cli/explain.ts';
import { findProgram } from '../../shared/policy/catalogue.ts';
import { CNY, merchant, sales, sanction, session } from '../support/facts.ts';
import { agencyWith, arrive, creator, monthEnd } from '../support/programs.ts';
import { database, PROGRAM, type World } from '../support/world.ts';

const db = database();

async function explained(world: World, id: string, occasion: string, asOf?: string) {
  const rows = await explainRows({ services: world.services }, findProgram(PROGRAM), id, asOf);
  return rows.find((row) => row.occasion === occasion);
}

describe('36. looking back', () => {
  it('36. what was granted later than the date is not had then, and within reach is pending', async () => {
    const world = await db.world();
    await arrive(world, '2024-09-01', merchant(), sales('2024-08-10', 30_000 * CNY));
    await world.at('2024-09-02').backfill('2024-07-01', '2024-08-31', { asOf: '2024-09-01' });
    expect(await explained(world, 'm-1', 'first-jump/10000', '2024-08-20')).toMatchObject({
      outcome: 'pending',
      has: 0,
      due: 0,
      why: 'On course for 10,000 exposures, decided as of 31 August 2024: 1 August 2024 to 31 August 2024 · net sales 30,000.00 CNY of 10,000.00 CNY.',
    });
    expect(await explained(world, 'm-1', 'first-jump/50000', '2024-08-20')).toMatchObject({
      outcome: 'pending',
      why: '20,000.00 CNY more by 31 August 2024 for 30,000 exposures (net sales 30,000.00 of 50,000.00 CNY).',
    });
    expect(await explained(world, 'm-1', 'first-jump/10000')).toMatchObject({
      outcome: 'earned',
      has: 10_000,
    });
  });

  it('36. what a run had written by then is had, whatever was taken back since', async () => {
    const world = await db.world();
    await arrive(world, '2024-08-03', merchant(), session('2024-08-03'), sales('2024-08-03', 1_000 * CNY));
    await world.daily('2024-08-03');
    await arrive(
      world,
      '2024-08-09',
      sales('2024-08-03', 1_000 * CNY, { refundedFen: 900 * CNY, revision: 2 }),
    );
    await world.daily('2024-08-09');
    const has = async (asOf: string) => (await explained(world, 'm-1', 'w1/growth-1', asOf))?.has;
    expect([await has('2024-08-03'), await has('2024-08-08'), await has('2024-08-09')]).toEqual([
      20_000, 20_000, 0,
    ]);
  });

  it('36. a frozen award is not shown before it was decided', async () => {
    const world = await db.world();
    await arrive(
      world,
      '2024-08-31',
      creator('c-1'),
      sales('2024-08-10', 1_000_000 * CNY, { by: 'c-1' }),
      ...agencyWith('a-1', { fen: 100_000 * CNY }),
    );
    await monthEnd(world, '2024-08', 3);
    await monthEnd(world, '2024-08', 15);
    const outcome = async (id: string, occasion: string, asOf: string) => {
      const { outcome, has } = (await explained(world, id, occasion, asOf)) ?? {};
      return `${outcome} ${has}`;
    };
    expect(await outcome('c-1', 'top-creator/2024-08', '2024-09-02')).toBe('pending 0');
    expect(await outcome('c-1', 'top-creator/2024-08', '2024-09-03')).toBe('earned 10000000');
    expect(await outcome('a-1', 'agency-pool/2024-08', '2024-09-14')).toBe('pending 0');
    expect(await outcome('a-1', 'agency-pool/2024-08', '2024-09-15')).toBe('earned 100000000');
  });
});

describe('36. what the next run takes back is told, with when and why', () => {
  it('36. by the daily run, of what daily runs decide', async () => {
    const world = await db.world();
    await arrive(world, '2024-08-03', merchant(), session('2024-08-03'), sales('2024-08-03', 1_000 * CNY));
    await world.daily('2024-08-20');
    const refund = sales('2024-08-03', 1_000 * CNY, { refundedFen: 900 * CNY, revision: 2 });
    await arrive(world, '2024-08-21', refund);
    expect(await explained(world, 'm-1', 'w1/growth-1')).toMatchObject({
      outcome: 'pending',
      has: 20_000,
      due: 0,
      why: '900.00 CNY more by 1 September 2024 for 20,000 exposures (net sales 100.00 of 1,000.00 CNY). The next daily run, as of 21 August 2024, takes back 20,000 exposures.',
    });
    await world.daily('2024-08-21');
    expect(await explained(world, 'm-1', 'w1/growth-1')).toMatchObject({
      has: 0,
      why: '900.00 CNY more by 1 September 2024 for 20,000 exposures (net sales 100.00 of 1,000.00 CNY).',
    });
  });

  it('36. by the month-end run, of what only runs that look at everyone decide', async () => {
    const world = await db.world();
    const august = sales('2024-08-10', 120_000 * CNY, { feesFen: 1_000 * CNY });
    await arrive(world, '2024-08-10', merchant(), august);
    await monthEnd(world, '2024-08', 15);
    expect(await explained(world, 'm-1', 'fee-cashback/2024-08')).toMatchObject({ has: 300 * CNY });
    await arrive(world, '2024-09-18', { ...august, refundedFen: 40_000 * CNY, revision: 2 });
    await world.daily('2024-09-18');
    expect(await explained(world, 'm-1', 'fee-cashback/2024-08')).toMatchObject({
      outcome: 'missed',
      has: 300 * CNY,
      due: 0,
      why: '20,000.00 CNY short of 30.00% back when it ended on 31 August 2024 (net sales 80,000.00 of 100,000.00 CNY). The next month-end run, as of 30 September 2024, takes back 300.00 CNY.',
    });
  });

  it('36. and where it waits for an operator, that one is asked', async () => {
    const world = await db.world();
    await arrive(world, '2024-08-31', ...agencyWith('a-1', { fen: 100_000 * CNY }));
    await monthEnd(world, '2024-08', 15);
    await arrive(world, '2024-09-16', sanction('2024-08-20', '2024-08-20', { by: 'a-1' }));
    const refused =
      '1,000,000.00 CNY refused: earned on a date, or for a month, under a sanction. Sanction x-2024-08-20: fake orders.';
    expect(await explained(world, 'a-1', 'agency-pool/2024-08')).toMatchObject({
      outcome: 'refused',
      has: 100_000_000,
      why: `${refused} The next daily run, as of 16 September 2024, asks an operator to take back 1,000,000.00 CNY.`,
    });
    await world.daily('2024-09-16');
    expect(await explained(world, 'a-1', 'agency-pool/2024-08')).toMatchObject({
      why: `${refused} Lowering it waits for an operator.`,
    });
  });
});
