/** What the engine concludes for one occasion, and the case it concludes it from. */
import type { Incentive, IncentiveOf, PolicyVersion, Program } from '../policy/schema.ts';
import type { BusinessDate, Month } from '../values/calendar.ts';
import type { Unit } from '../values/units.ts';
import type { Activity } from './activity.ts';
import type { Entry, Evidence, History } from './history.ts';
import type { ReasonCode } from './reasons.ts';

/**
 * One occasion under the facts known now. `earned` is an entitlement; `refused` was earned and is not paid;
 * `missed` is not earned; `pending` cannot be decided yet as of this date, and the ledger is left alone.
 */
export interface Decision {
  outcome: 'earned' | 'refused' | 'missed' | 'pending';
  incentive: string;
  occasion: string;
  unit: Unit;
  pool: string | undefined;
  /** The incentive itself, when it has a limit of its own below the pool. */
  limitedBy: string | undefined;
  /** What is due: zero unless earned. For the other outcomes, `worth` says what it would have been. */
  amount: number;
  worth: number;
  /** The date it was earned on, also when refused; the date it will be decided on when pending. */
  earnedOn: BusinessDate | undefined;
  /** The first date whose facts it rests on. */
  readsFrom: BusinessDate | undefined;
  reason: ReasonCode;
  evidence: Evidence;
  /** Of what is refused: all that refuses it, where `reason` is the first; see {@link causesBetween}. */
  causes?: readonly string[];
  policy: string;
}

/** What the ledger holds for one occasion. */
export interface Holding {
  occasion: string;
  sum: number;
  last: Entry;
}

/** An incentive as one policy version has it. */
export interface Rule<K extends Incentive['kind']> {
  incentive: IncentiveOf<K>;
  version: PolicyVersion;
  /** `version@hash`, as entries name it. */
  label: string;
}

/** What an agency's members did in a month while members. Sums of fen end at {@link TOO_LARGE}, and then say nothing. */
export interface AgencyMonth {
  netFen: number;
  /** The sum, over members, of how much more they sold than in all of last month. */
  growthFen: number;
  /** Members with a broadcast day. */
  liveMembers: number;
  /** Windows that opened and stand, by the incentive that opened them. */
  windows: ReadonlyMap<string, number>;
}

/** What one owner's shops sold together in a month. */
export interface OwnerMonth {
  netFen: number;
  feesFen: number;
}

/** The frozen outcome of a pool split or a ranking: what each holder was given. */
export interface Award {
  shares: ReadonlyMap<string, number>;
  /** An operator closed it undecided: whoever had nothing of it gets nothing. */
  closed?: true;
}

/** Awards by `incentive/month`. */
export type Frozen = ReadonlyMap<string, Award>;

/** What a run knows beyond the participant itself. */
export interface Surroundings {
  /** Whether everyone is looked at: what takes everyone, or every day of a month, is left alone otherwise. */
  full: boolean;
  frozen: Frozen;
  /** For an agency: its members' months. */
  agency?: ReadonlyMap<Month, AgencyMonth>;
  /** For one of several shops: its owner's months, and the shop that is paid for all of them. */
  owner?: { payee: string; months: Readonly<Record<Month, OwnerMonth>> };
  /** Windows refused by the owner's cap, as {@link windowKey} names them. */
  capped?: ReadonlySet<string>;
}

/** One participant before one program: all that a kind of incentive may look at. */
export interface Case {
  program: Program;
  history: History;
  /** The last date whose facts count. */
  asOf: BusinessDate;
  /** The first date whose facts were read. */
  horizon: BusinessDate;
  holdings: ReadonlyMap<string, Holding>;
  around: Surroundings;
  /** Its days as they count, each judged by the version in force on it. */
  readonly activity: Activity;
}

/** What one incentive concludes. `kept` names occasions that keep their ledger sum: the facts do not reach them. */
export interface Verdict {
  decisions: Decision[];
  kept: string[];
  /** The opening dates of windows that stand. */
  opened?: BusinessDate[];
}

/** Names a window of a participant: the incentive that opened it, and its number. */
export function windowKey(id: string, n: number): string {
  return `${id} ${n}`;
}

/** What one participant should have under one program, and what it has. */
export interface Evaluation {
  decisions: Decision[];
  /** Occasions that keep their ledger sum, because the facts read do not reach them. */
  kept: ReadonlySet<string>;
  holdings: ReadonlyMap<string, Holding>;
  /** Sealed occasions that a pool could not pay in full, and that nothing refuses since: they are paid from their entries. */
  unpaid: ReadonlySet<string>;
  /** Opening dates of the windows that stand, by the incentive that opened them. */
  opened: ReadonlyMap<string, readonly BusinessDate[]>;
}
