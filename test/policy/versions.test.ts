/** A version is known by its content: its hash follows every number, and nothing that is not a rule. */
import { describe, expect, it } from 'vitest';
import { CATALOGUE, findProgram } from '../../shared/policy/catalogue.ts';
import type { Program } from '../../shared/policy/schema.ts';
import { versionHash, versionHashes, versionLabel, versionOn } from '../../shared/policy/versions.ts';
import { numbersIn } from '../support/changes.ts';

const program = findProgram('treasure-host');
const hashOf = (one: Program) => versionHash(one, one.versions[0]!);

/** The value with every record's keys in reverse. */
function reversed<T>(value: T): T {
  if (Array.isArray(value)) return value.map(reversed) as T;
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, reversed(inner)]);
  return Object.fromEntries(entries.reverse()) as T;
}

/** Of every version that has shipped: a used one never changes, so these lines are only ever added to. */
const SHIPPED = {
  'treasure-host': { '2024-07-24': '1b329cf33cb0f706a7ff599278a22f9e' },
  'channels-618': { '2024-618': 'eeec07232bb4ebf44b55d158b9a62174' },
};

describe('the hash of a version', () => {
  it('1. that has shipped is what it was', () => {
    expect(Object.fromEntries(CATALOGUE.map((one) => [one.program, versionHashes(one)]))).toEqual(SHIPPED);
  });

  it.each(CATALOGUE.map((one) => [one.program, one] as const))('%s: changes with any number', (_, one) => {
    const [version] = one.versions;
    const paths = numbersIn(version);
    expect(paths.length).toBeGreaterThan(5);
    for (const path of paths) {
      const other = structuredClone(one);
      const holder = path
        .slice(0, -1)
        .reduce<Record<string, unknown>>(
          (value, key) => value[key] as Record<string, unknown>,
          other.versions[0] as unknown as Record<string, unknown>,
        );
      const key = String(path.at(-1));
      holder[key] = Number(holder[key]) + 1;
      expect(hashOf(other), path.join('.')).not.toBe(hashOf(one));
    }
  });

  it('does not change with the order of keys', () => {
    const other = reversed(program);
    expect(Object.keys(other)).not.toEqual(Object.keys(program));
    expect(hashOf(other)).toBe(hashOf(program));
  });

  it('does not change with where a number is said to come from, nor with a limit that operators move', () => {
    const other = structuredClone(program);
    other.provenance['steady.amount'] = 'published';
    other.pools.exposure!.limit += 1;
    expect(hashOf(other)).toBe(hashOf(program));
  });

  it('names a version in entries by its start', () => {
    const [version] = program.versions;
    expect(versionLabel(program, version!)).toBe(`2024-07-24@${hashOf(program).slice(0, 12)}`);
    expect(versionHashes(program)).toEqual({ '2024-07-24': hashOf(program) });
  });
});

describe('the version in force', () => {
  const [first] = program.versions;
  const two: Program = {
    ...program,
    versions: [
      { ...first!, to: '2024-08-31' },
      { ...first!, version: 'next', from: '2024-09-01', to: '2024-09-30' },
    ],
  };

  it.each([
    ['2024-07-23', undefined],
    ['2024-07-24', '2024-07-24'],
    ['2024-08-31', '2024-07-24'],
    ['2024-09-01', 'next'],
    ['2024-09-30', 'next'],
    ['2024-10-01', undefined],
  ])('on %s is %s', (date, version) => {
    expect(versionOn(two, date)?.version).toBe(version);
  });

  it('without an end is in force until the next one starts', () => {
    const open = { ...two, versions: [first!, two.versions[1]!] };
    expect(['2024-08-31', '2024-09-01'].map((date) => versionOn(open, date)?.version)).toEqual([
      '2024-07-24',
      'next',
    ]);
  });
});
