/** Facts that come when what they belong to is sealed: it keeps its sum, and nobody has to find that out by himself. */
import { describe, expect, it } from 'vitest';
import { explainRows } from '../../functions/cli/explain.ts';
import { findProgram } from '../../shared/policy/catalogue.ts';
import { attestation, CNY, merchant, sales, sanction, session } from '../support/facts.ts';
import { agency, arrive, member, monthEnd } from '../support/programs.ts';
import { database, PROGRAM, type World } from '../support/world.ts';
import { CLEAN, recordOf, verified } from './operator.ts';

const db = database();
const SIZE = { shards: 1, buckets: 1 };
/** Days after a month's end when all that is paid for it is decided. */
const POOL_LAG = 15;
const SOLD = sales('2024-09-05', 60_000 * CNY);
const REFUNDED = { ...SOLD, refundedFen: 59_500 * CNY, revision: 2 };
const SEALED_RUNGS = ['growth-1', 'growth-2', 'growth-3', 'growth-4'].map((rung) => `w1/${rung}`);

/** A window of 10 August to 8 September that sold 60,000 on 5 September, decided as it came. */
async function sold(by = merchant()): Promise<World> {
  const world = await db.world(SIZE);
  await arrive(world, '2024-08-10', agency(), by, session('2024-08-10'));
  await world.daily('2024-08-10');
  await monthEnd(world, '2024-08');
  await arrive(world, '2024-09-05', SOLD);
  await world.daily('2024-09-05');
  await monthEnd(world, '2024-09');
  return world;
}

/** Explanations by occasion. */
async function explained(world: World, participantId = 'm-1'): Promise<Map<string, string>> {
  const program = findProgram(PROGRAM, world.services.catalogue);
  const rows = await explainRows(world, program, participantId);
  return new Map(rows.map(({ occasion, why }) => [String(occasion), String(why)]));
}

describe('10. a refund within the horizon of a sealed occasion', () => {
  it('is named by the run that meets it, by its record, by verify and by explain', async () => {
    const world = await sold();
    const before = await world.ledger();
    await arrive(world, '2024-11-20', REFUNDED);
    const done = await world.daily('2024-11-20');
    const named = [
      'cold-1',
      'growth-1',
      'growth-2',
      'growth-3',
      'growth-4',
      'perk-commercial',
      'perk-matchmaking',
    ];
    const tooLate = { count: named.length, first: named.map((rung) => `m-1 2024-09-05 w1/${rung}`) };
    expect(done).toMatchObject({ summary: { tooLate } });
    expect(await recordOf(world, done)).toMatchObject({ summary: { tooLate } });
    expect(await verified(world)).toMatchObject({ differences: [], names: { tooLate: tooLate.first } });
    const why = await explained(world);
    for (const occasion of SEALED_RUNGS) expect(why.get(occasion)).toContain('came too late');
    expect(why.get('w1/cold-1')).not.toContain('came too late');
    // What is not sealed is lowered as ever.
    expect(why.get('first-jump/50000')).not.toContain('came too late');
    const kept = (row: string) => row.includes(' w1/');
    expect((await world.ledger()).filter(kept)).toEqual(before.filter(kept));
    expect(await world.ledger()).not.toEqual(before);
  });

  it('is counted by a backfill that an operator asks for, and is named no more', async () => {
    const world = await sold();
    await arrive(world, '2024-11-20', REFUNDED);
    await world.daily('2024-11-20');
    await world.at('2024-11-21').backfill('2024-08-01', '2024-09-30');
    expect(await verified(world)).toMatchObject({ differences: [], tooLate: 0 });
    const why = await explained(world);
    for (const occasion of SEALED_RUNGS) expect(why.get(occasion)).not.toContain('came too late');
  });

  it('was counted, if a run met it before the occasion was sealed: it is never named', async () => {
    const world = await sold();
    await arrive(world, '2024-10-25', REFUNDED);
    expect(await world.daily('2024-10-25')).toMatchObject({ summary: { tooLate: { count: 0 } } });
    await arrive(world, '2024-11-20', sales('2024-11-20', 1 * CNY));
    expect(await world.daily('2024-11-20')).toMatchObject({ summary: { tooLate: { count: 0 } } });
    expect(await verified(world)).toMatchObject({ differences: [], tooLate: 0 });
  });

  it('and one that no run met in time is named, though it came in time', async () => {
    const world = await sold();
    await arrive(world, '2024-10-25', REFUNDED);
    expect(await world.daily('2024-11-20')).toMatchObject({
      summary: { tooLate: { first: expect.arrayContaining(['m-1 2024-09-05 w1/growth-4']) } },
    });
  });

  it('is named where what it belongs to is an agency’s', async () => {
    const world = await sold(member('m-1', 'a-1'));
    await arrive(world, '2024-11-20', session('2024-08-10', { revision: 2, withdrawn: true }));
    const { summary } = (await world.daily('2024-11-20')) as { summary: { tooLate: { first: string[] } } };
    expect(summary.tooLate.first).toContain('m-1 2024-08-10 a-1 agency-growth/2024-08');
  });

  it('and so is a sanction, and an attestation where it could have opened the window', async () => {
    const world = await sold();
    await arrive(
      world,
      '2024-11-20',
      sanction('2024-09-05', '2024-09-06', { scope: 'void' }),
      attestation({ verifiedOn: '2024-08-01', expiresOn: '2024-08-31' }),
    );
    const { summary } = (await world.daily('2024-11-20')) as { summary: { tooLate: { first: string[] } } };
    expect(summary.tooLate.first).toEqual(
      expect.arrayContaining(['m-1 2024-09-05 w1/growth-4', 'm-1 2024-08-01 w1/cold-1']),
    );
  });
});

describe('10. a profile that comes when runs read its facts no longer', () => {
  it('is named with the first day that waited for it, by runs, verify and explain', async () => {
    const world = await db.world(SIZE);
    await arrive(world, '2024-08-10', session('2024-08-10'));
    await world.daily('2024-08-10');
    await monthEnd(world, '2024-08', POOL_LAG);
    await arrive(world, '2025-01-10', merchant());
    const done = await world.daily('2025-01-10');
    const tooLate = { count: 1, first: ['m-1 2024-08-10'] };
    expect(done).toMatchObject({ summary: { entries: 0, tooLate } });
    expect(await recordOf(world, done)).toMatchObject({ summary: { tooLate } });
    expect(await verified(world)).toMatchObject({ ...CLEAN, tooLate: 1, names: { tooLate: tooLate.first } });
    expect((await explained(world)).get('w1/cold-1')).toContain('came too late');
  });

  it('is not named when it comes in time', async () => {
    const world = await db.world(SIZE);
    await arrive(world, '2024-08-10', session('2024-08-10'));
    await world.daily('2024-08-10');
    await arrive(world, '2024-11-01', merchant());
    expect(await world.daily('2024-11-01')).toMatchObject({ summary: { entries: 3, tooLate: { count: 0 } } });
    expect(await verified(world)).toMatchObject({ tooLate: 0 });
  });
});
