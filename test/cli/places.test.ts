/** Which commands make a database, which say that there is none, and whose directory the demo empties. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { openDemo } from '../../functions/cli/demo-directory.ts';
import { openLocal } from '../../functions/cli/target.ts';
import { ingest } from '../../shared/pipeline/ingest.ts';
import { NO_BUDGET, readBudget } from '../../shared/store/budget-item.ts';
import { lines, merchant } from '../support/facts.ts';
import { here } from './here.ts';

const root = mkdtempSync(join(tmpdir(), 'hongbao-places-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let places = 0;
let directory = '';
beforeEach(() => {
  directory = join(root, `place-${++places}`);
});

describe('44. a command that only reads', () => {
  const file = join(root, 'facts.ndjson');
  writeFileSync(file, lines([merchant()]).join('\n'));
  const range = '--from 2024-08-01 --to 2024-08-02';

  it.each([
    'grants',
    'ledger',
    'explain m-1',
    'budget',
    'budget list',
    'corrections',
    'corrections approve treasure-host:m-1:w1/cold-1 --reason checked',
    'quarantine',
    'quarantine retry',
    'runs',
    'runs show treasure-host.daily.2024-08-01',
    'verify',
    `policy diff treasure-host treasure-host ${range}`,
    `plan ${range}`,
    'apply 0123456789abcdef0123456789abcdef',
    `backfill ${range} --dry-run`,
    'run daily --date 2024-08-01 --dry-run',
    'run month-end --month 2024-08 --dry-run',
    'budget set exposure 5万 --reason more --dry-run',
  ])(
    '44. hongbao %s, where there is no database: says so and how one is made, and makes none',
    async (command) => {
      const said =
        /^--local: got .*place-\d+, where there is no database; allowed: .*\(import, .* makes it\)$/;
      const args = [...command.split(' '), '--local', directory];
      await expect(here(...args)).rejects.toThrow(said);
      expect(existsSync(directory)).toBe(false);
      mkdirSync(directory);
      await expect(here(...args)).rejects.toThrow(said);
      expect(readdirSync(directory)).toEqual([]);
    },
  );

  it.each([
    ['import', file],
    ['backfill', ...range.split(' ')],
    ['run', 'daily', '--date', '2024-08-01'],
    ['budget', 'set', 'exposure', '20亿', '--reason', 'less'],
  ])('44. hongbao %s makes one, and then they read it', async (...command) => {
    await here(...command, '--local', directory);
    expect(await here('grants', '--local', directory)).toBe('nothing to show\n');
  });
});

describe('43. the demo', () => {
  it('43. is refused in a directory that is in use, and leaves it as it is', async () => {
    const first = await openDemo(directory);
    try {
      await ingest(first.services, lines([merchant()]), '2024-08-01');
      const files = readdirSync(directory);
      await expect(openDemo(directory)).rejects.toThrow(
        /^--local: got .*place-\d+, which does not open: another hongbao has it open/,
      );
      await expect(here('demo', '--quiet', '--local', directory)).rejects.toThrow(
        /another hongbao has it open/,
      );
      expect(readdirSync(directory)).toEqual(expect.arrayContaining(files));
      await ingest(first.services, lines([merchant('m-2')]), '2024-08-01');
    } finally {
      await first.close();
    }
  });

  it('43. empties what a demo made', async () => {
    const first = await openDemo(directory);
    await ingest(first.services, ['no fact'], '2024-08-01');
    await first.close();
    expect(await here('quarantine', '--local', directory)).toMatch(/no fact/);
    await (await openDemo(directory)).close();
    expect(await here('quarantine', '--local', directory)).toBe('nothing to show\n');
  });

  it('43. leaves a directory that is not its own', async () => {
    mkdirSync(directory);
    writeFileSync(join(directory, 'thesis.txt'), 'years of work');
    const refused = /^--local: got .*, which holds something else than a demo; allowed: /;
    await expect(here('demo', '--quiet', '--local', directory)).rejects.toThrow(refused);
    expect(readdirSync(directory)).toEqual(['thesis.txt']);
    expect(readFileSync(join(directory, 'thesis.txt'), 'utf8')).toBe('years of work');
    await expect(openDemo(join(directory, 'thesis.txt'))).rejects.toThrow(refused);

    const database = join(directory, 'database');
    await here('budget', 'set', 'exposure', '20亿', '--reason', 'less', '--local', database);
    await expect(openDemo(database)).rejects.toThrow(refused);
    expect(await here('budget', '--local', database)).toMatch(/2,000,000,000/);
  });
});

describe('42. budget set', () => {
  const set = (...args: string[]) => here('budget', 'set', ...args, '--reason', 'Q4', '--local', directory);
  const limits = async () => {
    const rows = JSON.parse(await here('budget', '--format', 'json', '--local', directory));
    return Object.fromEntries(rows.map(({ name, limit }: { name: string; limit: number }) => [name, limit]));
  };

  it('42. shows before and after in the words of the unit, with the change in percent', async () => {
    expect(await set('cash', '4000万元')).toMatch(
      /^treasure-host cash: limit 30,000,000\.00 CNY is now 40,000,000\.00 CNY \(\+33\.33%\)\n/,
    );
    expect(await set('exposure', '500000 exposures')).toBe(
      'treasure-host exposure: limit 100,000,000,000 exposures is now 500,000 exposures (-100.00%)\n',
    );
    expect(await limits()).toMatchObject({ cash: 4_000_000_000, exposure: 500_000 });
    expect(JSON.parse(await set('cash', '30,000,000 CNY', '--format', 'ndjson'))).toEqual({
      program: 'treasure-host',
      name: 'cash',
      unit: 'fen',
      before: 4_000_000_000,
      after: 3_000_000_000,
      percent: '-25.00%',
      dryRun: false,
    });
  });

  it('42. dry, shows what would change, and writes nothing', async () => {
    const made = await openDemo(join(directory, 'demo'));
    expect(await readBudget(made.services.table, 'channels-618')).toBe(NO_BUDGET);
    await made.close();
    const dry = ['--dry-run', '--local', join(directory, 'demo')];
    expect(await here('budget', 'set', 'card', '1,000 CNY', '--reason', 'less', ...dry)).toBe(
      'channels-618 card: limit 20,000,000.00 CNY would become 1,000.00 CNY (-100.00%)\n',
    );
    const after = await openLocal(join(directory, 'demo'));
    expect(await readBudget(after.services.table, 'channels-618')).toBe(NO_BUDGET);
    await after.close();
  });

  it.each([
    ['cash', '4000000000', /a number alone: it may mean 4,000,000,000\.00 CNY, or 40,000,000\.00 CNY/],
    ['cash', '500000 exposures', /^limit: got "500000 exposures"; allowed: as 30,000,000 CNY or 3000万元$/],
    ['exposure', '3000万元', /^limit: got "3000万元"; allowed: as 500000 exposures or 50万$/],
    ['gold', '1 CNY', /^name: got "gold"; allowed: exposure, cash, cashback, card$/],
  ])('42. %s %s is refused before anything is made', async (node, limit, message) => {
    await expect(set(node, limit)).rejects.toThrow(message);
    expect(existsSync(directory)).toBe(false);
  });
});
