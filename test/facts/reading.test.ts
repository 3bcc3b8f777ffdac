/** Files of facts as people have them: whatever packs, encodes or breaks them, nothing is garbled and nothing half taken. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { openFacts, type Reading } from '../../functions/cli/facts-files.ts';
import type { FactLine } from '../../shared/facts/lines.ts';
import { parseFact, parseJson } from '../../shared/facts/parse.ts';
import { merchant, sales, session } from '../support/facts.ts';

const directory = mkdtempSync(join(tmpdir(), 'hongbao-test-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** What is read of a file of this name and content. */
async function read(name: string, content: string | Uint8Array, how: Reading = {}): Promise<FactLine[]> {
  const path = join(directory, name);
  writeFileSync(path, content);
  const file = await openFacts(path, how);
  const lines: FactLine[] = [];
  for await (const line of file.lines()) if (line.text !== '') lines.push(line);
  file.close();
  return lines.map((line) => ({ ...line, at: line.at?.slice(directory.length + 1) ?? '' }));
}
const texts = async (...args: Parameters<typeof read>) => (await read(...args)).map(({ text }) => text);
const refused = (name: string, content: string | Uint8Array, how?: Reading) => read(name, content, how);

const NAMED = JSON.stringify(merchant('m-1', { name: '杭州\u2028服饰' }));
const TWO = `${NAMED}\n${JSON.stringify(sales('2024-08-01', 1))}\n`;
const SALES = 'participantId,date,grossFen,refundedFen,feesFen,orders,revision';
const PARTICIPANTS = 'id,platform,kind,name,revision';

describe('27. NDJSON', () => {
  it('is split at line feeds only, with or without a carriage return, and a last line needs none', async () => {
    expect(await texts('a.ndjson', TWO)).toHaveLength(2);
    expect(await texts('b.ndjson', TWO.replaceAll('\n', '\r\n'))).toEqual(await texts('a.ndjson', TWO));
    expect(await texts('c.ndjson', TWO.trimEnd())).toEqual(await texts('a.ndjson', TWO));
    expect(await texts('a.ndjson', TWO)).toContain(NAMED);
  });

  it('says of each line where it came from', async () => {
    expect((await read('a.ndjson', `\n${TWO}`)).map(({ at }) => at)).toEqual(['a.ndjson:2', 'a.ndjson:3']);
  });
});

/** The text as a Chinese spreadsheet saves it: of GB18030, the characters that are used here. */
const GB: Readonly<Record<string, number[]>> = {
  杭: [0xba, 0xbc],
  州: [0xd6, 0xdd],
  服: [0xb7, 0xfe],
  饰: [0xca, 0xce],
  '\u2028': [0x81, 0x36, 0xa6, 0x35],
};
const gb18030 = (text: string) =>
  Buffer.from([...text].flatMap((character) => GB[character] ?? [...Buffer.from(character)]));
const utf16 = (text: string) => Buffer.from(text, 'utf16le');

describe('28. an encoding', () => {
  it.each([
    ['UTF-8', Buffer.from(TWO)],
    ['UTF-8 with a byte order mark', Buffer.from(`\uFEFF${TWO}`)],
    ['UTF-16, little end first', utf16(`\uFEFF${TWO}`)],
    ['UTF-16, big end first', utf16(`\uFEFF${TWO}`).swap16()],
    ['GB18030', gb18030(TWO)],
    ['GBK', gb18030(TWO.replace('\u2028', ''))],
  ])('that is %s is decoded, to the character', async (encoding, bytes) => {
    const expected = encoding === 'GBK' ? TWO.replace('\u2028', '') : TWO;
    expect(await texts('file.ndjson', bytes)).toEqual(expected.trimEnd().split('\n'));
  });

  it.each([
    [
      'text that ends in the middle of a character',
      Buffer.from(TWO).subarray(0, Buffer.from(TWO).indexOf('杭') + 1),
    ],
    ['bytes of no encoding', Buffer.from([...Buffer.from('{"name":"'), 0xff, 0xff, 0x80])],
    ['UTF-16 without a mark', utf16(TWO)],
  ])('that cannot be told, of %s, refuses the file whole', async (_, bytes) => {
    await expect(refused('file.ndjson', bytes)).rejects.toThrow(
      /which is no text; allowed: UTF-8, UTF-16 with a byte order mark, or GB18030/,
    );
  });

  it('of one line never leaves a character that we could not read: it and lone surrogates are refused by name', () => {
    for (const name of ['caf\uFFFD', '\ud800', 'a\u0007b', 'a\u0085b', 'two\nlines']) {
      const parsed = parseFact(JSON.stringify(merchant('m-1', { name })), '2024-08-01');
      expect(parsed).toMatchObject({ ok: false, reason: expect.stringMatching(/^name: got /) });
    }
    expect(parseFact(JSON.stringify(merchant('m-1', { name: '红包 🧧 é' })), '2024-08-01').ok).toBe(true);
  });
});

describe('29. a bad row of CSV', () => {
  it.each([
    ['with a stray quote', 'm-2,xiaohongshu,merchant,12" pans,1', /^row: /],
    ['with a quote that is never closed', 'm-2,xiaohongshu,merchant,"pans,1', /^row: /],
    ['with too few cells', 'm-2,xiaohongshu,merchant', /^columns: got 3 cells; allowed: 5, one a column$/],
    ['with too many cells', 'm-2,xiaohongshu,merchant,Pans,1,more', /^columns: got 6 cells; allowed: 5/],
  ])('%s is refused with its line, and the rows around it are read', async (_, bad, reason) => {
    const rows = await read(
      'participants.csv',
      [
        PARTICIPANTS,
        'm-1,xiaohongshu,merchant,Alpha,1',
        bad,
        'm-3,xiaohongshu,merchant,"Ga""mma, the second",1',
        '',
      ].join('\n'),
    );
    expect(rows.map(({ at, refused }) => [at, refused === undefined])).toEqual([
      ['participants.csv:2', true],
      ['participants.csv:3', false],
      ['participants.csv:4', true],
    ]);
    expect(rows[1]).toMatchObject({ text: bad, refused: expect.stringMatching(reason) });
    expect(JSON.parse(rows[2]?.text ?? '')).toMatchObject({ id: 'm-3', name: 'Ga"mma, the second' });
  });
});

describe('30. columns', () => {
  it.each([
    [
      'one that stands twice',
      `${SALES},refundedFen`,
      'columns: got refundedFen twice; allowed: each column once',
    ],
    [
      'one that is missing',
      SALES.replace(',orders', ''),
      'columns: got none named orders; allowed: all that sales must have',
    ],
    [
      'one that is no field',
      `${SALES},grossfen`,
      'columns: got grossfen; allowed: the fields of sales: participantId, date,',
    ],
  ])('refuse the file before anything is read, naming %s', async (_, header, message) => {
    await expect(refused('sales.csv', `${header}\nm-1,2024-08-01,1,0,0,1,1\n`)).rejects.toThrow(message);
  });

  it('need a type, by the name of the file, by the command, or a column of their own', async () => {
    await expect(refused('august.csv', `${SALES}\n`)).rejects.toThrow('a column type, or --type');
    expect(await texts('august.csv', `type,${SALES}\nsales,m-1,2024-08-01,1,0,0,1,1\n`)).toHaveLength(1);
    expect(await texts('august.csv', `${SALES}\nm-1,2024-08-01,1,0,0,1,1\n`, { type: 'sales' })).toHaveLength(
      1,
    );
  });
});

describe('31. a file', () => {
  const row = `${SALES}\nm-1,2024-08-01,1,0,0,1,1\n`;
  const broadcasts = (cart: string, recorded: string) =>
    `id,participantId,startedAt,endedAt,hasCart,recorded,views,revision\nb-1,m-1,2024-08-01T20:00:00+08:00,2024-08-01T21:00:00+08:00,${cart},${recorded},10,1\n`;

  it.each([
    ['TRUE', 'FALSE'],
    ['True', 'false'],
    ['是', '否'],
  ])('of a spreadsheet says %s and %s', async (yes, no) => {
    const [text = ''] = await texts('broadcasts.csv', broadcasts(yes, no));
    expect(JSON.parse(text)).toMatchObject({ hasCart: true, recorded: false });
  });

  it('is CSV by its name in any case, and by --as under any name', async () => {
    expect(await texts('SALES-AUG.CSV', row)).toHaveLength(1);
    expect(await texts('upload', row, { as: 'csv', type: 'sales' })).toHaveLength(1);
    expect(await texts('odd.csv', TWO, { as: 'ndjson' })).toHaveLength(2);
  });

  it('that is packed is unpacked, whatever its name', async () => {
    expect(await texts('facts.ndjson.gz', gzipSync(TWO))).toHaveLength(2);
    expect(await texts('sales.csv.gz', gzipSync(row))).toHaveLength(1);
    expect(await texts('facts.ndjson', gzipSync(TWO))).toHaveLength(2);
  });

  it.each([
    [
      'a zip',
      Buffer.from([0x50, 0x4b, 0x03, 0x04, 1, 2]),
      'a zip archive or a spreadsheet (save the sheet as CSV)',
    ],
    ['an image', Buffer.from([0x89, 0x50, 0x4e, 0x47, 1]), 'a PNG image'],
    ['gzip of a zip', gzipSync(Buffer.from([0x50, 0x4b, 0x03, 0x04])), 'a zip archive'],
    ['gzip of gzip', gzipSync(gzipSync(TWO)), 'packed twice'],
    ['gzip that is cut', gzipSync(TWO).subarray(0, 40), 'cannot be read: unexpected end of file'],
  ])('that is %s is refused whole', async (_, bytes, message) => {
    await expect(refused('facts.ndjson', bytes)).rejects.toThrow(message);
  });
});

describe('32. a number', () => {
  it('that would be rounded to a whole one is refused as it is written, from JSON and from CSV', async () => {
    const written = JSON.stringify(sales('2024-08-01', 7)).replace(':7,', ':100000.00000000000000001,');
    expect(parseFact(written, '2024-08-01')).toEqual({
      ok: false,
      reason:
        'grossFen: got "100000.00000000000000001"; allowed: a whole number of fen from 0 to 10000000000000',
    });
    const [text = ''] = await texts('sales.csv', `${SALES}\nm-1,2024-08-01,99999.9999999999999999,0,0,1,1\n`);
    expect(parseFact(text, '2024-08-01').ok).toBe(false);
  });

  it('is taken as it is when it is whole as written', () => {
    expect(parseJson('{"a":100.00,"b":[-0,9007199254740991]}')).toEqual({
      a: 100,
      b: [-0, 9007199254740991],
    });
    expect(parseJson('{"a":1e5}')).toEqual({ a: '1e5' });
    expect(parseJson('{"a":1.5,"b":1e400}')).toEqual({ a: 1.5, b: Number.POSITIVE_INFINITY });
  });

  it('of money is at most 10^13 fen, and of views at most 10^12 (worked case 19)', () => {
    const ok = (fact: unknown) => parseFact(JSON.stringify(fact), '2024-08-02').ok;
    expect(ok(sales('2024-08-01', 10 ** 13))).toBe(true);
    expect(ok(sales('2024-08-01', 10 ** 13 + 1))).toBe(false);
    expect(ok(merchant('m-1', { bestMonthFen: 10 ** 13 + 1 }))).toBe(false);
    expect([
      ok(session('2024-08-01', { views: 10 ** 12 })),
      ok(session('2024-08-01', { views: 10 ** 12 + 1 })),
    ]).toEqual([true, false]);
  });
});

describe('33. a session', () => {
  it.each([
    ['ends after the day it arrives', '2024-08-01', false],
    ['has ended by the day it arrives', '2024-08-02', true],
  ])('that %s is taken: %s, %s', (_, arrivedOn, taken) => {
    const late = JSON.stringify(session('2024-08-01', { at: '23:50', minutes: 60 }));
    expect(parseFact(late, arrivedOn).ok).toBe(taken);
  });

  it.each(['9999-12-31T23:59:59Z', '9999-12-31T23:59:59-23:59'])('that ends in %s is refused', (endedAt) => {
    const parsed = parseFact(JSON.stringify(session('2024-08-01', { endedAt })), '2024-09-01');
    expect(parsed).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/^endedAt: got business date /),
    });
  });
});
