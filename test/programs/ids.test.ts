/** Ids are data: whatever the schema allows works, also the names that every object has (law 15). */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fact } from '../../shared/facts/schema.ts';
import { lookAt } from '../../shared/pipeline/look.ts';
import { whatIf } from '../../shared/pipeline/what-if.ts';
import { findProgram } from '../../shared/policy/catalogue.ts';
import type { Program } from '../../shared/policy/schema.ts';
import { compareCodeUnits } from '../../shared/values/canonical.ts';
import { attestation, CNY, merchant, sales, sanction, session } from '../support/facts.ts';
import { agency, arrive, creator, faultsOf, member, monthEnd, programOf } from '../support/programs.ts';
import { database, PROGRAM, type World } from '../support/world.ts';

const db = database();

/** All names on `Object.prototype` that an id may be. */
const NAMES = Object.getOwnPropertyNames(Object.prototype).filter((name) => /^[A-Za-z]/.test(name));

/** The roles of the season below, each of which gets such a name. */
const ROLES = ['a-1', 'a-2', 'c-1', 'e-1', 'm-1', 'm-6', 's-1'] as const;
type Role = (typeof ROLES)[number];
type Naming = (role: Role) => string;

const plainly: Naming = (role) => role;

/** August of two agencies, a creator, an owner of two shops and some merchants: something of every kind is earned. */
function season(id: Naming): Fact[] {
  const members = ['m-2', 'm-3', 'm-4', 'm-5'];
  const selling = (by: string, fen: number) => sales('2024-08-12', fen, { by, feesFen: 40_000 });
  return [
    agency(id('a-1')),
    agency(id('a-2')),
    creator(id('c-1')),
    selling(id('c-1'), 2_000_000 * CNY),
    member(id('m-1'), id('a-1')),
    ...members.map((by) => member(by, id('a-1'))),
    ...[id('m-1'), ...members].map((by) => session('2024-08-10', { by, id: id('s-1') })),
    selling(id('m-1'), 900_000 * CNY),
    selling('m-2', 20_000 * CNY),
    sanction('2024-08-20', undefined, { by: 'm-2', id: id('s-1') }),
    attestation({ by: 'm-2', id: id('s-1') }),
    merchant(id('m-6'), { entityId: id('e-1') }),
    merchant('m-7', { entityId: id('e-1'), memberships: [{ agencyId: id('a-2'), from: '2024-08-01' }] }),
    session('2024-08-03', { by: id('m-6'), at: '08:00', minutes: 150 }),
    session('2024-08-03', { by: 'm-7', at: '09:00' }),
    selling('m-7', 600_000 * CNY),
  ];
}

/** Runs the season, a refund and a month end that decides everything, and gives the ledger under the plain names. */
async function decided(id: Naming): Promise<{ rows: string[]; world: World }> {
  const world = await db.world();
  await arrive(world, '2024-08-13', ...season(id));
  await world.daily('2024-08-13');
  await arrive(
    world,
    '2024-08-14',
    sales('2024-08-12', 900_000 * CNY, { by: id('m-1'), refundedFen: 1, feesFen: 40_000, revision: 2 }),
  );
  await monthEnd(world, '2024-08', 0);
  await monthEnd(world, '2024-08', 15);
  const named = new Map(ROLES.map((role) => [id(role), role as string]));
  const rows = (await world.ledger()).map((row) => {
    const [participant = '', ...rest] = row.split(' ');
    return [named.get(participant) ?? participant, ...rest].join(' ');
  });
  return { rows: rows.sort(compareCodeUnits), world };
}

describe('14. ids that are names on Object.prototype', () => {
  it('14. are paid as any other id is, whatever they name, and a second run writes nothing', async () => {
    const plain = await decided(plainly);
    expect(plain.rows).toEqual(
      expect.arrayContaining([
        'a-1 treasure-host agency-pool/2024-08 fen 100000000',
        'a-1 treasure-host agency-growth/2024-08 exposure 25000',
        'c-1 treasure-host top-creator/2024-08 exposure 10000000',
        'm-1 treasure-host fee-cashback/2024-08 fen 24000',
        'm-6 treasure-host opening-sprint/2024-08-03 exposure 5000',
      ]),
    );
    const names = fc.shuffledSubarray(NAMES, { minLength: ROLES.length, maxLength: ROLES.length });
    await fc.assert(
      fc.asyncProperty(names, async (chosen) => {
        const id: Naming = (role) => chosen[ROLES.indexOf(role)] as string;
        const { rows, world } = await decided(id);
        expect(rows).toEqual(plain.rows);
        const before = (await world.entries()).length;
        await monthEnd(world, '2024-08', 15);
        expect(await world.entries()).toHaveLength(before);
        expect(await faultsOf(world)).toEqual([]);
      }),
      { numRuns: 4, examples: [[NAMES.slice(0, ROLES.length)]] },
    );
  });

  it('14. are explained and tried out as any other id is', async () => {
    const span = { horizon: '2024-07-01', asOf: '2024-09-15' };
    const program = findProgram(PROGRAM);
    const seen = async (id: Naming) => {
      const world = await db.world();
      await arrive(world, '2024-09-15', ...season(id));
      const outcomes = await Promise.all(
        (['a-1', 'a-2', 'c-1', 'm-1', 'm-6'] as const).map(async (role) => {
          const { evaluation } = await lookAt(world.services, program, id(role), span);
          return evaluation.decisions.map(
            ({ occasion, outcome, worth }) => `${occasion} ${outcome} ${worth}`,
          );
        }),
      );
      const { totals, participants } = await whatIf(world.services, program, {
        from: '2024-08-01',
        to: '2024-09-15',
      });
      return { outcomes, totals, paid: participants.get(id('a-1')) };
    };
    const named = await seen((role) => NAMES[ROLES.indexOf(role)] as string);
    expect(named).toEqual(await seen(plainly));
    expect(named.paid).toMatchObject({ exposure: 25_000 });
  });
});

/** A program whose version, incentives, rungs and pool, or limit, are all called the same. */
function program(name: string, node: 'pool' | 'limit'): Program {
  const who = { kinds: ['merchant' as const] };
  const pool = node === 'pool' ? name : 'reach';
  const reward = { unit: 'exposure' as const, pool };
  const rungs = [{ name, atFen: 1_000, amount: 700 }];
  const event = { from: '2024-08-01', to: '2024-08-31' };
  const made = programOf({
    program: name,
    pools: { [pool]: { unit: 'exposure', limit: 1_600 } },
    incentives: [
      {
        id: name,
        kind: 'event-ladder',
        who,
        reward: node === 'pool' ? reward : { ...reward, limit: 900 },
        ...event,
        rungs,
      },
      {
        id: `${name}-agencies`,
        kind: 'pooled-split',
        who: { kinds: ['agency'] },
        reward,
        firstMonth: '2024-08',
        amount: 300,
        ceilingBps: 10_000,
        minLiveMembers: 1,
        decidedAfterDays: 0,
      },
    ],
  });
  return { ...made, versions: made.versions.map((version) => ({ ...version, version: name })) };
}

describe('14. names of a policy that are names on Object.prototype', () => {
  it.each(['pool', 'limit'] as const)(
    '14. are limited, cut, taken back and verified as any other name of a %s is',
    async (node) => {
      const outcome = async (name: string) => {
        const world = await db.world({ catalogue: [program(name, node)] });
        const facts = ['m-1', 'm-2'].flatMap((by) => [
          member(by, 'a-1'),
          session('2024-08-10', { by }),
          sales('2024-08-10', 1_000, { by }),
        ]);
        await arrive(world, '2024-08-11', agency(), ...facts);
        const run = (date: string) =>
          world.at(date).run({ program: name, job: 'backfill', from: '2024-08-01', to: date });
        await run('2024-08-31');
        await arrive(
          world,
          '2024-09-01',
          sales('2024-08-10', 1_000, { by: 'm-1', refundedFen: 1, revision: 2 }),
        );
        const last = await run('2024-09-01');
        const summary = last.outcome === 'done' ? last.summary : undefined;
        const rows = [...(await world.ledger()), JSON.stringify(summary)];
        expect(await faultsOf(world, name)).toEqual([]);
        return rows.map((row) => row.replaceAll(name, 'NAME'));
      };
      const named = await outcome('constructor');
      expect(named).toEqual(await outcome('name'));
      expect(named.slice(0, 2)).toEqual([
        `a-1 NAME NAME-agencies/2024-08 exposure ${node === 'pool' ? 200 : 300}`,
        `m-2 NAME NAME exposure ${node === 'pool' ? 700 : 200}`,
      ]);
    },
  );
});
