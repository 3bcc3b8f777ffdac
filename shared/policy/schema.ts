/**
 * A program as data: its pools, and its rules in dated versions. Amounts live here and never in code; code knows
 * kinds of incentives, not programs (DESIGN.md, law 11).
 */
import * as z from 'zod';
import { FACTS_ZONE } from '../facts/schema.ts';
import { UNITS } from '../values/units.ts';
import { countSchema, dateSchema, monthSchema } from '../values/validation.ts';

/** Names become parts of occasions and keys: lower case, in words joined by hyphens. */
const nameSchema = z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'a lower-case name in kebab-case');
const positive = countSchema.min(1, 'a whole number of at least 1');

/** Who can earn it: participants of one kind on the program's platform. */
const whoSchema = z.strictObject({ kind: z.enum(['merchant', 'creator', 'agency']) });

/** What is paid in, and the pool that it draws on; without a pool it is not limited. */
const rewardSchema = z.strictObject({ unit: z.enum(UNITS), pool: nameSchema.optional() });

/** A step of a ladder: reached at `atFen` of net sales, it pays `amount`. */
const rungSchema = z.strictObject({ name: nameSchema, atFen: positive, amount: positive });
const rungsSchema = z.array(rungSchema).min(1, 'at least one rung');

const base = { id: nameSchema, who: whoSchema };

/**
 * A window of `lengthDays` opens for a participant that was silent for `silenceDays`, or that holds an
 * attestation of at least `minGmvFen` in a month elsewhere. Inside it, sessions and net sales climb two ladders.
 */
const windowLadderSchema = z.strictObject({
  ...base,
  kind: z.literal('window-ladder'),
  /** Windows are numbered: prefix `w` names the first one's occasions `w1/…`. */
  prefix: nameSchema,
  opens: z.strictObject({
    silenceDays: positive,
    attestation: z.strictObject({ minGmvFen: positive }).optional(),
  }),
  lengthDays: positive,
  maxWindows: positive,
  reward: rewardSchema,
  sessions: z.strictObject({ name: nameSchema, count: positive, amount: positive }),
  sales: z.strictObject({ rungs: rungsSchema }),
  perks: z.array(z.strictObject({ name: nameSchema, amount: positive })),
});

/** Once in a life: the first calendar month whose net sales reach a rung pays it. */
const milestoneSchema = z.strictObject({
  ...base,
  kind: z.literal('milestone'),
  firstMonth: monthSchema,
  reward: rewardSchema,
  rungs: rungsSchema,
});

/** Every month with enough broadcast days, after a month with some. */
const monthlySchema = z.strictObject({
  ...base,
  kind: z.literal('monthly'),
  firstMonth: monthSchema,
  reward: rewardSchema,
  minBroadcastDays: positive,
  minBroadcastDaysMonthBefore: countSchema,
  amount: positive,
});

/** Every day of a campaign on which valid sessions add up to enough minutes. */
const campaignDaySchema = z.strictObject({
  ...base,
  kind: z.literal('campaign-day'),
  from: dateSchema,
  to: dateSchema,
  reward: rewardSchema,
  minMinutes: positive,
  amount: positive,
});

const incentiveSchema = z.discriminatedUnion('kind', [
  windowLadderSchema,
  milestoneSchema,
  monthlySchema,
  campaignDaySchema,
]);

/** The rules of a program in force over a date range, both ends included; known by its content hash. */
const versionSchema = z.strictObject({
  version: nameSchema,
  from: dateSchema,
  to: dateSchema.optional(),
  /** A session shorter than this is not valid. */
  validSession: z.strictObject({ minMinutes: positive }),
  incentives: z.array(incentiveSchema).min(1, 'at least one incentive'),
});

export const programSchema = z.strictObject({
  program: nameSchema,
  title: z.string().min(1),
  platform: z.string().min(1),
  zone: z.literal(FACTS_ZONE),
  pools: z.record(nameSchema, z.strictObject({ unit: z.enum(UNITS), limit: positive })),
  versions: z.array(versionSchema).min(1, 'at least one version'),
  /** Where each number comes from, by its path: kept beside the rules, and no part of their hash. */
  provenance: z.record(z.string(), z.enum(['published', 'assumed'])),
});

export type Program = z.infer<typeof programSchema>;
export type PolicyVersion = z.infer<typeof versionSchema>;
export type Incentive = z.infer<typeof incentiveSchema>;
export type IncentiveOf<K extends Incentive['kind']> = Extract<Incentive, { kind: K }>;
export type Reward = z.infer<typeof rewardSchema>;
export type Rung = z.infer<typeof rungSchema>;
