/** Facts that are too many, too large, or in bad company: each is refused alone, and stops no other. */
import { describe, expect, it } from 'vitest';
import type { Fact } from '../../shared/facts/schema.ts';
import { ingest } from '../../shared/pipeline/ingest.ts';
import { readHistory } from '../../shared/store/histories.ts';
import { readQuarantine } from '../../shared/store/quarantine.ts';
import { attestation, lines, sales, sanction, session } from '../support/facts.ts';
import { at, stalledBefore } from '../support/stalls.ts';
import { database, type World } from '../support/world.ts';

const db = database();
const ON = '2024-08-10';

const historyOf = (world: World, id = 'm-1') =>
  readHistory(world.table, id, '2024-01-01', { consistent: true });

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** Of each type that is capped: one more fact by its number, and how many the table has. */
const CAPPED: [string, number, (index: number) => Fact, (world: World) => Promise<number>][] = [
  [
    'sessions a day',
    200,
    (index) => session('2024-08-01', { id: `s-${index}` }),
    async (world) => (await historyOf(world)).days[0]?.sessions.length ?? 0,
  ],
  [
    'attestations',
    1_000,
    (index) => attestation({ id: `a-${index}` }),
    async (world) => (await historyOf(world)).attestations.length,
  ],
  [
    'sanctions',
    1_000,
    (index) => sanction('2024-08-01', undefined, { id: `x-${index}` }),
    async (world) => (await historyOf(world)).sanctions.length,
  ],
];

describe('25. two writers never pass a cap together', () => {
  it.each(CAPPED)(
    '25. %s: one that read %i less 1 stalls at its write, and wakes after another has written the last',
    async (_, max, make, count) => {
      const world = await db.world();
      await world.ingest(times(max - 1, make), ON);
      const stalled = stalledBefore(world, at('update', 'P#m-1'), () => world.ingest([make(max)], ON));
      const counts = await ingest(stalled, lines([make(max + 1)]), ON);
      expect(counts).toEqual({ accepted: 0, unchanged: 0, superseded: 0, quarantined: 1 });
      expect(await count(world)).toBe(max);
      const [row] = await readQuarantine(world.table);
      expect(row?.reason).toMatch(new RegExp(`allowed: at most ${max} .* a participant`));
    },
  );

  it.each(CAPPED)(
    '15. %s beyond %i are refused: those that came first stay, and new versions of them come in',
    async (_, max, make, count) => {
      const world = await db.world();
      expect(await world.ingest(times(max + 3, make), ON)).toMatchObject({ accepted: max, quarantined: 3 });
      const newer = { ...make(0), revision: 2 };
      expect(await world.ingest([newer], ON)).toMatchObject({ accepted: 1, quarantined: 0 });
      expect(await count(world)).toBe(max);
    },
  );

  it('25. ten writers of thirty sessions each come to 200, and say so of the others', async () => {
    const world = await db.world();
    const results = await Promise.all(
      times(10, (writer) =>
        world.ingest(
          times(30, (index) => session('2024-08-01', { id: `s-${writer}-${index}` })),
          ON,
        ),
      ),
    );
    const sum = (what: 'accepted' | 'unchanged' | 'quarantined') =>
      results.reduce((total, counts) => total + counts[what], 0);
    expect((await historyOf(world)).days[0]?.sessions).toHaveLength(200);
    expect(sum('accepted') + sum('unchanged')).toBe(200);
    expect(sum('quarantined')).toBe(100);
    expect(await readQuarantine(world.table)).toHaveLength(100);
  });
});

describe('15. a full item stops nobody', () => {
  const heavy = (index: number) =>
    attestation({
      id: `a-${String(index).padStart(4, '0')}`,
      verifiedBy: '𠮷'.repeat(100),
      platform: 'channels',
    });

  it('15. takes what fits into a profile, quarantines the rest with the reason, and takes in everybody beside it', async () => {
    const world = await db.world();
    const others = times(30, (index) => sales('2024-08-01', 1, { by: `m-${100 + index}` }));
    const facts = [...others.slice(0, 15), ...times(900, heavy), ...others.slice(15)];
    const counts = await world.ingest(facts, ON);
    const { attestations } = await historyOf(world);
    expect(attestations.length).toBeGreaterThan(500);
    expect(attestations.length).toBeLessThan(900);
    const kept = await readQuarantine(world.table);
    expect(kept).toHaveLength(900 - attestations.length);
    for (const { reason } of kept)
      expect(reason).toBe(
        'item: got m-1 with more than an item holds, 400 KB; allowed: fewer or shorter facts',
      );
    expect(counts.quarantined).toBe(kept.length);
    for (const { participantId } of others)
      expect((await historyOf(world, participantId)).days).toHaveLength(1);
    // It takes no more, and still takes what is shorter: a version of one that is there.
    const after = [{ ...heavy(0), verifiedBy: 'desk', revision: 2 }, sales('2024-08-02', 1)];
    expect(await world.ingest(after, ON)).toMatchObject({ accepted: 2, quarantined: 0 });
  });

  it('15. where the table counts more than we do: one by one, and the one too many is quarantined', async () => {
    const world = await db.world();
    let writes = 0;
    const full = world.around(async (call, send) => {
      if (!at('update', 'P#m-1 ')(call) || ++writes === 2) return send();
      const message = 'Item size to update has exceeded the maximum allowed size';
      throw Object.assign(new Error(message), { name: 'ValidationException' });
    });
    const facts = [
      attestation({ id: 'a-1' }),
      attestation({ id: 'a-2' }),
      sales('2024-08-01', 1, { by: 'm-2' }),
    ];
    const counts = await ingest(full, lines(facts), ON);
    expect(counts).toEqual({ accepted: 2, unchanged: 0, superseded: 0, quarantined: 1 });
    const [row, ...others] = await readQuarantine(world.table);
    expect([JSON.parse(row?.raw ?? ''), others]).toEqual([attestation({ id: 'a-2' }), []]);
  });

  it('15. a participant for whom the table fails stops no other: they are written, then it is told', async () => {
    const world = await db.world();
    const failing = world.around(async (call, send) => {
      if (at('update', 'P#m-3 ')(call)) throw new Error('throttled');
      return send();
    });
    const facts = times(40, (index) => sales('2024-08-01', 1, { by: `m-${index}` }));
    await expect(ingest(failing, lines(facts), ON)).rejects.toThrow('throttled');
    for (const { participantId } of facts)
      expect((await historyOf(world, participantId)).days).toHaveLength(participantId === 'm-3' ? 0 : 1);
    expect(await world.ingest(facts, ON)).toMatchObject({ accepted: 1, unchanged: 39 });
  });

  it('15. a day that has expired and is still there is written over, and read again', async () => {
    const world = await db.world();
    await world.at('2024-08-10').ingest([sales('2024-08-01', 1)], ON);
    world.at('2025-10-01');
    expect((await historyOf(world)).days).toEqual([]);
    expect(await world.ingest([sales('2024-08-01', 2, { revision: 2 })], '2025-10-01')).toMatchObject({
      accepted: 1,
    });
    expect((await historyOf(world)).days).toMatchObject([{ sales: { grossFen: 2 } }]);
  });
});
