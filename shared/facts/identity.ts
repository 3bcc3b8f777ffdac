/** What makes two facts the same fact: whom it is about, and its place among that participant's facts. */
import { type BusinessDate, businessDate, epochMs } from '../values/calendar.ts';
import { FACTS_ZONE, type Fact } from './schema.ts';

/** Where a fact belongs: `day` is absent for what is not about one date, and `slot` names it there. */
export interface FactIdentity {
  participantId: string;
  day: BusinessDate | undefined;
  slot: string;
}

/** The slot of each type; sessions, attestations and sanctions are many, so theirs end in `#` and an id. */
export const SLOTS = {
  participant: 'participant',
  sales: 'sales',
  session: 's#',
  attestation: 'a#',
  sanction: 'x#',
} as const;

/**
 * A broadcast is known by participant, business date and id; sales by participant and date; an attestation or
 * a sanction by participant and id (docs/programs.md, Facts). A session's day is that of its start, whenever it ends.
 */
export function identityOf(fact: Fact): FactIdentity {
  switch (fact.type) {
    case 'participant':
      return { participantId: fact.id, day: undefined, slot: SLOTS.participant };
    case 'broadcast':
      return {
        participantId: fact.participantId,
        day: businessDate(epochMs(fact.startedAt), FACTS_ZONE),
        slot: `${SLOTS.session}${fact.id}`,
      };
    case 'sales':
      return { participantId: fact.participantId, day: fact.date, slot: SLOTS.sales };
    case 'attestation':
      return { participantId: fact.participantId, day: undefined, slot: `${SLOTS.attestation}${fact.id}` };
    case 'sanction':
      return { participantId: fact.participantId, day: undefined, slot: `${SLOTS.sanction}${fact.id}` };
  }
}

/** The dates, both included, on which a fact can change what is earned; undefined of a profile, which is about no date. */
export function datesOf(fact: Fact): { from: BusinessDate; to: BusinessDate } | undefined {
  switch (fact.type) {
    case 'participant':
      return undefined;
    case 'broadcast':
    case 'sales': {
      const { day = '' } = identityOf(fact);
      return { from: day, to: day };
    }
    case 'attestation':
      return { from: fact.verifiedOn, to: fact.expiresOn };
    case 'sanction':
      return { from: fact.from, to: fact.to ?? END_OF_TIME };
  }
}

/** After every business date. */
const END_OF_TIME = '9999-12-31';
