/** The amounts of `treasure-host`, as its specification has them: a change of one is a new version, not an edit. */
import { expect, it } from 'vitest';
import { findProgram } from '../../shared/policy/catalogue.ts';
import type { Incentive, IncentiveOf } from '../../shared/policy/schema.ts';

const program = findProgram('treasure-host');
const [version] = program.versions;
const CNY = 100;

function only<K extends Incentive['kind']>(kind: K, id: string): IncentiveOf<K> {
  const found = version?.incentives.find((one): one is IncentiveOf<K> => one.kind === kind && one.id === id);
  if (found === undefined) throw new Error(`no ${kind} ${id}`);
  return found;
}

it('starts on 24 July 2024, for xiaohongshu, with 100,000,000,000 exposures', () => {
  expect(program).toMatchObject({ platform: 'xiaohongshu', pools: { exposure: { limit: 100_000_000_000 } } });
  expect(version).toMatchObject({ from: '2024-07-24', validSession: { minMinutes: 30 } });
});

it('new hosts: 30 days of silence, 60,000 of cold start, 200,000 of growth, two perks', () => {
  const { opens, lengthDays, maxWindows, sessions, sales, perks } = only('window-ladder', 'new-host');
  expect({ opens, lengthDays, maxWindows }).toEqual({
    opens: { silenceDays: 30, attestation: { minGmvFen: 1_000_000 * CNY } },
    lengthDays: 30,
    maxWindows: 1,
  });
  expect(sessions.count * sessions.amount).toBe(60_000);
  expect(sales.rungs.map(({ atFen, amount }) => [atFen / CNY, amount])).toEqual([
    [1_000, 20_000],
    [5_000, 40_000],
    [20_000, 60_000],
    [50_000, 80_000],
  ]);
  expect(perks.map(({ name }) => name)).toEqual(['perk-commercial', 'perk-matchmaking']);
});

it('first jumps: 10,000 / 50,000 / 100,000 / 500,000 CNY', () => {
  const { rungs } = only('milestone', 'first-jump');
  expect(rungs.map(({ name, atFen, amount }) => [name, atFen / CNY, amount])).toEqual([
    ['10000', 10_000, 10_000],
    ['50000', 50_000, 30_000],
    ['100000', 100_000, 60_000],
    ['500000', 500_000, 200_000],
  ]);
});

it('steady hosts: 12 broadcast days, from August 2024', () => {
  expect(only('monthly', 'steady')).toMatchObject({
    firstMonth: '2024-08',
    minBroadcastDays: 12,
    minBroadcastDaysMonthBefore: 1,
    amount: 30_000,
  });
});

it('the opening sprint: 120 minutes a day, 1 to 7 August 2024', () => {
  expect(only('campaign-day', 'opening-sprint')).toMatchObject({
    from: '2024-08-01',
    to: '2024-08-07',
    minMinutes: 120,
    amount: 5_000,
  });
});
