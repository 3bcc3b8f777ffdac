/** Facts as CSV say what the same facts say as NDJSON; grants and the ledger come out as CSV. */
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import { afterAll, describe, expect, it } from 'vitest';
import { lineOfRow, typeOfFile } from '../../shared/facts/csv.ts';
import { parseFact } from '../../shared/facts/parse.ts';
import type { Fact } from '../../shared/facts/schema.ts';
import { Workplace } from '../cli/workplace.ts';
import { attestation, merchant, sales, sanction, session } from '../support/facts.ts';
import { agency, creator, member } from '../support/programs.ts';

/** Of each type, with every field that it may have, and with none that it need not. */
const FACTS: Record<string, readonly Fact[]> = {
  participants: [
    merchant('m-1', {
      entityId: 'e-1',
      bestMonthFen: 123,
      name: 'Silk, tea & "more"',
      closedOn: '2024-09-30',
      revision: 2,
    }),
    member('m-2', 'a-1', { from: '2024-06-01', to: '2024-06-30' }),
    merchant('007', { name: '12345' }),
    agency('a-1', { name: '义乌' }),
    creator('c-1'),
  ],
  broadcasts: [
    session('2024-08-01', { by: 'm-1' }),
    session('2024-08-02', {
      by: 'm-1',
      id: '42',
      hasCart: false,
      recorded: true,
      withdrawn: true,
      revision: 7,
    }),
  ],
  'sales-2024-08': [
    sales('2024-08-01', 500_000, { by: 'm-1' }),
    sales('2024-08-02', 3, { by: '007', refundedFen: 1, feesFen: 2, orders: 0 }),
  ],
  attestations: [
    attestation({ by: 'm-1' }),
    attestation({ by: 'm-2', id: 'a-2', withdrawn: false, revision: 3 }),
  ],
  sanctions: [
    sanction('2024-08-05', '2024-08-06', { by: 'm-1' }),
    sanction('2024-08-01', undefined, { by: 'm-2', scope: 'void', withdrawn: true }),
  ],
};

/** As someone who keeps facts in a spreadsheet has them: one type a file, no column for the type. */
function asCsv(facts: readonly Fact[]): string {
  const rows = facts.map(({ type: _type, ...fields }): Record<string, unknown> => fields);
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cell = (value: unknown) =>
    typeof value === 'object' ? JSON.stringify(value) : value === undefined ? '' : String(value);
  return stringify([columns, ...rows.map((row) => columns.map((column) => cell(row[column])))]);
}

const place = new Workplace();
afterAll(() => place[Symbol.dispose]());

describe('facts as CSV', () => {
  it.each(Object.entries(FACTS))('of %s say what NDJSON says', (name, facts) => {
    const [header = [], ...rows] = parse(asCsv(facts)) as string[][];
    const type = typeOfFile(`${name}.csv`);
    const read = rows.map((row) => parseFact(lineOfRow(type, header, row), '2024-12-31'));
    const meant = facts.map((fact) => parseFact(JSON.stringify(fact), '2024-12-31'));
    expect(read).toEqual(meant);
    expect(read.every(({ ok }) => ok)).toBe(true);
  });

  it('are refused by the schema, and not guessed, when a number or a flag is none', () => {
    const row = {
      id: 's-1',
      participantId: 'm-1',
      startedAt: '2024-08-01T20:00:00+08:00',
      endedAt: '2024-08-01T21:00:00+08:00',
      hasCart: 'yes',
      recorded: 'false',
      views: '1,000',
      revision: '1',
    };
    const parsed = parseFact(lineOfRow('broadcast', Object.keys(row), Object.values(row)), '2024-12-31');
    expect(parsed).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/hasCart: got "yes".*views: got "1,000"/),
    });
  });

  it('come in by the command line, and grants and the ledger go out', async () => {
    for (const [name, facts] of Object.entries(FACTS)) place.write(`${name}.csv`, [asCsv(facts).trimEnd()]);
    await place.done('import', ...Object.keys(FACTS).map((name) => `${name}.csv`));
    place.write('same.ndjson', Object.values(FACTS).flat());
    const [again] = await place.rows('import', 'same.ndjson');
    expect(again).toMatchObject({
      accepted: 0,
      unchanged: Object.values(FACTS).flat().length,
      quarantined: 0,
    });

    await place.done('backfill', '--program', 'treasure-host', '--from', '2024-07-24', '--to', '2024-08-31');
    for (const command of ['grants', 'ledger']) {
      const out = parse(await place.done(command, '--format', 'csv'), { columns: true }) as Record<
        string,
        string
      >[];
      const rows = await place.rows(command);
      expect(rows.length, command).toBeGreaterThan(0);
      expect(out).toHaveLength(rows.length);
      for (const [index, row] of rows.entries()) {
        const cells = Object.entries(row).map(([name, value]) => [
          name,
          typeof value === 'object' ? JSON.stringify(value) : String(value),
        ]);
        expect(out[index]).toMatchObject(Object.fromEntries(cells));
      }
    }
  });
});
