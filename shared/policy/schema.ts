/**
 * A program as data: its pools, and its rules in dated versions. Amounts live here and never in code; code knows
 * kinds of incentives, not programs (docs/design.md, law 11).
 */
import * as z from 'zod';
import { FACTS_ZONE } from '../facts/schema.ts';
import { UNITS } from '../values/units.ts';
import { countSchema, dateSchema, monthSchema } from '../values/validation.ts';

/** Names become parts of occasions and keys: lower case, in words joined by hyphens. */
const nameSchema = z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'a lower-case name in kebab-case');
/** What starts the occasions of a further edition of an event: `2025/`. */
const prefixSchema = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*\/$/, 'a lower-case name in kebab-case and a slash, as 2025/');
const positive = countSchema.min(1, 'a whole number of at least 1');

/** Who can earn it: participants of these kinds on the program's platform; agencies may have to be of one sort. */
const whoSchema = z.strictObject({
  kinds: z.array(z.enum(['merchant', 'creator', 'agency'])).min(1, 'at least one kind'),
  agencyKind: z.enum(['mcn', 'service-provider']).optional(),
  /** Only agencies in an industrial cluster. */
  inCluster: z.literal(true).optional(),
});

/**
 * What is paid in, and the pool that it draws on; without a pool it is not limited. With a limit of its own, the
 * incentive is a node of the budget below its pool, and both must have enough left.
 */
const rewardSchema = z.strictObject({
  unit: z.enum(UNITS),
  pool: nameSchema.optional(),
  limit: positive.optional(),
});

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
  /** One owner's shops open at most this many windows in all. */
  entityCap: positive.optional(),
  reward: rewardSchema,
  sessions: z.strictObject({ name: nameSchema, count: positive, amount: positive }),
  sales: z.strictObject({ rungs: rungsSchema }),
  perks: z.array(z.strictObject({ name: nameSchema, amount: positive })),
});

/** Once in a life: the first calendar month, or week from Monday on, whose net sales reach a rung pays it. */
const milestoneSchema = z.strictObject({
  ...base,
  kind: z.literal('milestone'),
  every: z.enum(['month', 'week']),
  /** The first day of the first period looked at. */
  firstFrom: dateSchema,
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

/** Net sales of an event, summed day by day, climb a ladder. */
const eventLadderSchema = z.strictObject({
  ...base,
  kind: z.literal('event-ladder'),
  /** Each further edition has one of its own; the first keeps its names. */
  prefix: prefixSchema.optional(),
  from: dateSchema,
  to: dateSchema,
  reward: rewardSchema,
  rungs: rungsSchema,
});

/** A participant's n-th broadcast day in an event earns a fee rate, valid from the next day to the event's end. */
const feeRateSchema = z.strictObject({
  ...base,
  kind: z.literal('fee-rate'),
  /** Each further edition has one of its own; the first keeps its names. */
  prefix: prefixSchema.optional(),
  from: dateSchema,
  to: dateSchema,
  reward: rewardSchema,
  broadcastDay: positive,
  rateBps: positive,
});

/**
 * A percentage back, by the month's net sales: of the fees, or of the net sales themselves. `whole` pays all of
 * it by the highest tier reached; `marginal` pays each tier for the sales within it, and a last tier with 0 bps
 * ends it. Of fees, only what is above `floorBps` of the net sales counts. Rounded down once.
 */
const rebateSchema = z.strictObject({
  ...base,
  kind: z.literal('rebate'),
  firstMonth: monthSchema,
  reward: rewardSchema,
  of: z.enum(['fees', 'net-sales']),
  by: z.enum(['whole', 'marginal']),
  /** One owner's shops count together, and the one with the smallest id is paid. */
  pooled: z.literal('entity').optional(),
  floorBps: countSchema.optional(),
  tiers: z
    .array(z.strictObject({ name: nameSchema, fromFen: countSchema, bps: countSchema }))
    .min(1, 'at least one tier'),
  /** The month is decided this many days after it ends, and adjusted after that. */
  decidedAfterDays: countSchema,
});

/** For each member's window that opened in the month, credited to the agency of that day. */
const windowRollupSchema = z.strictObject({
  ...base,
  kind: z.literal('window-rollup'),
  firstMonth: monthSchema,
  reward: rewardSchema,
  /** The window ladder whose windows count. */
  windowsOf: nameSchema,
  amountEach: positive,
  maxAmount: positive,
});

/**
 * An amount a month, split among agencies in proportion to what their members' net sales grew by. Whole units by
 * largest remainder; then nobody gets more than the ceiling, and the excess stays unspent. Frozen once decided.
 */
const pooledSplitSchema = z.strictObject({
  ...base,
  kind: z.literal('pooled-split'),
  firstMonth: monthSchema,
  reward: rewardSchema,
  amount: positive,
  ceilingBps: positive,
  /** Members that had a broadcast day in the month while members. */
  minLiveMembers: countSchema,
  decidedAfterDays: countSchema,
});

/** The best of a month by net sales, or by their increase over the month before. Frozen once decided. */
const rankingSchema = z.strictObject({
  ...base,
  kind: z.literal('ranking'),
  firstMonth: monthSchema,
  reward: rewardSchema,
  measure: z.enum(['net-sales', 'increase']),
  minFen: countSchema,
  places: positive,
  amount: positive,
  decidedAfterDays: countSchema,
});

const incentiveSchema = z.discriminatedUnion('kind', [
  windowLadderSchema,
  milestoneSchema,
  monthlySchema,
  campaignDaySchema,
  eventLadderSchema,
  feeRateSchema,
  rebateSchema,
  windowRollupSchema,
  pooledSplitSchema,
  rankingSchema,
]);

/** The rules of a program in force over a date range, both ends included; known by its content hash. */
const versionSchema = z.strictObject({
  version: nameSchema,
  from: dateSchema,
  to: dateSchema.optional(),
  /**
   * The earlier version in whose dates this one starts and that it takes over from, once a plan made under it has been
   * applied: only such a version may change the past.
   */
  supersedes: nameSchema.optional(),
  /** A session shorter than this is not valid. */
  validSession: z.strictObject({ minMinutes: positive }),
  /** How what a pool paid is lowered: at once, when an operator approves, or never. */
  corrections: z.record(nameSchema, z.enum(['automatic', 'hold', 'never'])),
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
export type Rung = z.infer<typeof rungSchema>;
