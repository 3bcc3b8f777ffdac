/** Entries are written once: a retry is a success, another's place is not taken. */
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../shared/engine/history.ts';
import { putEntry, readEntries, readEntriesOf } from '../../shared/store/ledger.ts';
import { Crash, faulty } from '../support/faults.ts';
import { database } from '../support/world.ts';

const db = database();

const entry = (more: Partial<Entry> = {}): Entry => ({
  participantId: 'm-1',
  program: 'treasure-host',
  occasion: 'w1/cold-1',
  n: 1,
  kind: 'grant',
  unit: 'exposure',
  amount: 20_000,
  earnedOn: '2024-08-01',
  runId: 'run-1',
  part: 'part-1',
  recordedAt: '2024-08-02T04:30:00.000Z',
  policy: '2024-07-24@0123456789ab',
  reason: 'earned',
  evidence: { session: 's-1', minutes: 45 },
  incentive: 'new-host',
  pool: 'exposure',
  readsFrom: '2024-07-02',
  ...more,
});

describe('an entry', () => {
  it('is written once by one run, however often it is put', async () => {
    const { table } = await db.world();
    expect(await putEntry(table, entry())).toBe('written');
    expect(await putEntry(table, entry())).toBe('already-written');
    expect(await readEntries(table)).toEqual([entry()]);
  });

  it.each<[string, Partial<Entry>]>([
    ['of another run with the same content', { runId: 'run-2' }],
    ['of the same run with another amount', { amount: 1 }],
    ['of the same run with other evidence', { evidence: {} }],
    ['of another try of the run', { recordedAt: '2024-08-02T04:31:00.000Z' }],
  ])('is displaced where one %s stands, which is not touched', async (_, more) => {
    const { table } = await db.world();
    await putEntry(table, entry());
    expect(await putEntry(table, entry(more))).toBe('displaced');
    expect(await readEntries(table)).toEqual([entry()]);
  });

  it('whose write was not heard of is found written', async () => {
    const { table } = await db.world();
    const { client } = faulty(table.client, 'unheard', 1);
    await expect(putEntry({ ...table, client }, entry())).rejects.toThrow(Crash);
    expect(await putEntry(table, entry())).toBe('already-written');
  });

  it('put by many at once is written by one', async () => {
    const { table } = await db.world();
    const runs = Array.from({ length: 12 }, (_, index) => entry({ runId: `run-${index}` }));
    const outcomes = await Promise.all(runs.map((one) => putEntry(table, one)));
    expect(outcomes.filter((outcome) => outcome === 'written')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'displaced')).toHaveLength(11);
  });

  it('is listed by participant, occasion and number, and by the day in Shanghai on which it was recorded', async () => {
    const { table } = await db.world();
    const late = entry({ n: 2, amount: -20_000, kind: 'adjustment', recordedAt: '2024-08-02T16:00:00.000Z' });
    const other = entry({ participantId: 'm-10', occasion: 'first-jump/10000' });
    for (const one of [late, other, entry()]) await putEntry(table, one);
    expect(await readEntries(table)).toEqual([entry(), late, other]);
    expect(await readEntriesOf(table, 'm-1')).toEqual([entry(), late]);
    expect(await readEntries(table, { from: '2024-08-03', to: '2024-08-03' })).toEqual([late]);
    expect(await readEntries(table, { from: '2024-08-01', to: '2024-08-02' })).toEqual([entry(), other]);
  });
});
