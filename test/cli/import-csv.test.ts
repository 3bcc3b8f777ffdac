/** CSV as people have it, from spreadsheets and databases. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { merchant, session } from '../support/facts.ts';
import { Imports, ndjson, taken } from './imports.ts';

const place = new Imports();
const HEADER = 'participantId,date,grossFen,refundedFen,feesFen,orders,revision';
const PEOPLE = 'id,platform,kind,name,revision';

describe('29. a bad row of CSV', () => {
  const good = (id: string) => `${id},xiaohongshu,merchant,Alpha,1`;

  it.each([
    [
      'a quote within a cell',
      'm-2,xiaohongshu,merchant,12" pans,1',
      /^row: .*allowed: a row of CSV on one line, quotes doubled inside quotes$/,
    ],
    [
      'a quote that is never closed',
      'm-2,xiaohongshu,merchant,"Beta,1',
      /^row: .*allowed: a row of CSV on one line, quotes doubled inside quotes$/,
    ],
    ['too few cells', 'm-2,xiaohongshu,merchant,Short', /^columns: got 4 cells; allowed: 5, one a column/],
    [
      'too many cells',
      'm-2,xiaohongshu,merchant,Long,1,2',
      /^columns: got 6 cells; allowed: 5, one a column/,
    ],
    [
      'a carriage return within',
      'm-2,xiaohongshu,merchant,a\rb,1',
      /^name: got "a\\rb"; allowed: a name of 1 to 200 characters, without control/,
    ],
    ['a bad value', 'm-2,myspace,merchant,Beta,1', /^platform: got "myspace"/],
  ])(
    '29. %s: is quarantined with file and line; the rows after it and the next file are taken in',
    async (_, bad, reason) => {
      const first = place.write('participants.csv', [PEOPLE, good('m-1'), bad, good('m-3'), ''].join('\n'));
      const second = place.write('sales.csv', `${HEADER}\nm-1,2024-08-01,100000,0,500,3,1\n`);
      expect(await place.take(first, second)).toEqual(taken(3, 1));
      expect(await place.rows('quarantine')).toMatchObject([
        { at: `${first}:3`, reason: expect.stringMatching(reason) },
      ]);
    },
  );

  it('29. blank rows, and rows of empty cells as spreadsheets leave them, are passed over', async () => {
    const path = place.write(
      'participants.csv',
      `\n${PEOPLE}\r\n${good('m-1')}\r\n\r\n,,,,\r\n  \n${good('m-2')}`,
    );
    expect(await place.take(path)).toEqual(taken(2));
  });

  it('29. cells may be quoted, and hold commas and doubled quotes', async () => {
    const path = place.write(
      'participants.csv',
      `${PEOPLE}\nm-1,xiaohongshu,merchant,"Tea, 12"" ""pots""",1\n`,
    );
    expect(await place.take(path)).toEqual(taken(1));
    expect(
      await place.take(place.write('same.ndjson', ndjson(merchant('m-1', { name: 'Tea, 12" "pots"' })))),
    ).toMatchObject({ unchanged: 1 });
  });
});

describe('29. a carriage return', () => {
  it('29. ends no row: a file with no other line ends is refused, and not taken for one without rows', async () => {
    const mac = place.write('sales.csv', `${HEADER}\rm-1,2024-08-01,1,0,0,1,1\rm-2,2024-08-01,1,0,0,1,1\r`);
    await place.refused(/columns: got /, mac);
  });

  it('29. within a row loses nothing of it: the row is quarantined whole', async () => {
    const rows =
      'm-1,xiaohongshu,merchant,Alpha,1\rm-2,xiaohongshu,merchant,Beta,1\nm-3,xiaohongshu,merchant,Gamma,1\n';
    expect(await place.take(place.write('participants.csv', `${PEOPLE}\n${rows}`))).toEqual(taken(1, 1));
    expect((await place.rows('quarantine'))[0]?.raw).toMatch(/m-1.*m-2/s);
  });

  it('29. two stray quotes cost their own rows, and not those between them', async () => {
    const rows = ['"pans', 'Alpha', 'Beta', '12"'].map(
      (name, index) => `m-${index},xiaohongshu,merchant,${name},1`,
    );
    expect(await place.take(place.write('participants.csv', `${PEOPLE}\n${rows.join('\n')}\n`))).toEqual(
      taken(2, 2),
    );
  });
});

describe('30. the columns of CSV', () => {
  it.each([
    ['one twice', `${HEADER},refundedFen`, /columns: got refundedFen twice; allowed: each column once/],
    [
      'one missing',
      HEADER.replace('feesFen,', ''),
      /columns: got none named feesFen; allowed: all that sales must have/,
    ],
    [
      'one unknown',
      `${HEADER},tip`,
      /columns: got tip; allowed: the fields of sales: participantId, date, grossFen/,
    ],
    ['one without a name', `${HEADER},`, /columns: got one without a name; allowed/],
    ['several faults', 'participantId,when', /columns: got when; allowed/],
    ['semicolons', HEADER.replaceAll(',', ';'), /columns: got participantId;date/],
    ['none', '', /columns: got /],
  ])('30. with %s are refused by name, before anything of any file is written', async (_, header, says) => {
    const bad = place.write('sales-bad.csv', `${header}\nm-1,2024-08-01,100000,0,500,3,1,1\n`);
    await place.refused(says, place.write('good.ndjson', ndjson(merchant())), bad);
  });

  it('30. may come in any order, and leave out what need not be said', async () => {
    const path = place.write(
      'broadcasts.csv',
      'revision,id,participantId,endedAt,startedAt,views,recorded,hasCart\n1,s,m-1,2024-08-01T21:00:00+08:00,2024-08-01T20:00:00+08:00,10,false,true\n',
    );
    expect(await place.take(path)).toEqual(taken(1));
  });
});

describe('31. CSV as spreadsheets and databases write it', () => {
  const broadcast = (hasCart: string, recorded: string) =>
    `id,participantId,startedAt,endedAt,hasCart,recorded,views,revision\ns-1,m-1,2024-08-01T12:00:00Z,2024-08-01T12:45:00Z,${hasCart},${recorded},1000,1\n`;
  const same = () => place.write('same.ndjson', ndjson(session('2024-08-01', { id: 's-1' })));

  it.each([
    ['TRUE', 'FALSE'],
    ['True', 'False'],
    ['true', 'false'],
    ['是', '否'],
  ])('31. flags may be %s and %s', async (yes, no) => {
    expect(await place.take(place.write('broadcasts.csv', broadcast(yes, no)))).toEqual(taken(1));
    expect(await place.take(same())).toMatchObject({ unchanged: 1 });
  });

  it('31. other words are no flags', async () => {
    expect(await place.take(place.write('broadcasts.csv', broadcast('yes', 'N')))).toEqual(taken(0, 1));
  });

  it.each([
    ['SALES-AUG.CSV', []],
    ['Sales.csv.gz', []],
    ['export.csv', ['--type', 'sales']],
    ['export', ['--type', 'sales']],
    ['sales-2024.txt', ['--as', 'csv']],
  ])('31. a file %s %j is read', async (name, options) => {
    const text = `${HEADER}\nm-1,2024-08-01,100000,0,500,3,1\n`;
    expect(
      await place.take(place.write(name, name.endsWith('.gz') ? gzipSync(text) : text), ...options),
    ).toEqual(taken(1));
  });

  it('31. of which nothing says the type is refused', async () => {
    await place.refused(
      /columns: got participantId.*; allowed: a column type, or --type, or a file named by its type/,
      place.write('export.csv', `${HEADER}\n`),
    );
  });

  it('32. numbers are what their cells say', async () => {
    const row = (gross: string) => `m-1,2024-08-01,${gross},0,500,3,1\n`;
    expect(
      await place.take(place.write('sales.csv', `${HEADER}\n${row('100000.00000000000000001')}`)),
    ).toEqual(taken(0, 1));
    expect((await place.rows('quarantine'))[0]?.reason).toMatch(
      /^grossFen: got "100000.00000000000000001"; allowed: a whole number/,
    );
    expect(
      await place.take(place.write('sales.csv', `${HEADER}\n${row('100000')}${row('100000.00')}`)),
    ).toMatchObject({ accepted: 1, unchanged: 1 });
  });
});
