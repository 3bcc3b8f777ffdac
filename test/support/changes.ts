/** Versions that differ from another in anything at all: what a person may write into the next one. */
import fc from 'fast-check';
import { checkProgram } from '../../shared/policy/checks.ts';
import type { Incentive, PolicyVersion, Program } from '../../shared/policy/schema.ts';
import { addDays, addMonths, firstDay, monthOf } from '../../shared/values/calendar.ts';
import { withProvenance } from './programs.ts';

type Change = (version: PolicyVersion) => void;

/** A program with a second version from a date on, in which some things differ. */
export function nextVersions(program: Program, from: string): fc.Arbitrary<Program> {
  const [first] = program.versions;
  if (first === undefined) throw new Error('no version');
  return fc
    .array(anyChange(first, from), { minLength: 1, maxLength: 4 })
    .map((changes) => {
      const next: PolicyVersion = { ...structuredClone(first), version: 'next', from };
      for (const change of changes) change(next);
      return { ...program, versions: [first, next] };
    })
    .filter(isAllowed)
    .map((changed) => checkProgram(withProvenance(changed)));
}

function isAllowed(program: Program): boolean {
  try {
    checkProgram(withProvenance(program));
    return true;
  } catch {
    return false;
  }
}

/** One change of anything that a version says: a number, a name, a date, a `who`, an incentive. */
function anyChange(version: PolicyVersion, from: string): fc.Arbitrary<Change> {
  const ids = version.incentives.map(({ id }) => id);
  const anyId = fc.constantFrom(...ids);
  const dates = fc.integer({ min: -40, max: 40 }).map((days) => addDays(from, days));
  return fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...numbersIn(version)).chain(changeNumber) },
    { weight: 2, arbitrary: fc.constantFrom(1, 20, 31, 60, 240).map(changeMinutes) },
    {
      weight: 3,
      arbitrary: fc
        .tuple(anyId, anyWho)
        .map(([id, who]) => toIncentive(id, (one) => void Object.assign(one, { who }))),
    },
    {
      weight: 3,
      arbitrary: fc.tuple(anyId, fc.constantFrom('drop', 'rename', 'add'), fc.nat(3)).map(changeRungs),
    },
    { weight: 2, arbitrary: fc.tuple(anyId, dates, fc.nat(20)).map(changeDates) },
    {
      weight: 2,
      arbitrary: anyId.map(
        (id): Change =>
          (next) =>
            void Object.assign(next, { incentives: next.incentives.filter((one) => one.id !== id) }),
      ),
    },
    { weight: 1, arbitrary: anyId.map((id) => addCopy(id)) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('automatic' as const, 'never' as const).map(
        (mode): Change =>
          (next) => {
            for (const pool of Object.keys(next.corrections)) next.corrections[pool] = mode;
          },
      ),
    },
    { weight: 1, arbitrary: fc.constant<Change>(everyWeek) },
    {
      weight: 1,
      arbitrary: fc.constant<Change>((next) =>
        toLadder(next, (one) => void Object.assign(one, { prefix: 'x' })),
      ),
    },
  );
}

const anyWho: fc.Arbitrary<Incentive['who']> = fc.record({
  kinds: fc.subarray(['merchant' as const, 'creator' as const, 'agency' as const], { minLength: 1 }),
});

function toIncentive(id: string, change: (incentive: Incentive) => void): Change {
  return (next) => {
    for (const incentive of next.incentives) if (incentive.id === id) change(incentive);
  };
}

function toLadder(next: PolicyVersion, change: (one: Incentive & { kind: 'window-ladder' }) => void): void {
  for (const one of next.incentives) if (one.kind === 'window-ladder') change(one);
}

type Path = (string | number)[];

/** The paths of all numbers in a value. */
export function numbersIn(value: unknown, path: Path = []): Path[] {
  if (typeof value === 'number') return [path];
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) => numbersIn(inner, [...path, key]));
}

/** Any number, to less, more, far more, or least. */
function changeNumber(path: Path): fc.Arbitrary<Change> {
  const others = [
    (n: number) => Math.max(1, Math.floor(n / 2)),
    (n: number) => n + 1,
    (n: number) => n * 3,
    () => 1,
  ];
  return fc.constantFrom(...others).map(
    (other): Change =>
      (next) => {
        const holder = path
          .slice(0, -1)
          .reduce<unknown>((value, key) => Reflect.get(Object(value), key), next);
        const key = path.at(-1) ?? '';
        if (typeof holder === 'object' && holder !== null && typeof Reflect.get(holder, key) === 'number')
          Reflect.set(holder, key, other(Number(Reflect.get(holder, key))));
      },
  );
}

function changeMinutes(minMinutes: number): Change {
  return (next) => void Object.assign(next, { validSession: { minMinutes } });
}

function changeRungs([id, how, which]: [string, string, number]): Change {
  return toIncentive(id, (incentive) => {
    const rungs =
      incentive.kind === 'window-ladder'
        ? incentive.sales.rungs
        : 'rungs' in incentive
          ? incentive.rungs
          : [];
    const rung = rungs[which % Math.max(1, rungs.length)];
    if (rung === undefined) return;
    if (how === 'rename') rung.name = `${rung.name}-new`;
    else if (how === 'add') rungs.push({ name: 'top', atFen: (rungs.at(-1)?.atFen ?? 0) + 1, amount: 7 });
    else rungs.splice(rungs.indexOf(rung), 1);
  });
}

function changeDates([id, date, days]: [string, string, number]): Change {
  return toIncentive(id, (incentive) => {
    if ('from' in incentive) Object.assign(incentive, { from: date, to: addDays(date, days) });
    if ('firstMonth' in incentive) incentive.firstMonth = addMonths(monthOf(date), days % 3);
    if ('firstFrom' in incentive) incentive.firstFrom = firstDay(monthOf(date));
  });
}

/** Another incentive of the same sort beside it, under another name. */
function addCopy(id: string): Change {
  return (next) => {
    const one = next.incentives.find((candidate) => candidate.id === id);
    if (one === undefined || next.incentives.some((other) => other.id === `${id}-more`)) return;
    const copy = structuredClone(one);
    copy.id = `${id}-more`;
    if (copy.kind === 'window-ladder') copy.prefix = 'more';
    next.incentives.push(copy);
  };
}

function everyWeek(next: PolicyVersion): void {
  for (const one of next.incentives) {
    if (one.kind === 'milestone') Object.assign(one, { every: 'week', firstFrom: '2025-07-28' });
  }
}
