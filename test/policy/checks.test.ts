/** A program that could pay wrongly does not load: each check, with an example that fails it. */
import { describe, expect, it } from 'vitest';
import { CATALOGUE, findProgram } from '../../shared/policy/catalogue.ts';
import { checkProgram } from '../../shared/policy/checks.ts';
import type { IncentiveOf, Program } from '../../shared/policy/schema.ts';
import { InputError } from '../../shared/values/validation.ts';

/** `treasure-host` with a change. */
function changed(change: (program: Program) => void): Program {
  const program = structuredClone(findProgram('treasure-host'));
  change(program);
  return program;
}

const checking = (change: (program: Program) => void) => () => checkProgram(changed(change));
const version = (program: Program) => program.versions[0]!;

function incentive<K extends 'window-ladder' | 'milestone' | 'monthly' | 'campaign-day'>(
  program: Program,
  kind: K,
) {
  return version(program).incentives.find((one): one is IncentiveOf<K> => one.kind === kind)!;
}

describe('the programs', () => {
  it.each(CATALOGUE.map((program) => [program.program, program] as const))(
    '%s passes its checks',
    (_, program) => {
      expect(checkProgram(structuredClone(program))).toEqual(program);
    },
  );

  it('are found by name, and an unknown one is refused with the names there are', () => {
    expect(findProgram('treasure-host').platform).toBe('xiaohongshu');
    expect(() => findProgram('gold-rush')).toThrow(InputError);
    expect(() => findProgram('gold-rush')).toThrow(/program: got "gold-rush"; allowed: treasure-host/);
  });
});

describe('a program is refused', () => {
  it.each<[string, (program: Program) => void, RegExp]>([
    [
      'whose rungs do not ascend',
      (p) => void Object.assign(incentive(p, 'milestone').rungs[1]!, { atFen: 1_000_000 }),
      /first-jump: .*50000 at 1000000 fen is not above 10000 at 1000000/,
    ],
    [
      'whose window rungs do not ascend',
      (p) => void Object.assign(incentive(p, 'window-ladder').sales.rungs[0]!, { atFen: 9_000_000 }),
      /new-host: .*growth-2 at 500000 fen is not above growth-1/,
    ],
    [
      'with a rung twice',
      (p) => void Object.assign(incentive(p, 'milestone').rungs[1]!, { name: '10000' }),
      /10000 stands twice/,
    ],
    [
      '14. of which an incentive with a limit of its own is called like a pool',
      (p) => {
        incentive(p, 'monthly').reward.limit = 1_000;
        version(p).incentives.find(({ id }) => id === 'steady')!.id = 'exposure';
      },
      /exposure: has a limit of its own, and a pool has its name/,
    ],
    [
      'that pays from a pool it does not have',
      (p) => void Object.assign(incentive(p, 'monthly').reward, { pool: 'gold' }),
      /steady: pool gold is not one of exposure/,
    ],
    [
      'that pays another unit than its pool holds',
      (p) => void Object.assign(incentive(p, 'monthly').reward, { unit: 'fen' }),
      /steady: pays fen from pool exposure, which holds exposure/,
    ],
    [
      'whose campaign ends before it starts',
      (p) => void Object.assign(incentive(p, 'campaign-day'), { to: '2024-07-31' }),
      /opening-sprint: ends on 2024-07-31, before it starts on 2024-08-01/,
    ],
    [
      'with two incentives of one name',
      (p) => void Object.assign(incentive(p, 'monthly'), { id: 'first-jump' }),
      /first-jump: two incentives would name their occasions alike/,
    ],
    [
      'with an incentive named like a window',
      (p) => void Object.assign(incentive(p, 'monthly'), { id: 'w1' }),
      /w1: two incentives would name their occasions alike/,
    ],
    [
      'with a first month before its program',
      (p) => void Object.assign(incentive(p, 'monthly'), { firstMonth: '2024-06' }),
      /steady: first month 2024-06 is before its program/,
    ],
    [
      'with a number of unknown origin',
      (p) => void delete p.provenance['steady.amount'],
      /steady\.amount: neither published nor assumed/,
    ],
    [
      'with an origin of no number',
      (p) => void Object.assign(p.provenance, { 'steady.bonus': 'assumed' }),
      /provenance of steady\.bonus: no such number/,
    ],
    [
      'with a version that ends before it starts',
      (p) => void Object.assign(version(p), { to: '2024-07-01' }),
      /version 2024-07-24 ends on 2024-07-01, before it starts/,
    ],
    [
      'with versions that overlap',
      (p) => void addVersion(p, '2024-09-02', '2024-09-02'),
      /2024-07-24 ends 2024-09-02 and next starts 2024-09-02: versions do not overlap/,
    ],
    [
      'with a version that does not start after the one before it',
      (p) => void addVersion(p, undefined, '2024-07-24'),
      /version next starts on 2024-07-24, not after 2024-07-24, 2024-07-24/,
    ],
    [
      'with a version twice',
      (p) => void Object.assign(addVersion(p, '2024-09-01', '2024-09-02'), { version: '2024-07-24' }),
      /version 2024-07-24 stands twice/,
    ],
  ])('%s', (_, change, message) => {
    expect(checking(change)).toThrow(message);
  });

  it.each<[string, (program: Program) => void, RegExp]>([
    [
      'an unknown key',
      (p) => void Object.assign(incentive(p, 'monthly'), { bonus: 1 }),
      /bonus: unknown key/,
    ],
    [
      'a float',
      (p) => void Object.assign(incentive(p, 'monthly'), { amount: 0.5 }),
      /amount: got 0.5; allowed: a whole number/,
    ],
    [
      'an amount of nothing',
      (p) => void Object.assign(incentive(p, 'monthly'), { amount: 0 }),
      /amount: got 0; allowed: a whole number of at least 1/,
    ],
    ['a negative limit', (p) => void Object.assign(p.pools.exposure!, { limit: -1 }), /limit: got -1/],
    [
      'a name with a slash',
      (p) => void Object.assign(incentive(p, 'monthly'), { id: 'steady/x' }),
      /id: got "steady\/x"; allowed: a lower-case name/,
    ],
    [
      'another zone than that of the facts',
      (p) => void Object.assign(p, { zone: 'UTC' }),
      /zone: got "UTC"; allowed: Asia\/Shanghai/,
    ],
    [
      'a month 13',
      (p) => void Object.assign(incentive(p, 'monthly'), { firstMonth: '2024-13' }),
      /firstMonth: got "2024-13"; allowed: a month as YYYY-MM/,
    ],
    [
      'no versions',
      (p) => void Object.assign(p, { versions: [] }),
      /versions: got \[\]; allowed: at least one version/,
    ],
  ])('by its schema: %s', (_, change, message) => {
    expect(checking(change)).toThrow(InputError);
    expect(checking(change)).toThrow(message);
  });

  it('with all its faults at once', () => {
    const both = checking((program) => {
      incentive(program, 'monthly').reward.pool = 'gold';
      incentive(program, 'campaign-day').to = '2024-07-31';
    });
    expect(both).toThrow(/pool gold[\s\S]*ends on 2024-07-31/);
  });
});

describe('1. versions', () => {
  const second = (program: Program, from: string, more: Partial<Program['versions'][number]> = {}) =>
    void program.versions.push({ ...structuredClone(version(program)), version: 'second', from, ...more });

  it('may have dates under none between them', () => {
    expect(checking((p) => void addVersion(p, '2024-08-31', '2024-10-01'))).not.toThrow();
  });

  it.each<[string, Parameters<typeof second>[1], string, RegExp | undefined]>([
    ['starts with the version that it names', '2024-07-24', '2024-07-24', undefined],
    ['starts within its dates', '2024-08-10', '2024-07-24', undefined],
    [
      'starts before it',
      '2024-07-23',
      '2024-07-24',
      /second starts on 2024-07-23, and stands after 2024-07-24/,
    ],
    [
      'names a version that is none',
      '2024-08-10',
      'first',
      /second supersedes first, .* in force on 2024-08-10 is 2024-07-24/,
    ],
    ['names itself', '2024-08-10', 'second', /second supersedes second, .* is 2024-07-24/],
  ])('one that supersedes and %s', (_, from, supersedes, message) => {
    const check = checking((p) => second(p, from, { supersedes }));
    if (message === undefined) expect(check).not.toThrow();
    else expect(check).toThrow(message);
  });

  it('one that supersedes names the one in force on its first day, not one that has ended', () => {
    const check = checking((p) => {
      addVersion(p, '2024-08-31', '2024-09-01');
      second(p, '2024-09-10', { supersedes: '2024-07-24' });
    });
    expect(check).toThrow(/second supersedes 2024-07-24, .* in force on 2024-09-10 is next/);
    const inGap = checking((p) => {
      addVersion(p, '2024-08-31', '2024-10-01');
      p.versions.splice(1, 0, {
        ...structuredClone(version(p)),
        version: 'second',
        from: '2024-09-10',
        supersedes: '2024-07-24',
      });
      delete p.versions[1]!.to;
    });
    expect(inGap).toThrow(/in force on 2024-09-10 is none/);
  });

  it('one that supersedes ends before the next starts, which starts after the one that is superseded all the same', () => {
    const between = (to: string | undefined) =>
      checking((p) => {
        addVersion(p, '2024-08-31', '2024-09-01');
        const one = {
          ...structuredClone(version(p)),
          version: 'second',
          from: '2024-08-10',
          supersedes: '2024-07-24',
        };
        delete one.to;
        p.versions.splice(1, 0, to === undefined ? one : { ...one, to });
      });
    expect(between(undefined)).not.toThrow();
    expect(between('2024-08-31')).not.toThrow();
    expect(between('2024-09-01')).toThrow(
      /second ends 2024-09-01 and next starts 2024-09-01: versions do not overlap/,
    );
  });
});

describe('1. names of occasions', () => {
  const event = (program: Program) => structuredClone(program.versions[0]!);

  /** The 618 plan with a second edition. */
  function editions(change: (next: Program['versions'][number]) => void = () => {}): Program {
    const program = structuredClone(findProgram('channels-618'));
    const next = event(program);
    Object.assign(next, { version: '2025-618', from: '2025-05-20', to: '2025-06-20' });
    for (const one of next.incentives) Object.assign(one, { from: next.from, to: next.to, prefix: '2025/' });
    change(next);
    program.versions.push(next);
    return program;
  }

  it('of two editions of an event differ by a prefix, in each of its incentives', () => {
    expect(() => checkProgram(editions())).not.toThrow();
    const without = (id: string) =>
      editions((next) => {
        for (const one of next.incentives) if (one.id === id && 'prefix' in one) delete one.prefix;
      });
    expect(() => checkProgram(without('growth-card'))).toThrow(
      /2025-618 growth-card-1: two incentives would name their occasions alike, growth-card of 2024-618 and growth-card of 2025-618/,
    );
    expect(() => checkProgram(without('fee-rate'))).toThrow(/2025-618 fee-rate: two incentives would name/);
  });

  it('may be alike in a version in which the event takes no effect, and in one that supersedes', () => {
    const goesOn = editions((next) => {
      const first = findProgram('channels-618').versions[0]!;
      next.incentives = structuredClone(first.incentives);
    });
    expect(() => checkProgram(goesOn)).not.toThrow();
    const mended = editions((next) => {
      const first = findProgram('channels-618').versions[0]!;
      Object.assign(next, {
        from: first.from,
        to: first.to,
        supersedes: first.version,
        incentives: structuredClone(first.incentives),
      });
    });
    expect(() => checkProgram(mended)).not.toThrow();
  });

  it.each([
    ['a word', '2025'],
    ['two slashes', '2025//'],
    ['capitals', 'Y25/'],
  ])('have no prefix of %s', (_, prefix) => {
    const program = editions((next) => {
      for (const one of next.incentives) Object.assign(one, { prefix });
    });
    expect(() => checkProgram(program)).toThrow(
      /prefix: got .*; allowed: a lower-case name in kebab-case and a slash/,
    );
  });

  it('of two incentives differ in whatever versions they are', () => {
    const renamed = checking((p) => {
      const next = addVersion(p, undefined, '2024-09-01');
      next.incentives = next.incentives.filter(({ id }) => id !== 'steady');
      const ladder = next.incentives.find((one) => one.kind === 'window-ladder');
      Object.assign(ladder!, { id: 'other-host', prefix: 'w' });
      Object.assign(next.incentives.find((one) => one.kind === 'window-rollup')!, {
        windowsOf: 'other-host',
      });
    });
    expect(renamed).toThrow(
      /next w: two incentives would name .*, new-host of 2024-07-24 and other-host of next/,
    );
  });
});

function addVersion(program: Program, endOfFirst: string | undefined, from: string) {
  const first = version(program);
  const next = { ...structuredClone(first), version: 'next', from };
  for (const one of next.incentives) if ('firstMonth' in one) one.firstMonth = '2024-09';
  if (endOfFirst === undefined) delete first.to;
  else first.to = endOfFirst;
  program.versions.push(next);
  return next;
}
