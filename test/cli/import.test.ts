/** Files of facts as other systems send them, in any encoding; and what is no facts file at all. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textOf } from '../../functions/cli/encodings.ts';
import { LineSplitter, linesOf } from '../../shared/facts/lines.ts';
import { merchant, sales } from '../support/facts.ts';
import { Imports, ndjson, taken } from './imports.ts';

const place = new Imports();
const HEADER = 'participantId,date,grossFen,refundedFen,feesFen,orders,revision';
/** `义乌,红包`, as a spreadsheet of China writes them. */
const YIWU = Buffer.from([0xd2, 0xe5, 0xce, 0xda, 0x2c, 0xba, 0xec, 0xb0, 0xfc]);

describe('27. NDJSON', () => {
  const facts = [merchant('m-1', { name: 'Lin\u2028Tea\u2029' }), merchant('m-2')];

  it('27. ends its lines with \\n and nothing else: U+2028 and U+2029 stay in the line', async () => {
    expect(await place.take(place.write('facts.ndjson', ndjson(...facts)))).toEqual(taken(2));
    expect(linesOf(ndjson(...facts)).map(({ text }) => JSON.parse(text))).toEqual(facts);
  });

  it('27. may end its lines with \\r\\n, or its last one with nothing', async () => {
    expect(
      await place.take(
        place.write(
          'facts.ndjson',
          ndjson(...facts)
            .replaceAll('\n', '\r\n')
            .trimEnd(),
        ),
      ),
    ).toEqual(taken(2));
  });

  it('27. is the same lines, however its bytes come in pieces', async () => {
    const text = fc.array(fc.constantFrom('a', '\n', '\r\n', '\u2028', '红', '🧧', '\uFEFF', '"'), {
      maxLength: 40,
    });
    const encoded = fc.constantFrom('utf-8' as const, 'utf-16le' as const, 'utf-16be' as const);
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 7 }), encoded, async (parts, size, encoding) => {
        const whole = parts.join('');
        const bytes = Buffer.from(whole, encoding === 'utf-8' ? 'utf8' : 'utf16le');
        if (encoding === 'utf-16be') bytes.swap16();
        async function* pieces() {
          for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
        }
        const splitter = new LineSplitter();
        const lines = [];
        for await (const piece of textOf(pieces(), encoding)) lines.push(...splitter.push(piece));
        lines.push(...splitter.end());
        expect(lines).toEqual(linesOf(whole));
        const expected = whole.split('\n').map((line) => line.replace(/^\uFEFF/, '').replace(/\r$/, ''));
        if (whole.endsWith('\n') || whole === '') expected.pop();
        expect(lines.map(({ text: line }) => line)).toEqual(expected);
      }),
    );
  });

  it('15. with a line of any length holds no more of it than a message may have, and goes on', async () => {
    const long = `{"name":"${'x'.repeat(3_000_000)}"}`;
    const path = place.write('facts.ndjson', ndjson(facts[0]!, long, facts[1]!));
    expect(await place.take(path)).toEqual(taken(2, 1));
    const [row] = await place.rows('quarantine');
    expect(row).toMatchObject({
      at: expect.stringMatching(/facts\.ndjson:2$/),
      reason: expect.stringMatching(/^line: got 3000011 characters; allowed: at most 1048576 ·/),
    });
  });
});

describe('28. text', () => {
  const facts = [merchant('m-1', { name: '义乌🧧' }), merchant('m-2')];
  const utf16 = Buffer.from(`\uFEFF${ndjson(...facts)}`, 'utf16le');

  it.each([
    ['UTF-8 with a byte order mark', Buffer.from(`\uFEFF${ndjson(...facts)}`)],
    ['UTF-16, little end first', utf16],
    ['UTF-16, big end first', Buffer.from(utf16).swap16()],
  ])('28. in %s is decoded', async (_, bytes) => {
    expect(await place.take(place.write('facts.ndjson', bytes))).toEqual(taken(2));
    expect(await place.take(place.write('same.ndjson', ndjson(...facts)))).toMatchObject({ unchanged: 2 });
  });

  it('28. in GB18030 is decoded where it plainly is Chinese', async () => {
    const row = Buffer.concat([
      Buffer.from('a-1,xiaohongshu,agency,service-provider,'),
      YIWU,
      Buffer.from(',1\n'),
    ]);
    const header = Buffer.from('id,platform,kind,agencyKind,industryCluster,name,revision\n');
    expect(await place.take(place.write('participants.csv', Buffer.concat([header, row])))).toEqual(taken(1));
    const same = merchant('a-1', {
      kind: 'agency',
      agencyKind: 'service-provider',
      industryCluster: '义乌',
      name: '红包',
    });
    expect(await place.take(place.write('same.ndjson', ndjson(same)))).toMatchObject({ unchanged: 1 });
  });

  it.each([
    ['Latin 1', Buffer.from('{"name":"Señor Muñoz año español"}\n', 'latin1')],
    [
      'UTF-8 of which a byte is lost',
      Buffer.concat([
        Buffer.from('{"name":"义乌小商品城义乌小商品城'),
        Buffer.from([0xe4, 0xb9]),
        Buffer.from('"}\n'),
      ]),
    ],
    ['UTF-16 that ends in the middle', utf16.subarray(0, -1)],
    ['UTF-16 without a byte order mark', utf16.subarray(2)],
    ['UTF-32', Buffer.concat([Buffer.from([0xff, 0xfe, 0, 0]), Buffer.from('{\0\0\0}\0\0\0')])],
  ])('28. in %s is refused whole, and not guessed', async (_, bytes) => {
    await place.refused(
      /facts\.ndjson, which is no text; allowed: UTF-8, UTF-16 with a byte order mark, or GB18030/,
      place.write('facts.ndjson', bytes),
    );
  });

  it('28. with half a surrogate pair, or a U+FFFD, is one bad row', async () => {
    const half = Buffer.from(
      `\uFEFF${ndjson(merchant('m-1'), '{"type":"participant","id":"m-2","platform":"channels","kind":"merchant","name":"a\uD83Db","revision":1}', merchant('m-3', { name: '\uFFFD' }))}`,
      'utf16le',
    );
    expect(await place.take(place.write('facts.ndjson', half))).toEqual(taken(1, 2));
    const kept = await place.rows('quarantine');
    expect(kept.map(({ reason }) => reason)).toEqual(
      Array(2).fill(
        expect.stringMatching(
          /^name: got .*allowed: a name of 1 to 200 characters, without control characters/,
        ),
      ),
    );
    expect(kept.find(({ at }) => String(at).endsWith(':2'))?.raw).toMatch(/"a\\ud83db"/);
  });
});

describe('31. what is no facts file', () => {
  const facts = ndjson(merchant('m-1'), sales('2024-08-01', 1));
  const png = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
  const zip = Buffer.from('504b03041400000008', 'hex');
  const tar = Buffer.concat([Buffer.from('facts.ndjson'), Buffer.alloc(500), Buffer.from(facts)]);

  it('31. gzip is unpacked, whatever its name, and in several parts', async () => {
    expect(await place.take(place.write('facts.ndjson', gzipSync(facts)))).toEqual(taken(2));
    const parts = Buffer.concat([gzipSync(ndjson(merchant('m-2'))), gzipSync(ndjson(merchant('m-3')))]);
    expect(await place.take(place.write('parts.gz', parts))).toEqual(taken(2));
  });

  it.each([
    ['an image', png],
    ['a zip, as spreadsheets are', zip],
    ['gzip of an image', gzipSync(png)],
    ['gzip of a tar', gzipSync(tar)],
    ['gzip of gzip', gzipSync(gzipSync(facts))],
    ['gzip cut short', gzipSync(facts).subarray(0, -9)],
    ['text without one object', Buffer.from('<html>\n<p>Please sign in</p>\n</html>\n')],
    ['CSV that is not said to be it', Buffer.from(`${HEADER}\nm-1,2024-08-01,1,0,0,1,1\n`)],
  ])('31. %s is refused whole, and nothing of the good file before it is written', async (_, bytes) => {
    await place.refused(
      /other\.ndjson/,
      place.write('facts.ndjson', facts),
      place.write('other.ndjson', bytes),
    );
  });

  it('31. a directory is none, and standard input is there once', async () => {
    mkdirSync(place.path('facts'));
    await place.refused(/file: got .*facts; allowed: files that exist/, place.path('facts'));
    await place.refused(/file: got - twice; allowed: standard input once/, '-', '-');
  });

  it('31. a pipe that can be read only once is read, and nothing of it is left behind', async () => {
    const pipe = place.path('pipe');
    execFileSync('mkfifo', [pipe]);
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('hongbao-'));
    const reading = place.take(pipe);
    await writeFile(pipe, facts);
    expect(await reading).toEqual(taken(2));
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('hongbao-')).length).toBeLessThanOrEqual(
      before.length,
    );
  });
});

describe('30. import --dry-run', () => {
  it('30. says what would become of each line, on top of those before it, and writes nothing', async () => {
    const facts = [merchant(), sales('2024-08-01', 1), sales('2024-08-01', 2, { revision: 2 })];
    const many = Array.from({ length: 1_000 }, (_, index) => merchant(`n-${index}`));
    const path = place.write('facts.ndjson', ndjson(...facts, 'no fact', ...many, facts[1]!, facts[0]!));
    const said = await place.cli('import', path, '--dry-run', '--format', 'ndjson');
    expect(said).toMatch(/\{"accepted":1003,"unchanged":1,"superseded":1,"quarantined":1\}/);
    expect(said).toMatch(/facts\.ndjson:4 not JSON/);
    expect(said).toMatch(/1 facts would be quarantined/);
    expect(process.exitCode).toBe(3);
    expect(place.hasDatabase).toBe(false);

    expect(await place.take(path)).toMatchObject({
      accepted: 1003,
      unchanged: 1,
      superseded: 1,
      quarantined: 1,
    });
    expect(await place.take(path, '--dry-run')).toMatchObject({
      accepted: 0,
      unchanged: 1003,
      superseded: 2,
      quarantined: 1,
    });
  });
});
