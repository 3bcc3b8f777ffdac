/** An intake that stalls between marking somebody due and writing the fact: the fact is decided all the same. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ingest } from '../../shared/pipeline/ingest.ts';
import { readDue } from '../../shared/store/due.ts';
import type { Call } from '../../shared/store/table.ts';
import { addDays } from '../../shared/values/calendar.ts';
import { lines, merchant, session } from '../support/facts.ts';
import { at, stalledAfter, stalledBefore } from '../support/stalls.ts';
import { database, type World } from '../support/world.ts';

const db = database();
afterEach(() => void vi.restoreAllMocks());

const ON = '2024-08-01';
const FACTS = [merchant(), session(ON)];
const due = (world: World, date: string) => readDue(world.table, [date], [0, 1, 2, 3]);

/** Nights pass: the watermark comes to be past the day on which the stalled intake had marked. */
async function twoNights(world: World): Promise<void> {
  await world.daily(ON);
  await world.daily(addDays(ON, 1));
}

describe('26. an intake that stalls is decided by the next run', () => {
  const CALLS: [string, (call: Call) => boolean][] = [
    ['reading what stands', at('get-all', 'P#m-1')],
    ['marking', at('put-all', 'DUE#')],
    ['writing a session', at('update', 'DAY#')],
    ['writing a profile', at('update', 'PROFILE')],
  ];

  it.each(CALLS)('26. at %s, and wakes after daily runs have passed its day', async (_, call) => {
    const world = await db.world();
    const stalled = stalledBefore(world.at(ON, '12:00'), call, () => twoNights(world));
    await ingest(stalled, lines(FACTS), ON);
    expect(await world.ledger()).toEqual([]);
    await world.daily('2024-08-03');
    expect((await world.ledger()).some((row) => row.includes('w1/cold-1'))).toBe(true);
  });

  it.each(CALLS.slice(1))('26. after %s, before it hears the answer', async (_, call) => {
    const world = await db.world();
    const stalled = stalledAfter(world.at(ON, '12:00'), call, () => twoNights(world));
    await ingest(stalled, lines(FACTS), ON);
    await world.daily('2024-08-03');
    expect((await world.ledger()).some((row) => row.includes('w1/cold-1'))).toBe(true);
  });

  it('26. at the write, and then at the very marking that made good for it', async () => {
    const world = await db.world();
    const nights = ['2024-08-01', '2024-08-02', '2024-08-03', '2024-08-04'];
    const stalls = [at('update', 'DAY#'), at('put-all', 'DUE#2024-08-03')];
    const stalled = world.at(ON, '12:00').around(async (call, send) => {
      if (stalls[0]?.(call)) {
        stalls.shift();
        for (const night of nights.splice(0, 2)) await world.daily(night);
      }
      return send();
    });
    await world.ingest([merchant()], ON);
    await ingest(stalled, lines([session(ON)]), ON);
    expect([stalls, nights, await world.ledger()]).toEqual([[], [], []]);
    await world.daily('2024-08-05');
    expect((await world.ledger()).some((row) => row.includes('w1/cold-1'))).toBe(true);
  });

  it('26. by the clock of the machine or by that of the processor, whichever says more', async () => {
    const world = await db.world();
    const stalled = stalledBefore(world.at(ON, '23:50'), at('update', 'P#m-1'), async () => {
      const before = performance.now();
      vi.spyOn(performance, 'now').mockImplementation(() => before + 1_800_001);
      world.at('2024-08-02', '00:10');
    });
    await ingest(stalled, lines([session(ON)]), ON);
    expect(await due(world, '2024-08-02')).toEqual(['m-1']);
  });

  it('26. marks once, on its own day, when it takes half the grace or less', async () => {
    const world = await db.world();
    const slow = stalledBefore(world.at(ON, '23:45'), at('update', 'P#m-1'), async () => {
      world.at('2024-08-02', '00:14');
    });
    await ingest(slow, lines([session(ON)]), ON);
    expect([await due(world, ON), await due(world, '2024-08-02')]).toEqual([['m-1'], []]);
  });

  it('26. a date by hand that a run passes meanwhile: all that changed is due on today as well', async () => {
    const world = await db.world();
    let passed = false;
    const meanwhile = stalledBefore(world.at('2024-08-05'), at('update', 'P#m-1'), async () => {
      passed = true;
    });
    await ingest(meanwhile, lines(FACTS), ON, {
      hasPassed: async () => passed,
    });
    expect(await due(world, '2024-08-05')).toEqual(['m-1']);
    await ingest(world.services, lines([merchant('m-2')]), ON, { hasPassed: async () => false });
    expect(await due(world, '2024-08-05')).toEqual(['m-1']);
  });
});
