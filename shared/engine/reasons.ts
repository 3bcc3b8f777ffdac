/** Every reason the engine gives, as stable codes. docs/reasons.md is checked against this list. */

/** Why something is owed. */
const EARNED = {
  earned: 'The conditions are met.',
  'earned-less': 'The conditions are met, for less than had been granted.',
} as const;

/** Why something earned is refused: the occasion is used up all the same. */
const REFUSED = {
  sanctioned: 'Earned on a date, or for a month, under a sanction.',
  closed: 'Earned on or after the day the participant closed.',
  'entity-window-cap': 'The owner’s shops had opened as many windows as they may.',
  'sum-too-large': 'Its sum passes what can be told exactly, so nobody knows what would be due.',
  'pool-exhausted': 'The pool had less left than was due; the rest is kept as a shortfall.',
} as const;

/** Why something is not earned, or no longer. */
const MISSED = {
  'below-rung': 'Net sales have not reached the rung.',
  refunded: 'Refunds took net sales back below what had been reached.',
  'best-month-reached-it': 'The best month before onboarding had already reached the rung.',
  'too-few-sessions': 'The window has fewer valid sessions than this one’s number.',
  'session-withdrawn': 'A session that it was granted for has been withdrawn.',
  'session-overlaps': 'A session that it was granted for overlaps one that counts before it.',
  'session-not-valid': 'A session that it was granted for is not valid by the facts known now.',
  'window-moved': 'A session that it was granted for lies outside the window, which has moved.',
  voided: 'It rests on a date on which nothing counts, under a sanction.',
  'no-broadcast-day': 'The day has no valid session any more.',
  'too-few-broadcast-days': 'The month has too few broadcast days.',
  'not-live-month-before': 'The month before has too few broadcast days.',
  'too-few-minutes': 'The day’s valid sessions are too short in all.',
  'below-lowest-tier': 'Net sales have not reached the lowest tier.',
  'too-few-live-members': 'Too few members had a broadcast day in the month while members.',
  'no-growth': 'The members’ net sales did not grow.',
  'no-member-windows': 'No window of a member opened in the month.',
  'below-floor': 'The month’s figure is below the floor of the ranking.',
  'not-ranked': 'Others were ranked higher when the month was decided.',
  'award-closed': 'It could not be decided in time, and an operator closed it.',
  'last-day-of-event': 'Earned on the event’s last day, when nothing is left to use it.',
  'another-shop-is-paid': 'The owner’s shops count together, and another of them is paid.',
  'never-live': 'There is no broadcast day since the program started.',
  'not-silent': 'Each broadcast day follows another too closely, and no attestation holds.',
  'window-not-open': 'By the facts known now, this window does not open.',
  'platform-corrected': 'The participant is on another platform now than the one that granted it.',
  'kind-corrected': 'The participant is of another kind, or sort of agency, now than it was granted to.',
  'version-superseded': 'A policy version that supersedes the one it was granted under does not grant it.',
  'no-longer-earned': 'By the facts known now, nothing is earned for this.',
} as const;

export const REASONS = { ...EARNED, ...REFUSED, ...MISSED } as const;

export type ReasonCode = keyof typeof REASONS;
export type RefusedReason = keyof typeof REFUSED;
export type MissedReason = keyof typeof MISSED;

/** Whether a code says that something is not earned, as opposed to earned or refused. */
export function isMissed(reason: ReasonCode): reason is MissedReason {
  return Object.hasOwn(MISSED, reason);
}
