/** The five facts that platforms tell us, as strict schemas: unknown keys, floats and bad dates are refused. */
import * as z from 'zod';
import { epochMs } from '../values/calendar.ts';
import { countSchema, dateSchema, idSchema, instantSchema, monthSchema } from '../values/validation.ts';

/** The zone in which a fact's business date is read. Programs must keep to it. */
export const FACTS_ZONE = 'Asia/Shanghai';

/** Valid or not, a participant's sessions of one day beyond this many are quarantined (docs/programs.md, assumed). */
export const MAX_SESSIONS_A_DAY = 200;

const PLATFORMS = ['xiaohongshu', 'channels', 'douyin', 'taobao', 'tmall'] as const;
const ATTESTED_PLATFORMS = ['douyin', 'taobao', 'tmall', 'channels'] as const;

/** `revision` orders the versions of one fact: the highest wins, whole. */
const revision = countSchema;
const name = z.string().min(1, 'a name of 1 to 200 characters').max(200, 'a name of 1 to 200 characters');

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
    bestMonthFen: countSchema.optional(),
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
    views: countSchema,
    withdrawn: z.boolean().optional(),
    revision,
  })
  .refine(({ startedAt, endedAt }) => epochMs(endedAt) >= epochMs(startedAt), {
    path: ['endedAt'],
    message: 'an end at or after startedAt',
  });

const salesSchema = z
  .strictObject({
    type: z.literal('sales'),
    participantId: idSchema,
    date: dateSchema,
    grossFen: countSchema,
    refundedFen: countSchema,
    feesFen: countSchema,
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
    gmvFen: countSchema,
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

export const factSchema = z.discriminatedUnion('type', [
  participantSchema,
  broadcastSchema,
  salesSchema,
  attestationSchema,
  sanctionSchema,
]);

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
