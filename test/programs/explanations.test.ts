/** Explanations: what was read, what it gives, why not, and how far the next step is, in words and as codes. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { explainRows } from '../../functions/cli/explain.ts';
import { REASONS } from '../../shared/engine/reasons.ts';
import type { Fact } from '../../shared/facts/schema.ts';
import { findProgram } from '../../shared/policy/catalogue.ts';
import { datesBetween } from '../../shared/values/calendar.ts';
import { CNY, merchant, sales, sanction, session } from '../support/facts.ts';
import { agency, agencyWith, arrive, creator, monthEnd } from '../support/programs.ts';
import { database, PROGRAM, type World } from '../support/world.ts';

const db = database();

type Row = Readonly<Record<string, unknown>>;
let world: World;

/** August on its 20th: windows and months are under way. */
const FACTS: Fact[] = [
  merchant('m-1'),
  session('2024-08-03', { by: 'm-1' }),
  sales('2024-08-10', 4_785_950, { by: 'm-1' }),
  merchant('m-2', { bestMonthFen: 6_000_000 }),
  session('2024-07-20', { by: 'm-2' }),
  ...datesBetween('2024-08-01', '2024-08-11').map((date) => session(date, { by: 'm-2', minutes: 120 })),
  sales('2024-08-10', 120_000 * CNY, { by: 'm-2', feesFen: 55_555 }),
  sanction('2024-08-01', '2024-08-02', { by: 'm-2' }),
  merchant('m-3', { closedOn: '2024-08-05' }),
  session('2024-08-06', { by: 'm-3' }),
  merchant('m-4'),
  ...Array.from({ length: 11 }, (_, index) => [
    merchant(`s-${index + 10}`, { entityId: 'e-1' }),
    session(`2024-08-${index + 10}`, { by: `s-${index + 10}` }),
  ]).flat(),
  ...agencyWith('a-1', { fen: 100_000 * CNY, feesFen: 1_000 }),
  ...agencyWith('a-2', { live: 2 }),
  agency('a-3'),
  ...agencyWith('a-4'),
  creator('c-1'),
  sales('2024-08-10', 1_000_000 * CNY, { by: 'c-1' }),
  creator('c-2'),
  sales('2024-08-10', 990_000 * CNY, { by: 'c-2' }),
  merchant('ch', { platform: 'channels' }),
  ...datesBetween('2024-06-16', '2024-06-20').map((date) => session(date, { by: 'ch' })),
  sales('2024-06-20', 15_000 * CNY, { by: 'ch' }),
];

async function explained(id: string, asOf: string, program = PROGRAM): Promise<Map<unknown, Row>> {
  const rows = await explainRows({ services: world.services }, findProgram(program), id, asOf);
  return new Map(rows.map((row) => [row.occasion, row]));
}

beforeAll(async () => {
  world = await db.world();
  await arrive(world, '2024-08-20', ...FACTS);
  await world.daily('2024-08-20');
});

describe('an explanation', () => {
  it.each<[string, string, string, string]>([
    [
      'm-1',
      '2024-08-20',
      'w1/cold-1',
      'Window 3 August 2024 to 1 September 2024 · session s-2024-08-03-2000.',
    ],
    [
      'm-1',
      '2024-08-20',
      'w1/cold-2',
      '1 valid session more by 1 September 2024 for 20,000 exposures (1 so far).',
    ],
    [
      'm-1',
      '2024-08-20',
      'w1/growth-4',
      '2,140.50 CNY more by 1 September 2024 for 80,000 exposures (net sales 47,859.50 of 50,000.00 CNY).',
    ],
    [
      'm-1',
      '2024-08-20',
      'first-jump/50000',
      '2,140.50 CNY more by 31 August 2024 for 30,000 exposures (net sales 47,859.50 of 50,000.00 CNY).',
    ],
    [
      'm-1',
      '2024-08-20',
      'first-jump/10000',
      'On course for 10,000 exposures, decided as of 31 August 2024: 1 August 2024 to 31 August 2024 · net sales 47,859.50 CNY of 10,000.00 CNY.',
    ],
    [
      'm-1',
      '2024-08-20',
      'opening-sprint/2024-08-03',
      'The day’s valid sessions are too short in all. Minutes 45 · need minutes 120.',
    ],
    [
      'm-1',
      '2024-09-02',
      'w1/growth-4',
      '2,140.50 CNY short of 80,000 exposures when it ended on 1 September 2024 (net sales 47,859.50 of 50,000.00 CNY).',
    ],
    [
      'm-2',
      '2024-08-20',
      'steady/2024-08',
      'Nothing to be reached: earned on a date, or for a month, under a sanction. Sanction x-2024-08-01: fake orders.',
    ],
    [
      'm-2',
      '2024-08-20',
      'first-jump/50000',
      'The best month before onboarding had already reached the rung. Needed 50,000.00 CNY · best month 60,000.00 CNY.',
    ],
    [
      'm-2',
      '2024-08-20',
      'opening-sprint/2024-08-01',
      '5,000 exposures refused: earned on a date, or for a month, under a sanction. Sanction x-2024-08-01: fake orders.',
    ],
    [
      'm-2',
      '2024-08-20',
      'fee-cashback/2024-08',
      '166.66 CNY will be refused, decided as of 15 September 2024: earned on a date, or for a month, under a sanction. Sanction x-2024-08-01: fake orders.',
    ],
    [
      'm-3',
      '2024-08-20',
      'w1/cold-1',
      '20,000 exposures refused: earned on or after the day the participant closed. Closed on 5 August 2024.',
    ],
    ['m-4', '2024-08-20', 'w1', 'There is no broadcast day since the program started. Since 24 July 2024.'],
    [
      's-20',
      '2024-08-20',
      'w1/cold-1',
      '20,000 exposures refused: the owner’s shops had opened as many windows as they may. Owner e-1, at most 10 windows.',
    ],
    [
      's-20',
      '2024-08-20',
      'w1/growth-1',
      'Nothing to be reached: the owner’s shops had opened as many windows as they may. Owner e-1, at most 10 windows.',
    ],
    [
      'm-1',
      '2024-08-20',
      'fee-cashback/2024-08',
      '52,140.50 CNY more by 31 August 2024 for 30.00% back (net sales 47,859.50 of 100,000.00 CNY).',
    ],
    [
      'm-1',
      '2024-09-15',
      'fee-cashback/2024-08',
      '52,140.50 CNY short of 30.00% back when it ended on 31 August 2024 (net sales 47,859.50 of 100,000.00 CNY).',
    ],
    [
      'a-1',
      '2024-08-20',
      'agency-growth/2024-08',
      'On course for 25,000 exposures, decided as of 31 August 2024: windows 5 · each 5,000.',
    ],
    [
      'a-1',
      '2024-08-20',
      'agency-pool/2024-08',
      'Under way, decided as of 15 September 2024: pool 5,000,000.00 CNY · growth 100,000.00 CNY · live members 5 · need live members 5.',
    ],
    [
      'c-1',
      '2024-08-20',
      'top-creator/2024-08',
      'On course for 10,000,000 exposures, decided as of 3 September 2024: net sales 1,000,000.00 CNY of 1,000,000.00 CNY · views 0 · places 10 · by 31 August 2024.',
    ],
    [
      'c-2',
      '2024-08-20',
      'top-creator/2024-08',
      '10,000.00 CNY more by 31 August 2024 for 10,000,000 exposures (net sales 990,000.00 of 1,000,000.00 CNY).',
    ],
  ])('of %s on %s for %s', async (id, asOf, occasion, why) => {
    expect((await explained(id, asOf)).get(occasion)?.why).toBe(why);
  });

  it('of the 618 event tells distances to its end, and what came too late to use', async () => {
    const open = await explained('ch', '2024-06-19', 'channels-618');
    expect(open.get('growth-card-1')?.why).toBe(
      '10,000.00 CNY more by 20 June 2024 for 100.00 CNY (net sales 0.00 of 10,000.00 CNY).',
    );
    expect(open.get('fee-rate')?.why).toBe('1 broadcast day more by 19 June 2024 for 1.00% (4 of 5).');
    const ended = await explained('ch', '2024-06-25', 'channels-618');
    expect(ended.get('growth-card-1')).toMatchObject({
      outcome: 'earned',
      on: '2024-06-20',
      why: 'Net sales 15,000.00 CNY of 10,000.00 CNY.',
    });
    expect(ended.get('growth-card-2')?.why).toBe(
      '85,000.00 CNY short of 900.00 CNY when it ended on 20 June 2024 (net sales 15,000.00 of 100,000.00 CNY).',
    );
    expect(ended.get('fee-rate')).toMatchObject({
      outcome: 'missed',
      reason: 'last-day-of-event',
      why: 'Earned on the event’s last day, when nothing is left to use it. Broadcast on 20 June 2024.',
    });
  });

  it('as JSON has stable codes, the values read, the policy, and what is had and due', async () => {
    const rows = await explained('m-1', '2024-08-20');
    expect(JSON.parse(JSON.stringify(rows.get('w1/growth-1')))).toEqual({
      program: 'treasure-host',
      incentive: 'new-host',
      occasion: 'w1/growth-1',
      outcome: 'earned',
      has: 20_000,
      due: 20_000,
      worth: 20_000,
      unit: 'exposure',
      on: '2024-08-10',
      why: 'Window 3 August 2024 to 1 September 2024 · net sales 47,859.50 CNY of 1,000.00 CNY.',
      reason: 'earned',
      evidence: { opensOn: '2024-08-03', closesOn: '2024-09-01', netFen: 4_785_950, needFen: 100_000 },
      policy: expect.stringMatching(/^2024-07-24@[0-9a-f]{12}$/),
    });
    for (const id of ['m-1', 'm-2', 'm-3', 's-20', 'a-1', 'a-2', 'a-3', 'a-4', 'c-1', 'c-2']) {
      for (const row of (await explained(id, '2024-08-20')).values()) {
        expect(Object.keys(REASONS)).toContain(row.reason);
        expect(String(row.why)).toMatch(/^[A-Z0-9].*\.$/);
        expect(String(row.why)).not.toMatch(/undefined|NaN/);
      }
    }
  });

  it('after the month is decided tells who took part, who did not, and why', async () => {
    const later = await db.world();
    world = later;
    const many = Array.from({ length: 10 }, (_, index) => [
      creator(`k-${index}`),
      sales('2024-08-10', 2_000_000 * CNY, { by: `k-${index}` }),
    ]).flat();
    await arrive(later, '2024-08-31', ...FACTS, ...many);
    await monthEnd(later, '2024-08', 3);
    await monthEnd(later, '2024-08', 15);
    const on = '2024-09-15';
    const reasonOf = async (id: string, occasion: string) => (await explained(id, on)).get(occasion);
    expect(await reasonOf('a-1', 'agency-pool/2024-08')).toMatchObject({
      outcome: 'earned',
      has: 100_000_000,
      why: 'Pool 5,000,000.00 CNY · growth 100,000.00 CNY · live members 5 · need live members 5.',
    });
    expect(await reasonOf('a-2', 'agency-pool/2024-08')).toMatchObject({
      outcome: 'missed',
      reason: 'too-few-live-members',
    });
    expect(await reasonOf('a-4', 'agency-pool/2024-08')).toMatchObject({
      outcome: 'missed',
      reason: 'no-growth',
    });
    expect(await reasonOf('a-1', 'fee-cashback/2024-08')).toMatchObject({
      why: 'Net sales 100,000.00 CNY · fees 10.00 CNY · tier bronze · percent 30.00%.',
    });
    expect(await reasonOf('c-1', 'top-creator/2024-08')).toMatchObject({
      outcome: 'missed',
      reason: 'not-ranked',
    });
    expect(await reasonOf('c-2', 'top-creator/2024-08')).toMatchObject({
      outcome: 'missed',
      reason: 'below-floor',
      why: '10,000.00 CNY short of 10,000,000 exposures when it ended on 31 August 2024 (net sales 990,000.00 of 1,000,000.00 CNY).',
    });
    expect(await reasonOf('m-2', 'fee-cashback/2024-08')).toMatchObject({
      outcome: 'refused',
      reason: 'sanctioned',
      has: 0,
    });
  });
});

describe('every reason code', () => {
  it('is given somewhere in the engine', () => {
    const engine = fileURLToPath(new URL('../../shared', import.meta.url));
    const code = readdirSync(engine, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('reasons.ts'))
      .map((name) => readFileSync(`${engine}/${name}`, 'utf8'))
      .join('\n');
    expect(Object.keys(REASONS).filter((reason) => !code.includes(`'${reason}'`))).toEqual([]);
  });
});
