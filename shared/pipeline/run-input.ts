/** What starts a run: one strict form for the schedule, a backfill by hand and the command line. */
import * as z from 'zod';
import { FACTS_ZONE } from '../facts/schema.ts';
import type { Control } from '../store/control.ts';
import { JOBS } from '../store/runs.ts';
import {
  addDays,
  addMonths,
  type BusinessDate,
  businessDate,
  firstDay,
  lastDay,
  later,
  monthOf,
  parseInstant,
} from '../values/calendar.ts';
import { dateSchema, InputError, idSchema, parseInput, reasonSchema } from '../values/validation.ts';

const runInputSchema = z
  .strictObject({
    program: z.string().min(1),
    job: z.enum(JOBS),
    /** The first date looked at; that of the month for a month end. */
    from: dateSchema.optional(),
    /** The last date looked at. A schedule gives its own time instead. */
    to: dateSchema.optional(),
    /** The instant a schedule fired for: the dates follow from it. */
    scheduledAt: z.string().optional(),
    asOf: dateSchema.optional(),
    participants: z
      .array(idSchema)
      .min(1, 'at least one participant')
      .max(1000, 'at most 1000 participants')
      .optional(),
    /** Of a month end: participants that it is decided without, because they cannot be evaluated. */
    without: z
      .array(idSchema)
      .min(1, 'at least one participant')
      .max(100, 'at most 100 participants')
      .optional(),
    dryRun: z.boolean().default(false),
    /** The hash of a plan that was shown with this input: only what still stands of it is written. */
    plan: z
      .string()
      .regex(/^[0-9a-f]{32}$/, 'the hash of a plan: 32 hex digits')
      .optional(),
    /** Of a plan that was shown: whether it is written also where a pool can no longer fund all of it. */
    partly: z.boolean().default(false),
    requestedBy: z.string().min(1).max(200),
    reason: reasonSchema.optional(),
  })
  .refine(({ to, scheduledAt }) => (to === undefined) !== (scheduledAt === undefined), {
    path: ['to'],
    message: 'a date, or scheduledAt in its place',
  })
  .refine(
    ({ job, from, scheduledAt }) => job !== 'backfill' || (from !== undefined && scheduledAt === undefined),
    {
      path: ['from'],
      message: 'a date: a backfill says its range',
    },
  )
  .refine(({ job, without }) => job === 'month-end' || without === undefined, {
    path: ['without'],
    message: 'nothing, unless the job is month-end',
  })
  .refine(({ without, reason }) => without === undefined || reason !== undefined, {
    path: ['reason'],
    message: 'why it is decided without them, for the record',
  })
  .refine(({ job, participants }) => job === 'backfill' || participants === undefined, {
    path: ['participants'],
    message: 'nothing, unless the job is backfill',
  });

export type RunInput = z.infer<typeof runInputSchema>;

/** @throws {@link InputError} naming each field at fault, its value and what is allowed. */
export function parseRunInput(input: unknown): RunInput {
  return parseInput(runInputSchema, input, 'run input');
}

/** Which dates a run is about, and as of when. */
export interface RunDates {
  from: BusinessDate;
  to: BusinessDate;
  asOf: BusinessDate;
}

/**
 * The dates of a run. A daily schedule is about the day before it fires, a month-end schedule about the month
 * before; both as of the day before, or as of the last closed as-of when a run by hand took it ahead. By hand, a
 * daily run is as of its day, and the others as of the later of their end and the last closed as-of.
 */
export function datesOf(input: RunInput, { closedAsOf }: Control): RunDates {
  if (input.scheduledAt !== undefined) {
    const day = dayBefore(input.scheduledAt);
    return { ...scheduledRange(input.job, day), asOf: later(day, closedAsOf ?? day) };
  }
  const to = input.to ?? '';
  const from = input.from ?? (input.job === 'month-end' ? firstDay(monthOf(to)) : to);
  const asOf = input.asOf ?? (input.job === 'daily' ? to : later(to, closedAsOf ?? to));
  // A plan may be approved days after it was shown: it is applied as of the last day decided since.
  return { from, to, asOf: input.plan === undefined ? asOf : later(asOf, closedAsOf ?? asOf) };
}

/**
 * The business date before the instant that a schedule fired for.
 * @throws {@link InputError} when it is no instant.
 */
export function dayBefore(scheduledAt: string): BusinessDate {
  const instant = parseInstant(scheduledAt);
  if (instant !== undefined) return addDays(businessDate(instant, FACTS_ZONE), -1);
  throw new InputError(
    `run input: scheduledAt: got ${JSON.stringify(scheduledAt)}; allowed: an ISO 8601 instant`,
  );
}

function scheduledRange(job: RunInput['job'], day: BusinessDate): { from: BusinessDate; to: BusinessDate } {
  if (job === 'daily') return { from: day, to: day };
  const month = addMonths(monthOf(addDays(day, 1)), -1);
  return { from: firstDay(month), to: lastDay(month) };
}

/**
 * Refuses what makes no sense: a range that ends before it starts, dates still to come, an as-of before the range
 * ends or, for a run that writes, before one already closed (law 4).
 * @throws {@link InputError}
 */
export function checkDates(
  { job, dryRun }: RunInput,
  { from, to, asOf }: RunDates,
  { closedAsOf }: Control,
  today: BusinessDate,
): void {
  const refuse = (field: string, got: string, allowed: string) => {
    throw new InputError(`run input: ${field}: got ${got}; allowed: ${allowed}`);
  };
  if (from > to) refuse('from', from, `at most to, ${to}`);
  if (job === 'month-end' && (from !== firstDay(monthOf(to)) || to !== lastDay(monthOf(to)))) {
    refuse('from, to', `${from}, ${to}`, 'the first and the last day of one month');
  }
  if (to > today) refuse('to', to, `at most today, ${today}`);
  if (asOf > today) refuse('asOf', asOf, `at most today, ${today}`);
  if (asOf < to) refuse('asOf', asOf, `at least to, ${to}`);
  if (!dryRun && closedAsOf !== undefined && asOf < closedAsOf) {
    refuse(
      'asOf',
      asOf,
      `at least ${closedAsOf}, the last closed as-of: what was decided then is not undone by looking back`,
    );
  }
}
