/** Who belongs to whom: one owner's shops, and an agency's members on the dates of their membership. */
import type { Participant } from '../facts/schema.ts';
import type { BusinessDate } from '../values/calendar.ts';
import type { History } from './history.ts';

/** The owner of a participant: itself, unless its profile names another. */
export function entityOf({ participantId, participant }: History): string {
  return participant?.entityId ?? participantId;
}

/** The agency that a merchant is a member of on a date, if any. Memberships do not overlap. */
export function agencyOn({ memberships = [] }: Participant, date: BusinessDate): string | undefined {
  return memberships.find(({ from, to }) => from <= date && (to === undefined || date <= to))?.agencyId;
}

/** The agencies that a merchant is a member of on any of the dates. */
export function agenciesBetween(
  { memberships = [] }: Participant,
  first: BusinessDate,
  last: BusinessDate,
): Set<string> {
  return new Set(
    memberships
      .filter(({ from, to }) => from <= last && (to === undefined || first <= to))
      .map(({ agencyId }) => agencyId),
  );
}
