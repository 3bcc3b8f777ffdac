/** The five facts that platforms tell us, as strict schemas: unknown keys, floats and bad dates are refused. */
import * as z from 'zod';
import { parseInstant } from '../values/calendar.ts';
import {
  countSchema,
  dateSchema,
  idSchema,
  instantSchema,
  monthSchema,
  textSchema,
} from '../values/validation.ts';

/** The zone in which a fact's business date is read. Programs must keep to it. */
export const FACTS_ZONE = 'Asia/Shanghai';

const MOST_FEN = 10_000_000_000_000;
const MOST_VIEWS = 1_000_000_000_000;
const FEN_ALLOWED = `a whole number of fen from 0 to ${MOST_FEN}`;
const VIEWS_ALLOWED = `a whole number from 0 to ${MOST_VIEWS}`;

/**
 * How many facts of a type one item takes, valid or not: the sessions of a day, the attestations and the sanctions of a
 * participant. Those beyond are quarantined; whoever came first stays (docs/programs.md, Facts; assumed).
 */
export const CAPS = { broadcast: 200, attestation: 1_000, sanction: 1_000 } as const;

const PLATFORMS = ['xiaohongshu', 'channels', 'douyin', 'taobao', 'tmall'] as const;
const ATTESTED_PLATFORMS = ['douyin', 'taobao', 'tmall', 'channels'] as const;

/** `revision` orders the versions of one fact: the highest wins, whole. */
const revision = countSchema;
const name = textSchema(200);

/** An amount of money in one line: a participant's own sums then stay exact (docs/programs.md, Facts; assumed). */
const fen = z.int(FEN_ALLOWED).min(0, FEN_ALLOWED).max(MOST_FEN, FEN_ALLOWED);
const views = z.int(VIEWS_ALLOWED).min(0, VIEWS_ALLOWED).max(MOST_VIEWS, VIEWS_ALLOWED);

const membershipSchema = z
  .strictObject({ agencyId: idSchema, from: dateSchema, to: dateSchema.optional() })
  .refine(
    ({ from, to }) => to === undefined || from <= to,
    'a membership that ends on or after its first date',
  );

type Membership = z.infer<typeof membershipSchema>;

const participantSchema = z
  .strictObject({
    type: z.literal('participant'),
    id: idSchema,
    platform: z.enum(PLATFORMS),
    kind: z.enum(['merchant', 'creator', 'agency']),
    agencyKind: z.enum(['mcn', 'service-provider']).optional(),
    industryCluster: name.optional(),
    entityId: idSchema.optional(),
    memberships: z.array(membershipSchema).max(100, 'at most 100 memberships').optional(),
    closedOn: dateSchema.optional(),
    bestMonthFen: fen.optional(),
    name: name.optional(),
    revision,
  })
  .refine(({ kind, agencyKind }) => kind === 'agency' || agencyKind === undefined, {
    path: ['agencyKind'],
    message: 'agencyKind only for an agency',
  })
  .refine(({ kind, industryCluster }) => kind === 'agency' || industryCluster === undefined, {
    path: ['industryCluster'],
    message: 'industryCluster only for an agency',
  })
  .refine(({ kind, memberships }) => kind === 'merchant' || memberships === undefined, {
    path: ['memberships'],
    message: 'memberships only for a merchant',
  })
  .refine(({ memberships }) => !overlap(memberships ?? []), {
    path: ['memberships'],
    message: 'memberships that do not overlap',
  });

const broadcastSchema = z
  .strictObject({
    type: z.literal('broadcast'),
    id: idSchema,
    participantId: idSchema,
    startedAt: instantSchema,
    endedAt: instantSchema,
    hasCart: z.boolean(),
    recorded: z.boolean(),
    views,
    withdrawn: z.boolean().optional(),
    revision,
  })
  .refine(({ startedAt, endedAt }) => (parseInstant(endedAt) ?? 0) >= (parseInstant(startedAt) ?? 0), {
    path: ['endedAt'],
    message: 'an end at or after startedAt',
  });

const salesSchema = z
  .strictObject({
    type: z.literal('sales'),
    participantId: idSchema,
    date: dateSchema,
    grossFen: fen,
    refundedFen: fen,
    feesFen: fen,
    orders: countSchema,
    revision,
  })
  .refine(({ grossFen, refundedFen }) => refundedFen <= grossFen, {
    path: ['refundedFen'],
    message: 'refunds of at most grossFen',
  });

const attestationSchema = z
  .strictObject({
    type: z.literal('attestation'),
    id: idSchema,
    participantId: idSchema,
    platform: z.enum(ATTESTED_PLATFORMS),
    month: monthSchema,
    gmvFen: fen,
    verifiedBy: name,
    verifiedOn: dateSchema,
    expiresOn: dateSchema,
    withdrawn: z.boolean().optional(),
    revision,
  })
  .refine(({ verifiedOn, expiresOn }) => verifiedOn <= expiresOn, {
    path: ['expiresOn'],
    message: 'an expiry on or after verifiedOn',
  });

const sanctionSchema = z
  .strictObject({
    type: z.literal('sanction'),
    id: idSchema,
    participantId: idSchema,
    from: dateSchema,
    to: dateSchema.optional(),
    reason: name,
    scope: z.enum(['pause', 'void']),
    withdrawn: z.boolean().optional(),
    revision,
  })
  .refine(({ from, to }) => to === undefined || from <= to, {
    path: ['to'],
    message: 'a last date on or after from',
  });

const SCHEMAS = [participantSchema, broadcastSchema, salesSchema, attestationSchema, sanctionSchema] as const;

export const factSchema = z.discriminatedUnion('type', [...SCHEMAS]);

export type FactType = Fact['type'];

/** Every type of fact. */
export const FACT_TYPES: readonly FactType[] = SCHEMAS.map(({ shape }) => shape.type.value);

/** The fields of a type but `type` itself, and which of them each fact must have. */
export function fieldsOf(type: FactType): { all: string[]; required: string[] } {
  const { type: _type, ...shape } = SCHEMAS.find((schema) => schema.shape.type.value === type)!.shape;
  const fields = Object.entries(shape) as [string, z.ZodType][];
  return {
    all: fields.map(([field]) => field),
    required: fields.filter(([, schema]) => !schema.safeParse(undefined).success).map(([field]) => field),
  };
}

export type Fact = z.infer<typeof factSchema>;
export type Participant = z.infer<typeof participantSchema>;
export type Broadcast = z.infer<typeof broadcastSchema>;
export type Sales = z.infer<typeof salesSchema>;
export type Attestation = z.infer<typeof attestationSchema>;
export type Sanction = z.infer<typeof sanctionSchema>;

function overlap(memberships: readonly Membership[]): boolean {
  const sorted = memberships.toSorted((a, b) => (a.from < b.from ? -1 : 1));
  return sorted.some((membership, index) => {
    const next = sorted[index + 1];
    return next !== undefined && (membership.to === undefined || membership.to >= next.from);
  });
}
