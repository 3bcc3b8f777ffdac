/** Random merchants, as fast-check sees them: what happened to each, and how the news of it arrived. */
import fc from 'fast-check';
import type { Fact } from '../../shared/facts/schema.ts';
import { addDays, businessDate, datesBetween } from '../../shared/values/calendar.ts';
import { attestation, merchant, sales, sanction, session } from './facts.ts';

/** A fact and the day it arrives on. */
export interface Arrival {
  on: string;
  fact: Fact;
}

interface WorldOptions {
  by?: string;
  from: string;
  to: string;
  /** How many days late a fact may be. */
  late: number;
  maxFacts?: number;
}

/** Amounts around the rungs: sums of a few cross them, both ways. */
const fen = fc.constantFrom(
  1,
  99_999,
  100_000,
  250_000,
  500_000,
  1_000_000,
  4_000_000,
  10_000_000,
  40_000_000,
);
const minutes = fc.constantFrom(29, 30, 60, 90, 120);
const times = fc.constantFrom('00:10', '09:00', '20:00', '23:50');

const sometimes = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });

/** The history of one merchant: every version of every fact, with the day on which it arrives, in any order. */
export function arrivals({
  by = 'm-1',
  from,
  to,
  late,
  maxFacts = 40,
}: WorldOptions): fc.Arbitrary<Arrival[]> {
  const day = fc.constantFrom(...datesBetween(from, to));
  const delay = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: late }));
  const broadcasts = fc
    .record({ day, at: times, minutes, delay, withdrawnAfter: sometimes(delay) })
    .map(({ day, at, minutes, delay, withdrawnAfter }) => {
      const first = session(day, { by, at, minutes });
      // No session is told of before the day on which it ends.
      const from = businessDate(Date.parse(first.endedAt), 'Asia/Shanghai');
      const told = [{ on: addDays(from, delay), fact: first as Fact }];
      if (withdrawnAfter !== null) {
        told.push({ on: addDays(from, withdrawnAfter), fact: { ...first, withdrawn: true, revision: 2 } });
      }
      return told;
    });
  const takings = fc
    .record({ day, fen, delay, refundAfter: sometimes(delay), share: fc.constantFrom(1, 2, 3) })
    .map(({ day, fen, delay, refundAfter, share }) => {
      const told: Arrival[] = [{ on: addDays(day, delay), fact: sales(day, fen, { by }) }];
      if (refundAfter !== null) {
        const refundedFen = Math.floor(fen / share);
        told.push({ on: addDays(day, refundAfter), fact: sales(day, fen, { by, refundedFen, revision: 2 }) });
      }
      return told;
    });
  const sanctions = fc
    .record({ day, length: fc.integer({ min: 0, max: 20 }), delay, scope: fc.constantFrom('pause', 'void') })
    .map(({ day, length, delay, scope }) => [
      { on: addDays(day, delay), fact: sanction(day, addDays(day, length), { by, scope: scope as 'pause' }) },
    ]);
  const attestations = fc.record({ day, delay, withdrawn: fc.boolean() }).map(({ day, delay, withdrawn }) => [
    {
      on: addDays(day, delay),
      fact: attestation({ by, id: `a-${day}`, verifiedOn: day, expiresOn: addDays(day, 60), withdrawn }),
    },
  ]);
  const profile = fc
    .record({
      delay: fc.integer({ min: 0, max: late }),
      bestMonthFen: fc.constantFrom(0, 1_000_000, 6_000_000),
      closedOn: sometimes(day),
    })
    .map(({ delay, bestMonthFen, closedOn }) => [
      {
        on: addDays(from, delay),
        fact: merchant(by, { bestMonthFen, ...(closedOn === null ? {} : { closedOn }) }),
      },
    ]);
  const happenings = fc.array(
    fc.oneof(
      { weight: 10, arbitrary: broadcasts },
      { weight: 8, arbitrary: takings },
      { weight: 1, arbitrary: sanctions },
      { weight: 1, arbitrary: attestations },
    ),
    { minLength: 3, maxLength: maxFacts, size: 'max' },
  );
  return fc.tuple(profile, happenings).map(([known, happened]) => [...known, ...happened.flat()]);
}
