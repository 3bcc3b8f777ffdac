/** One account cannot be live twice at once: which of overlapping sessions count, and what rests on it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { activityOf } from '../../shared/engine/activity.ts';
import type { Fact } from '../../shared/facts/schema.ts';
import { Desk, decided, TREASURE_HOST } from '../support/engine.ts';
import { merchant, sanction, session } from '../support/facts.ts';

const ON = '2024-08-01';
const at = (id: string, time: string, minutes: number, date = ON) => session(date, { id, at: time, minutes });

/** The ids of the sessions that count, by day. */
function counted(...facts: readonly Fact[]): string[][] {
  const history = new Desk().learn(merchant(), ...facts).history('2024-01-01');
  return activityOf(TREASURE_HOST, history, '2024-12-31').days.map(({ sessions }) =>
    sessions.map(({ id }) => id),
  );
}

describe('33. of sessions that overlap', () => {
  it('case 18: 20:00-21:00 and 20:15-21:30 are one, of 60 minutes, and one cold start', () => {
    const desk = decided(ON, merchant(), at('a', '20:00', 60), at('b', '20:15', 75));
    expect(desk.sumsOf('w1/cold')).toEqual({ 'w1/cold-1': '20000 exposure' });
    expect(desk.decision('opening-sprint/2024-08-01', ON)?.evidence).toMatchObject({ minutes: 60 });
  });

  it('one that starts as the last that counted ends counts, a millisecond before it does not', () => {
    const first = at('a', '20:00', 60);
    const before = { ...at('b', '21:00', 60), startedAt: '2024-08-01T12:59:59.999Z' };
    expect(counted(first, at('b', '21:00', 60))).toEqual([['a', 'b']]);
    expect(counted(first, before)).toEqual([['a']]);
  });

  it('one that does not count stops none: it is the end of the last that counted that matters', () => {
    expect(counted(at('a', '20:00', 60), at('b', '20:30', 90), at('c', '21:00', 30))).toEqual([['a', 'c']]);
  });

  it('one that is not valid for another reason stops none', () => {
    const cases = [
      { hasCart: false },
      { recorded: true },
      { withdrawn: true },
      { endedAt: session(ON, { at: '20:00', minutes: 29 }).endedAt },
    ];
    for (const more of cases) {
      expect(counted({ ...at('a', '20:00', 90), ...more }, at('b', '20:10', 30))).toEqual([['b']]);
    }
  });

  it('one that runs past midnight stops none of the next day', () => {
    const next = '2024-08-02';
    expect(counted(at('a', '23:00', 180), at('b', '00:30', 60, next))).toEqual([['a'], ['b']]);
  });

  it('at one start the smaller id counts, by code unit', () => {
    expect(counted(at('m-2', '20:00', 60), at('m-10', '20:00', 30))).toEqual([['m-10']]);
  });

  it('a late one may lower what a later one earned', () => {
    const desk = decided(ON, merchant(), at('b', '20:30', 45), at('c', '21:15', 45));
    expect(desk.sumsOf('w1/cold')).toEqual({ 'w1/cold-1': '20000 exposure', 'w1/cold-2': '20000 exposure' });
    desk.learn(at('a', '20:00', 90));
    desk.run('2024-08-02');
    expect(desk.sumsOf('w1/cold')).toEqual({ 'w1/cold-1': '20000 exposure' });
    expect(desk.last('w1/cold-2')).toMatchObject({ amount: -20_000, reason: 'session-overlaps' });
  });

  it('a sanction that voids the day voids them all', () => {
    expect(counted(at('a', '20:00', 60), at('b', '20:15', 60), sanction(ON, ON, { scope: 'void' }))).toEqual(
      [],
    );
  });

  it('whatever they are, those that count do not overlap, and each that does not meets one that does', () => {
    const sessions = fc.uniqueArray(
      fc.record({
        id: fc.stringMatching(/^[a-z][0-9]$/),
        start: fc.nat(600),
        minutes: fc.integer({ min: 30, max: 300 }),
      }),
      { selector: ({ id }) => id, minLength: 1, maxLength: 12 },
    );
    const midnight = Date.parse('2024-08-01T00:00:00+08:00');
    const instant = (minute: number) => new Date(midnight + minute * 60_000).toISOString();
    fc.assert(
      fc.property(sessions, (drawn) => {
        const facts = drawn.map(({ id, start, minutes }) => ({
          ...session(ON, { id }),
          startedAt: instant(start),
          endedAt: instant(start + minutes),
        }));
        const ids = new Set(counted(...facts).flat());
        const counting = drawn.filter(({ id }) => ids.has(id)).sort((a, b) => a.start - b.start);
        for (const [index, { start }] of counting.entries()) {
          const before = counting[index - 1];
          if (before !== undefined) expect(before.start + before.minutes).toBeLessThanOrEqual(start);
        }
        for (const { id, start } of drawn) {
          if (ids.has(id)) continue;
          const met = counting.some((one) => one.start <= start && start < one.start + one.minutes);
          expect(met, `${id} at ${start}`).toBe(true);
        }
      }),
    );
  });
});
