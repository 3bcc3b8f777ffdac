/** What cannot be: each refused with exit 2, in words that name what was given and what is allowed, before anything is opened. */
import { readdirSync } from 'node:fs';
import type { Command } from 'commander';
import { afterAll, describe, expect, it } from 'vitest';
import { hongbao } from '../../functions/cli/hongbao.ts';
import { FACTS_ZONE } from '../../shared/facts/schema.ts';
import { generateWorld } from '../../shared/synthetic/world.ts';
import { addDays, businessDate } from '../../shared/values/calendar.ts';
import { here } from './here.ts';
import { Workplace } from './workplace.ts';

const place = new Workplace();
const today = () => businessDate(Date.now(), FACTS_ZONE);
afterAll(() => place[Symbol.dispose]());

describe.concurrent('bad usage', () => {
  it.each([
    ['run dialy', [/unknown command 'dialy'/, /daily/]],
    ['grants --frmat csv', [/unknown option '--frmat'/, /--format/]],
    ['grants --format xml', [/--format/, /xml/, /table, json, ndjson, csv/]],
    ['grants --program red-packet', [/program/, /"red-packet"/, /treasure-host/]],
    ['grants --participant m#1', [/--participant/, /"m#1"/, /A-Z a-z 0-9/]],
    ['ledger --from 2024-08-02 --to 2024-08-01', [/--from/, /2024-08-02/, /at most --to, 2024-08-01/]],
    ['import missing.ndjson', [/missing\.ndjson/, /files that exist/]],
    ['import .', [/got \./, /files that exist/]],
    ['import a.ndjson --arrived-on 2024-02-30', [/--arrived-on/, /2024-02-30/, /YYYY-MM-DD/]],
    ['run daily --date 2024-02-30', [/--date/, /2024-02-30/, /YYYY-MM-DD/]],
    ['run daily', [/--date/, /not specified/]],
    ['run month-end --month 2024-13', [/--month/, /2024-13/, /YYYY-MM/]],
    ['backfill --from 2024-08-02 --to 2024-08-01', [/--from/, /2024-08-02/, /at most --to, 2024-08-01/]],
    ['backfill --from 2024-08-01 --to 2024-08-02 --endpoint http://127.0.0.1:1', [/--reason/]],
    ['runs --table t', [/--table/, /"t"/, /beside --endpoint/]],
    ['runs --endpoint nowhere', [/--endpoint/, /"nowhere"/, /URL/]],
    ['runs --local d --stage dev', [/--local/, /--stage/]],
    ['generate --seed x --merchants 3 --from 2024-08-01 --to 2024-08-02', [/--seed/, /'x'/, /whole number/]],
    ['generate --seed 1 --merchants 0 --from 2024-08-01 --to 2024-08-02', [/--merchants/, /got 0/, /100000/]],
  ])('hongbao %s', async (command, says) => {
    const { code, stdout, stderr } = await place.hongbao(command.split(' '));
    expect(code).toBe(2);
    for (const what of says) expect(stderr).toMatch(what);
    expect(stderr).not.toMatch(/^ {4}at /m);
    expect(stdout).toBe('');
    expect(readdirSync(place.directory)).toEqual([]);
  });
});

describe('help', () => {
  const everyCommand = (from: Command): Command[] => [from, ...from.commands.flatMap(everyCommand)];
  it.each(everyCommand(hongbao()).map((command) => [pathOf(command), command] as const))(
    'of %s',
    (path, command) => {
      let text = '';
      command.configureOutput({
        writeOut: (part) => {
          text += part;
        },
      });
      command.outputHelp();
      expect(text).toMatch(`Usage: ${path}`);
      expect(text).toMatch(new RegExp(`\nExample:\n {2}\\$ ${path.replace(/ list$/, '')}`));
      expect(command.description()).not.toBe('');
    },
  );
});

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

describe.concurrent('what is asked of no database', () => {
  it('generates the same facts for the same seed', async () => {
    const args = 'generate --seed 7 --merchants 3 --from 2024-07-01 --to 2024-07-31'.split(' ');
    const { code, stdout } = await place.hongbao(args);
    const world = generateWorld({ seed: 7, merchants: 3, from: '2024-07-01', to: '2024-07-31' });
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n')).toEqual(world.map(({ fact }) => JSON.stringify(fact)));
  });

  it('ends quietly when its reader has seen enough', async () => {
    const args = 'generate --seed 7 --merchants 200 --from 2024-06-20 --to 2024-09-15'.split(' ');
    const { code, stdout, stderr } = await place.hongbao(args, { head: true });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^\{"type":"participant"/);
  });
});

describe('39. dates', () => {
  it.each([
    'run daily --date 9999-12-31',
    'run daily --date 2024-08-01 --as-of 9999-12-31',
    'backfill --from 2024-08-01 --to 9999-12-31',
    'backfill --from 0001-01-01 --to 2024-08-01',
    'plan --from 9999-01-01 --to 9999-12-31',
    'policy diff treasure-host treasure-host --from 2024-08-01 --to 9999-12-31',
    'policy diff treasure-host treasure-host --from 0001-01-01 --to 2024-08-01',
    'ledger --from 9999-12-31',
    'explain m-1 --as-of 9999-12-31',
    'import facts.ndjson --arrived-on 9999-12-31',
  ])('39. hongbao %s: refused by field, value and what is allowed, at most today', async (command) => {
    const refused = new RegExp(
      `'--[a-z-]+ <date>' argument '(9999-|0001-)\\d\\d-\\d\\d' is invalid. allowed: a date from 1970-01-01 to today, ${today()}$`,
    );
    await expect(here(...command.split(' '), '--local', place.directory)).rejects.toThrow(refused);
    expect(readdirSync(place.directory)).toEqual([]);
  });

  it('39. a month that has not ended is refused', async () => {
    const month = ['run', 'month-end', '--month', '9999-12', '--local', place.directory];
    await expect(here(...month)).rejects.toThrow(
      /'--month <month>' argument '9999-12' is invalid. allowed: a month from 1970-01 on that has ended by today/,
    );
  });

  it('39. facts are made up for at most two years from today, and at most ten years of them', async () => {
    const made = (from: string, to: string) =>
      here('generate', '--seed', '1', '--merchants', '1', '--from', from, '--to', to);
    const latest = addDays(today(), 730);
    expect(await made(latest, latest)).toMatch(/^\{"type":"participant"/);
    for (const date of [addDays(latest, 1), '9999-12-31']) {
      await expect(made('2024-08-01', date)).rejects.toThrow(
        `'--to <date>' argument '${date}' is invalid. allowed: a date from 1970-01-01 to two years from today, ${latest}`,
      );
    }
    await expect(made('1970-01-01', '2024-08-01')).rejects.toThrow(
      /--from: got 1970-01-01, \d+ days before --to; allowed: at most 3653 days in all/,
    );
  });
});
