/**
 * Random seasons: what happens to a few merchants, how the news of it comes, and what operators, schedules and crashes
 * do in the meantime. However it went, one clean run at the end has the last word.
 */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Fact } from '../../shared/facts/schema.ts';
import { HeldError, resumeRun } from '../../shared/pipeline/run-here.ts';
import { readPools } from '../../shared/store/budget-item.ts';
import { readControl } from '../../shared/store/control.ts';
import { addDays, datesBetween } from '../../shared/values/calendar.ts';
import { InputError } from '../../shared/values/validation.ts';
import { Crash, type Fault, faulty } from '../support/faults.ts';
import { agency } from '../support/programs.ts';
import { grantedFrom, LEASE_MS, PROGRAM, type World } from '../support/world.ts';
import { type Arrival, arrivals } from '../support/worlds.ts';
import { apply, plan, verified } from './operator.ts';

/** Something done on the evening of a day, after its facts have arrived. */
type Step =
  | { does: 'daily' | 'daily twice' | 'month end' | 'backfill' | 'plan' | 'apply' | 'resume' }
  | { does: 'backfill one'; participant: string }
  /** A run that fails at one of its calls to the table. */
  | { does: 'crash'; of: 'daily' | 'backfill' | 'apply'; call: number; fault: Fault };

export interface Season {
  /** What is known, and when. */
  arrivals: Arrival[];
  /** What is done, from the first day on. */
  steps: Step[][];
}

export interface Span {
  from: string;
  to: string;
  /** The day of the clean run at the end, when all that is adjusted later has fallen due. */
  last: string;
  late: number;
  maxFacts: number;
}

const MERCHANTS = ['m-1', 'm-10', 'm-2'];
const AGENCIES = ['a-1', 'a-2'];
const FEES_PERCENT = 5;
/** Most of the larger amounts are taken back in the end: what was granted has to be lowered. */
const REFUNDED_MULTIPLE = 4;
const MOST_CALLS = 60;

/** Any season of a span. */
export function seasons(span: Span): fc.Arbitrary<Season> {
  const each = MERCHANTS.map((by) =>
    fc.tuple(arrivals({ ...span, by }), ties, ties, fc.integer({ min: 0, max: span.late })),
  );
  const told = fc
    .tuple(...each)
    .map((merchants) => [
      ...AGENCIES.map((id) => ({ on: span.from, fact: agency(id) as Fact })),
      ...merchants.flatMap(([facts, before, after, changesOn]) =>
        facts.flatMap((arrival) => tie(arrival, before, after, changesOn)),
      ),
    ]);
  const days = datesBetween(span.from, span.to).length;
  const evening = fc.array(step, { maxLength: 2 });
  return fc.record({
    arrivals: told,
    steps: fc.array(evening, { minLength: days, maxLength: days }),
  });
}

interface Ties {
  agencyId: string | null;
  entityId: string | null;
}

const ties: fc.Arbitrary<Ties> = fc.record({
  agencyId: fc.constantFrom(null, ...AGENCIES),
  entityId: fc.constantFrom(null, 'e-1', 'e-2'),
});

/** Gives a merchant an owner and an agency, and others later; and a day's sales their fees, and a refund later. */
function tie({ on, fact }: Arrival, before: Ties, after: Ties, days: number): Arrival[] {
  if (fact.type === 'sales') {
    const feesFen = Math.floor(((fact.grossFen - fact.refundedFen) * FEES_PERCENT) / 100);
    const sold = { on, fact: { ...fact, feesFen } };
    if (fact.grossFen % REFUNDED_MULTIPLE !== 0) return [sold];
    const refunded = { ...fact, refundedFen: fact.grossFen, feesFen: 0, revision: fact.revision + 2 };
    return [sold, { on: addDays(on, days), fact: refunded }];
  }
  if (fact.type !== 'participant') return [{ on, fact }];
  const tied = ({ agencyId, entityId }: Ties) => ({
    ...fact,
    ...(agencyId === null ? {} : { memberships: [{ agencyId, from: '2024-01-01' }] }),
    ...(entityId === null ? {} : { entityId }),
  });
  return [
    { on, fact: tied(before) },
    { on: addDays(on, days), fact: { ...tied(after), revision: 2 } },
  ];
}

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constantFrom('daily', 'daily twice', 'month end', 'backfill', 'plan', 'apply', 'resume'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant('backfill one' as const),
      participant: fc.constantFrom(...MERCHANTS),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constant('crash' as const),
      of: fc.constantFrom('daily' as const, 'backfill' as const, 'apply' as const),
      call: fc.integer({ min: 1, max: MOST_CALLS }),
      fault: fc.constantFrom<Fault>('dies', 'lost', 'unheard'),
    }),
  },
);

/**
 * Lives a season to its end, and then runs once over all of it. Gives how often something was refused or failed.
 * @param look looks at the world after each step.
 */
export async function live(
  world: World,
  { arrivals, steps }: Season,
  span: Span,
  look: (when: string) => Promise<void> = async () => {},
): Promise<number> {
  let failures = 0;
  let shown = '';
  for (const date of datesBetween(span.from, span.last)) {
    const facts = arrivals.filter(({ on }) => on === date).map(({ fact }) => fact);
    world.at(date, '21:00');
    if (facts.length > 0) await world.ingest(facts, date);
    for (const does of steps[datesBetween(span.from, date).length - 1] ?? []) {
      try {
        shown = await act(world.wait(LEASE_MS), does, date, span.from, shown);
      } catch (error) {
        if (!isExpected(error)) throw error;
        failures++;
      }
      const when = `${date} ${JSON.stringify(does)}`;
      await expectWithinLimits(world, when);
      await look(when);
    }
  }
  await end(world, span);
  return failures;
}

/** Learns all at once, and runs once. */
export async function learnAtOnce(world: World, { arrivals }: Season, span: Span): Promise<void> {
  await world.at(span.last, '21:00').ingest(
    arrivals.map(({ fact }) => fact),
    span.last,
  );
  await end(world, span);
}

async function end(world: World, span: Span): Promise<void> {
  await world.at(span.last, '23:00').backfill('2024-06-20', span.last);
}

/** @returns the plan that was last shown. */
async function act(world: World, step: Step, date: string, first: string, shown: string): Promise<string> {
  const daily = { job: 'daily', to: date };
  const backfill = { job: 'backfill', from: first, to: date };
  switch (step.does) {
    case 'daily':
      await world.run(daily);
      return shown;
    case 'daily twice': {
      const both = await Promise.allSettled([world.run(daily), world.run(daily)]);
      const failed = both.filter((one) => one.status === 'rejected');
      for (const { reason } of failed) if (!isExpected(reason)) throw reason;
      return shown;
    }
    case 'month end':
      await world.run({ job: 'month-end', from: '2024-07-01', to: '2024-07-31', asOf: date });
      return shown;
    case 'backfill':
      await world.run(backfill);
      return shown;
    case 'backfill one':
      await world.run({ ...backfill, participants: [step.participant] });
      return shown;
    case 'plan':
      return (await plan(world, backfill)).difference.plan;
    case 'apply':
      if (shown !== '') await apply(world, shown);
      return '';
    case 'resume': {
      const { writer } = await readControl(world.table, PROGRAM);
      if (writer !== undefined) await resumeRun(world.services, PROGRAM, writer, `resume-${date}`);
      return shown;
    }
    case 'crash': {
      const { client } = faulty(world.table.client, step.fault, step.call);
      const services = world.through(client);
      if (step.of === 'apply') {
        const { difference } = await plan(world, backfill);
        await world.run({ ...backfill, asOf: date, plan: difference.plan }, { services });
      } else await world.run(step.of === 'daily' ? daily : backfill, { services });
      return shown;
    }
  }
}

/** A call that failed, a program that is held or was overtaken, a plan or a date that stands no more. */
function isExpected(error: unknown): boolean {
  return (
    error instanceof Crash ||
    error instanceof HeldError ||
    error instanceof InputError ||
    (error instanceof Error && /was overtaken/.test(error.message))
  );
}

/** What is granted and what is left never pass a limit, whatever crashed. */
async function expectWithinLimits(world: World, when: string): Promise<void> {
  const entries = await world.entries();
  for (const { pool, limit, left } of await readPools(world.table, PROGRAM)) {
    expect(left + grantedFrom(entries, pool), `${pool} after ${when}`).toBeLessThanOrEqual(limit);
  }
}

/** The same sums, pools that say what the entries do, and nothing that a verification would name. */
export async function expectSameEnd(lived: World, clean: World): Promise<void> {
  expect(await lived.ledger()).toEqual(await clean.ledger());
  for (const world of [lived, clean]) {
    const entries = await world.entries();
    for (const { pool, limit, left, reserved } of await readPools(world.table, PROGRAM)) {
      expect({ pool, left, reserved }).toEqual({
        pool,
        left: limit - grantedFrom(entries, pool),
        reserved: 0,
      });
    }
    expect((await verified(world)).differences).toEqual([]);
  }
}
