/** When a program's month ends are run, and when it is over. */
import { describe, expect, it } from 'vitest';
import { datesOf, parseRunInput } from '../../shared/pipeline/run-input.ts';
import { findProgram } from '../../shared/policy/catalogue.ts';
import { endsOn } from '../../shared/policy/reach.ts';
import { monthEndDays } from '../../shared/policy/schedules.ts';
import type { Program } from '../../shared/policy/schema.ts';

const treasureHost = findProgram('treasure-host');
const channels618 = findProgram('channels-618');

/** Treasure Host with one version for each list of lags: each lag decides a ranking, and nothing else has one. */
function withLags(...versions: number[][]): Program {
  const [version] = treasureHost.versions;
  const without = version!.incentives.filter((incentive) => !('decidedAfterDays' in incentive));
  const ranking = version!.incentives.find(({ kind }) => kind === 'ranking');
  return {
    ...treasureHost,
    versions: versions.map((lags) => ({
      ...version!,
      incentives: [
        ...without,
        ...lags.map((decidedAfterDays) => ({ ...ranking!, decidedAfterDays }) as typeof ranking & object),
      ],
    })),
  };
}

describe('the days of month ends', () => {
  it('follow the lags of the policies: 3 and 15 days ask for the 4th and the 16th', () => {
    expect(monthEndDays(treasureHost)).toEqual([1, 4, 16]);
  });

  it('are the first alone for a program without a lag, and for one without monthly incentives', () => {
    expect(monthEndDays(withLags([]))).toEqual([1]);
    expect(monthEndDays(withLags([0]))).toEqual([1]);
    expect(monthEndDays(channels618)).toEqual([1]);
  });

  it('are those of every version, each once and in order', () => {
    expect(monthEndDays(withLags([20, 3], [3, 9]))).toEqual([1, 4, 10, 21]);
  });

  it('are days that every month has', () => {
    expect(monthEndDays(withLags([27]))).toEqual([1, 28]);
    expect(monthEndDays(withLags([28, 30, 45]))).toEqual([1]);
  });

  it.each([
    ['2024-08-31T21:00:00Z', '2024-08-31'],
    ['2024-09-03T21:00:00Z', '2024-09-03'],
    ['2024-09-15T21:00:00Z', '2024-09-15'],
    // After a short month too.
    ['2024-03-15T21:00:00Z', '2024-03-15'],
  ])('are about the month before: %s is as of %s', (scheduledAt, asOf) => {
    const input = parseRunInput({
      program: 'treasure-host',
      job: 'month-end',
      scheduledAt,
      requestedBy: 'test',
    });
    const month = asOf.startsWith('2024-03')
      ? { from: '2024-02-01', to: '2024-02-29' }
      : { from: '2024-08-01', to: '2024-08-31' };
    expect(datesOf(input, { epoch: 0, state: 'idle', leaseUntil: 0 })).toEqual({ ...month, asOf });
  });
});

describe('the end of a program', () => {
  it('comes a horizon after its last version', () => {
    expect(endsOn(channels618)).toBe('2024-10-18');
    const [version] = channels618.versions;
    const next = { ...version!, version: 'next', from: '2024-06-21', to: '2024-06-30' };
    expect(endsOn({ ...channels618, versions: [version!, next] })).toBe('2024-10-28');
  });

  it('never comes while its last version is open', () => {
    expect(endsOn(treasureHost)).toBeUndefined();
    const { to: _to, ...open } = { ...channels618.versions[0]!, version: 'next', from: '2024-06-21' };
    expect(endsOn({ ...channels618, versions: [channels618.versions[0]!, open] })).toBeUndefined();
  });
});
