/** How far back anything is read follows from the policy's own numbers. */
import { describe, expect, it } from 'vitest';
import { findProgram } from '../../shared/policy/catalogue.ts';
import { checkProgram } from '../../shared/policy/checks.ts';
import {
  LATE_AFTER_DAYS,
  memberReadsFrom,
  RETENTION_DAYS,
  reachDays,
  seenDays,
} from '../../shared/policy/reach.ts';
import type { Incentive, Program } from '../../shared/policy/schema.ts';
import { springVoices } from '../support/programs-third.ts';

const treasureHost = findProgram('treasure-host');
const channels618 = findProgram('channels-618');

/** The program with its incentives changed, in all versions. */
function changed(program: Program, change: (incentive: Incentive) => void): Program {
  const other = structuredClone(program);
  for (const { incentives } of other.versions) incentives.forEach(change);
  return other;
}

const silent = (silenceDays: number) =>
  changed(
    treasureHost,
    (one) => void (one.kind === 'window-ladder' && Object.assign(one.opens, { silenceDays })),
  );
const lagging = (decidedAfterDays: number) =>
  changed(
    treasureHost,
    (one) => void ('decidedAfterDays' in one && Object.assign(one, { decidedAfterDays })),
  );
const eventTo = (to: string) =>
  changed(channels618, (one) => void ('from' in one && Object.assign(one, { to })));

describe('9. the reach of a scheduled run', () => {
  it('is 120 days for both programs: a month, the one before, 15 days of lag, a day, and six weeks for late facts', () => {
    expect(reachDays(treasureHost)).toBe(31 + 31 + 15 + 1 + 42);
    expect(reachDays(channels618)).toBe(120);
  });

  it.each([
    [silent(30), 120],
    [silent(31), 121],
    [silent(45), 135],
    [silent(150), 240],
    [lagging(16), 121],
    [lagging(45), 150],
    [eventTo('2024-08-04'), 120],
    [eventTo('2024-08-05'), 121],
    [eventTo('2024-12-31'), 269],
  ])('follows from silence, lags and lengths: %#', (program, days) => {
    expect(reachDays(program)).toBe(days);
  });

  it('is that of the version that asks for most', () => {
    const [v1] = treasureHost.versions;
    const [longer] = silent(150).versions;
    expect(
      reachDays({ ...treasureHost, versions: [v1!, { ...longer!, version: 'next', from: '2025-01-01' }] }),
    ).toBe(240);
  });

  it('is at least 120 days, and facts that come 115 days late or later are looked at more closely', () => {
    expect(reachDays(checkProgram({ ...springVoices, provenance: springVoices.provenance }))).toBe(120);
    expect(LATE_AFTER_DAYS).toBe(115);
  });

  it.each<[string, Program, RegExp | undefined]>([
    ['a silence of 310 days', silent(310), undefined],
    [
      'a silence of 311 days',
      silent(311),
      /agency-pool: rests on 358 days of facts until it is decided, and runs can see at most 357/,
    ],
    ['a lag of 295 days', lagging(295), undefined],
    ['a lag of 296 days', lagging(296), /top-creator: rests on 358 days/],
    ['an event of 357 days', eventTo('2025-05-11'), undefined],
    ['an event of 358 days', eventTo('2025-05-12'), /growth-card: rests on 358 days of facts/],
  ])('within the days for which facts are kept: %s', (_, program, message) => {
    if (message === undefined) {
      expect(reachDays(checkProgram(program))).toBe(RETENTION_DAYS);
    } else expect(() => checkProgram(program)).toThrow(message);
  });
});

describe('9. what members do in a month', () => {
  it.each([
    [treasureHost, '2024-08', '2024-07-01'],
    [treasureHost, '2024-12', '2024-10-31'],
    [treasureHost, '2025-03', '2025-01-29'],
    [silent(45), '2024-08', '2024-06-16'],
    [silent(150), '2024-08', '2024-03-03'],
    [channels618, '2024-06', '2024-05-01'],
  ])('is read from the month before it, or the silence before its first day: %#', (program, month, from) => {
    expect(memberReadsFrom(program, month)).toBe(from);
  });

  it('is not moved by a version that starts after it', () => {
    const [v1] = treasureHost.versions;
    const [longer] = silent(150).versions;
    const both = { ...treasureHost, versions: [v1!, { ...longer!, version: 'next', from: '2024-09-01' }] };
    expect(memberReadsFrom(both, '2024-08')).toBe('2024-07-01');
    expect(memberReadsFrom(both, '2024-09')).toBe('2024-04-03');
  });
});

describe('9. a move that shows in the facts', () => {
  it.each([
    [treasureHost, 28],
    [silent(45), 28],
    [silent(14), 15],
    [silent(1), 2],
    [checkProgram(springVoices), 7],
    [channels618, 28],
  ])('is shorter than a silence, a month, or a week where rungs are weekly: %#', (program, days) => {
    expect(seenDays(program.versions[0]!)).toBe(days);
  });
});
