/** What leaves the command line, whatever was put in: no formula for a spreadsheet, no control character for a terminal. */
import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { hongbao } from '../../functions/cli/hongbao.ts';
import {
  bold,
  complain,
  FORMATS,
  note,
  printJson,
  printRecord,
  printRows,
  printTable,
  say,
} from '../../functions/cli/output.ts';
import { printable } from '../../shared/values/printable.ts';

let printed = '';
beforeEach(() => {
  printed = '';
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      printed += text;
      return true;
    });
  }
});
afterEach(() => vi.restoreAllMocks());

/** C0 but the end of a line, DEL, C1, the signs that turn text around, separators of lines. */
const RAW = /[^\P{Cc}\n]|[\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;
/** Styles of our own, where a terminal wants them. */
const STYLE = new RegExp(`${String.fromCharCode(27)}\\[\\d{1,2}m`, 'g');
const withoutStyles = (text: string) => text.replaceAll(STYLE, '');

const nasty = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\u001b[2J', '\u0007', '\u009b31m', '\u007f', '\u202egnp.exe', 'a\r\nb\tc', '\u2028'),
);
const formula = fc.tuple(
  fc.constantFrom('=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'),
  fc.string(),
);
const text = fc.oneof(
  nasty,
  formula.map(([first, rest]) => `${first}${rest}`),
);

describe('40. CSV', () => {
  it('40. has no cell that a spreadsheet would run, and every number as it was', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(text, fc.integer()), { minLength: 1 }), (pairs) => {
        printed = '';
        printRows(
          'csv',
          pairs.map(([said, amount]) => ({ amount, said, evidence: { said } })),
          [],
        );
        const rows: string[][] = parse(printed, { from_line: 2 });
        expect(rows.map(([amount]) => Number(amount))).toEqual(pairs.map(([, amount]) => amount));
        for (const [, said = '', evidence = ''] of rows) {
          expect(said).not.toMatch(/^[=+\-@\t\r＝＋－＠]/);
          expect(JSON.parse(evidence)).toBeTypeOf('object');
        }
        expect(rows.map(([, said = '']) => said.replace(/^'(?=[=+\-@＝＋－＠])/, ''))).toEqual(
          pairs.map(([said]) => printable(said)),
        );
      }),
    );
  });

  it('40. shows a formula as the text that it is, and a negative amount as a number', () => {
    printRows('csv', [{ raw: '=HYPERLINK("http://x","y")', lowering: '-1.00 CNY', amount: -100 }], []);
    expect(printed).toBe('raw,lowering,amount\n"\'=HYPERLINK(""http://x"",""y"")",\'-1.00 CNY,-100\n');
  });
});

describe('40. nothing that is printed has a control character in it', () => {
  it.each(FORMATS)('40. as %s, in rows and in a record', (format) => {
    fc.assert(
      fc.property(nasty, (said) => {
        printed = '';
        printRows(format, [{ said, within: { said } }], ['said', 'within']);
        printRecord(format, { said });
        expect(withoutStyles(printed)).not.toMatch(RAW);
      }),
    );
  });

  it('40. in lines, titles, tables, messages and errors', () => {
    fc.assert(
      fc.property(nasty, (said) => {
        printed = '';
        say(said, bold(said));
        printTable([said], [[said]]);
        note(said);
        complain(said);
        expect(withoutStyles(printed)).not.toMatch(RAW);
      }),
    );
    expect(printable('\u001b[2J\u009b31m\u202e\u007f\r\n')).toBe('\\u001b[2J\\u009b31m\\u202e\\u007f\\r\\n');
  });

  it('40. and there is one place where text leaves the command line', () => {
    const cli = new URL('../../functions/cli/', import.meta.url);
    const writing = readdirSync(cli).filter((file) =>
      /\bstd(out|err)\.write\b|\bconsole\./.test(readFileSync(new URL(file, cli), 'utf8')),
    );
    expect(writing).toEqual(['output.ts']);
  });

  it('40. a table keeps a row on its line', () => {
    printRows('table', [{ said: 'a\nb' }, { said: 'c' }], ['said']);
    expect(printed.trimEnd().split('\n')).toHaveLength(3);
  });

  it('40. JSON says the same, escaped', () => {
    fc.assert(
      fc.property(nasty, (said) => {
        printed = '';
        printJson({ said });
        expect(JSON.parse(printed)).toEqual({ said });
      }),
    );
  });

  it('40. what was typed wrong is repeated without it', async () => {
    const command = hongbao();
    await expect(command.parseAsync(['node', 'hongbao', 'gr\u001b[2J'])).rejects.toThrow();
    expect(printed).toMatch(/unknown command 'gr\\u001b\[2J'/);
  });
});
