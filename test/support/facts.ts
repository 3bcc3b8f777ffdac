/** Facts in few words, as platforms would send them. */
import type {
  Attestation,
  Broadcast,
  Fact,
  Participant,
  Sales,
  Sanction,
} from '../../shared/facts/schema.ts';

export const MERCHANT = 'm-1';
export const CNY = 100;

type More<T> = Partial<Omit<T, 'type'>>;

/** A merchant on xiaohongshu. */
export function merchant(id = MERCHANT, more: More<Participant> = {}): Participant {
  return { type: 'participant', id, platform: 'xiaohongshu', kind: 'merchant', revision: 1, ...more };
}

/** A session by its start in Shanghai and its length: valid unless said otherwise. */
export function session(
  date: string,
  {
    by = MERCHANT,
    at = '20:00',
    minutes = 45,
    milliseconds = minutes * 60_000,
    ...more
  }: More<Broadcast> & { by?: string; at?: string; minutes?: number; milliseconds?: number } = {},
): Broadcast {
  const start = new Date(`${date}T${at}:00+08:00`);
  return {
    type: 'broadcast',
    id: `s-${date}-${at.replace(':', '')}`,
    participantId: by,
    startedAt: start.toISOString(),
    endedAt: new Date(start.getTime() + milliseconds).toISOString(),
    hasCart: true,
    recorded: false,
    views: 1_000,
    revision: 1,
    ...more,
  };
}

/** A day's sales in fen; its fees are not looked at by the incentives of single merchants. */
export function sales(
  date: string,
  grossFen: number,
  { by = MERCHANT, ...more }: More<Sales> & { by?: string } = {},
): Sales {
  return {
    type: 'sales',
    participantId: by,
    date,
    grossFen,
    refundedFen: 0,
    feesFen: 0,
    orders: 1,
    revision: 1,
    ...more,
  };
}

/** What it sold elsewhere: as in case 3 unless said otherwise. */
export function attestation({
  by = MERCHANT,
  ...more
}: More<Attestation> & { by?: string } = {}): Attestation {
  return {
    type: 'attestation',
    id: 'a-1',
    participantId: by,
    platform: 'douyin',
    month: '2024-06',
    gmvFen: 1_200_000 * CNY,
    verifiedBy: 'desk-7',
    verifiedOn: '2024-07-20',
    expiresOn: '2024-12-31',
    revision: 1,
    ...more,
  };
}

/** A sanction on some dates: `pause` unless said otherwise. */
export function sanction(
  from: string,
  to: string | undefined,
  { by = MERCHANT, ...more }: More<Sanction> & { by?: string } = {},
): Sanction {
  return {
    type: 'sanction',
    id: `x-${from}`,
    participantId: by,
    from,
    ...(to === undefined ? {} : { to }),
    reason: 'fake orders',
    scope: 'pause',
    revision: 1,
    ...more,
  };
}

/** Facts as lines of NDJSON. */
export function lines(facts: readonly Fact[]): string[] {
  return facts.map((fact) => JSON.stringify(fact));
}
