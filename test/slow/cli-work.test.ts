/** What a person does with the command line, from facts to grants, on an embedded database. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startEmbedded } from '../../shared/runtime/embedded.ts';
import { Workplace } from '../cli/workplace.ts';
import { merchant, sales, session } from '../support/facts.ts';

/** A host that goes live on two days of August, and one in its second month. */
const FACTS = [
  merchant('m-10'),
  merchant('m-2'),
  session('2024-08-02', { by: 'm-10', minutes: 130 }),
  session('2024-08-03', { by: 'm-10' }),
  sales('2024-08-03', 600_000, { by: 'm-10' }),
  session('2024-08-05', { by: 'm-2' }),
];

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
});
afterEach(() => place[Symbol.dispose]());

const backfill = ['backfill', '--program', 'treasure-host', '--from', '2024-08-01', '--to', '2024-08-10'];

describe('import', () => {
  it('counts what came, keeps bad facts aside, and says so with exit 3', async () => {
    const refund = { ...sales('2024-08-03', 100, { by: 'm-2' }), refundedFen: 200 };
    place.write('facts.ndjson', [...FACTS, 'no fact', '', refund]);
    const { code, stdout, stderr } = await place.hongbao(['import', 'facts.ndjson', '--format', 'json']);
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toEqual({ accepted: 6, unchanged: 0, superseded: 0, quarantined: 2 });
    expect(stderr).toMatch(/2 facts were quarantined.*hongbao quarantine/);

    const kept = await place.rows('quarantine');
    expect(kept.map(({ raw }) => raw).sort()).toEqual([JSON.stringify(refund), 'no fact'].sort());
    expect(kept.map(({ reason }) => reason).sort()).toEqual([
      'not JSON: "no fact"; allowed: one JSON object a line',
      'refundedFen: got 200; allowed: refunds of at most grossFen',
    ]);
  });

  it('31. takes CSV from standard input, and says which line of it is bad', async () => {
    const input =
      'participantId,date,grossFen,refundedFen,feesFen,orders,revision\nm-1,2024-08-01,1,0,0,1,1\nm-2\n';
    const args = ['import', '-', '--type', 'sales', '--format', 'ndjson'];
    const { code, stdout } = await place.hongbao(args, { input });
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toEqual({ accepted: 1, unchanged: 0, superseded: 0, quarantined: 1 });
    expect(await place.rows('quarantine')).toMatchObject([{ at: 'standard input:3', raw: 'm-2' }]);
  });

  it('takes the same facts twice as unchanged, a newer revision as accepted, from files and standard input', async () => {
    place.write('facts.ndjson', FACTS);
    place.write('empty.ndjson', []);
    expect(await place.rows('import', 'empty.ndjson')).toEqual([
      { accepted: 0, unchanged: 0, superseded: 0, quarantined: 0 },
    ]);
    await place.done('import', 'facts.ndjson');
    const again = [FACTS[0], { ...FACTS[4], grossFen: 700_000, revision: 2 }, { ...FACTS[5], revision: 0 }];
    const { code, stdout } = await place.hongbao(['import', '-', '--format', 'ndjson'], {
      input: again.map((fact) => JSON.stringify(fact)).join('\r\n'),
    });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ accepted: 1, unchanged: 1, superseded: 1, quarantined: 0 });
  });
});

describe('a run', () => {
  it('finds facts by when they arrived, and names the command that looks at dates', async () => {
    await place.learn(FACTS);
    const { code, stderr } = await place.hongbao(
      'run daily --date 2024-08-03 --program treasure-host'.split(' '),
    );
    expect(code).toBe(0);
    expect(stderr).toMatch(/nobody was due by 2024-08-04/);
    expect(stderr).toMatch(/hongbao backfill --from 2024-08-03 --to 2024-08-03/);
    expect(await place.entries()).toEqual([]);
  });

  it('writes nothing when dry, writes once when run twice, and never looks back', async () => {
    await place.learn(FACTS);
    expect(await place.done(...backfill, '--dry-run')).toMatch(/would write \d+ entries/);
    expect(await place.entries()).toEqual([]);

    const [first] = await place.rows(...backfill);
    expect(first).toMatchObject({ job: 'backfill', asOf: '2024-08-10', evaluated: 2, requestedBy: 'tester' });
    const written = await place.entries();
    expect(written).toHaveLength(Number(first?.entries));
    expect(written.length).toBeGreaterThan(5);
    const [second] = await place.rows(...backfill);
    expect(second).toMatchObject({ evaluated: 2, entries: 0 });
    expect(await place.entries()).toEqual(written);

    const daily = ['run', 'daily', '--program', 'treasure-host', '--date'];
    const back = await place.hongbao([...daily, '2024-08-09']);
    expect(back.code).toBe(2);
    expect(back.stderr).toMatch(/asOf: got 2024-08-09; allowed: at least 2024-08-10, the last closed as-of/);
    const future = await place.hongbao([...daily, '2999-01-01']);
    expect(future.code).toBe(2);
    expect(future.stderr).toMatch(
      /'--date <date>' argument '2999-01-01' is invalid. allowed: a date from 1970-01-01 to today/,
    );
    place.write('facts.ndjson', FACTS);
    const passed = await place.hongbao(['import', 'facts.ndjson', '--arrived-on', '2024-08-10']);
    expect(passed.code).toBe(2);
    expect(passed.stderr).toMatch(/--arrived-on: got 2024-08-10; allowed: a date after 2024-08-10/);
    const unknown = await place.hongbao(['runs', 'show', 'nobody']);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toMatch(/run: got "nobody"/);
    expect((await place.rows('runs')).map(({ runId, state }) => [runId, state])).toEqual([
      [first?.runId, 'closed'],
      [second?.runId, 'closed'],
    ]);
  });
});

describe('results', () => {
  it('have the fields of their contract, in each format, in order', async () => {
    await place.learn(FACTS);
    await place.done(...backfill);

    const grants = await place.rows('grants');
    for (const row of grants) {
      expect(Object.keys(row)).toEqual([
        'participantId',
        'program',
        'occasion',
        'unit',
        'amount',
        'earnedOn',
        'entries',
        'policy',
      ]);
    }
    expect(
      grants.map(({ participantId, occasion, amount }) => `${participantId} ${occasion} ${amount}`),
    ).toEqual([
      'm-10 opening-sprint/2024-08-02 5000',
      'm-10 w1/cold-1 20000',
      'm-10 w1/cold-2 20000',
      'm-10 w1/growth-1 20000',
      'm-10 w1/growth-2 40000',
      'm-10 w1/perk-commercial 1',
      'm-10 w1/perk-matchmaking 1',
      'm-2 w1/cold-1 20000',
      'm-2 w1/perk-commercial 1',
      'm-2 w1/perk-matchmaking 1',
    ]);

    const ledger = await place.rows('ledger');
    const required =
      'participantId program occasion n kind unit amount earnedOn runId recordedAt policy reason evidence';
    for (const row of ledger) expect(Object.keys(row).slice(0, 13).join(' ')).toBe(required);
    expect(ledger[1]).toMatchObject({
      participantId: 'm-10',
      occasion: 'w1/cold-1',
      n: 1,
      kind: 'grant',
      unit: 'exposure',
      amount: 20_000,
      earnedOn: '2024-08-02',
      reason: 'earned',
      evidence: { opensOn: '2024-08-02', closesOn: '2024-08-31', session: 's-2024-08-02-2000' },
    });

    expect(JSON.parse(await place.done('grants', '--format', 'json'))).toEqual(grants);
    const csv = (await place.done('grants', '--format', 'csv', '--participant', 'm-2')).split('\n');
    expect(csv[0]).toBe('participantId,program,occasion,unit,amount,earnedOn,entries,policy');
    expect(csv[1]).toMatch(
      /^m-2,treasure-host,w1\/cold-1,exposure,20000,2024-08-05,1,2024-07-24@[0-9a-f]{12}$/,
    );
    const table = (await place.done('grants')).split('\n');
    expect(table[0]).toMatch(/participantId +program +occasion +amount +unit +earnedOn/);
    expect(table).toHaveLength(1 + grants.length + 1);
    const budget = await place.done('budget', '--program', 'treasure-host', '--format', 'csv');
    expect(budget.split('\n').slice(0, 2)).toEqual([
      'program,name,unit,limit,granted,reserved,left,changes',
      'treasure-host,exposure,exposure,100000000000,125000,0,99999875000,[]',
    ]);

    // Recorded today, as the business calendar has it.
    const shanghai = new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Shanghai' });
    const recordedOn = shanghai.format(new Date(String(ledger[0]?.recordedAt)));
    expect(await place.rows('ledger', '--from', recordedOn, '--to', recordedOn)).toEqual(ledger);
    expect(await place.rows('ledger', '--to', '2024-08-31')).toEqual([]);
  });
});

describe('a directory', () => {
  it('serves one process at a time, and the second is told', async () => {
    const database = await startEmbedded(`${place.directory}/taken`);
    try {
      const { code, stdout, stderr } = await place.hongbao(['runs', '--local', 'taken']);
      expect(code).toBe(2);
      expect(stderr).toMatch(
        /^hongbao: --local: got taken, which does not open: another hongbao has it open/,
      );
      expect(stderr.trimEnd().split('\n')).toHaveLength(1);
      expect(stdout).toBe('');
    } finally {
      await database.stop();
    }
    expect(await place.rows('runs', '--local', 'taken')).toEqual([]);
  });

  it('that is a file is refused', async () => {
    place.write('file', ['text']);
    const { code, stderr } = await place.hongbao(['runs', '--local', 'file']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/--local: got file; allowed: a directory that can be written/);
  });
});
