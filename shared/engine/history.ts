/** What the engine is given about one participant: facts merged and parsed, and what the ledger says. */
import type { Attestation, Fact, Participant, Sanction } from '../facts/schema.ts';
import type { BusinessDate } from '../values/calendar.ts';
import type { Unit } from '../values/units.ts';
import type { ReasonCode } from './reasons.ts';

/** A broadcast session; instants in milliseconds since the epoch. */
export interface Session {
  id: string;
  startMs: number;
  endMs: number;
  hasCart: boolean;
  recorded: boolean;
  withdrawn: boolean;
  views: number;
}

/** A day's sales as known now, in fen. */
export interface DaySales {
  grossFen: number;
  refundedFen: number;
  feesFen: number;
  orders: number;
}

/** One business date of a participant. */
export interface Day {
  date: BusinessDate;
  sessions: readonly Session[];
  sales: DaySales | undefined;
}

/** Values read for a decision: short, so that an entry stays within one write unit. */
export type Evidence = Readonly<Record<string, string | number>>;

/** One line of the ledger: immutable, and what a participant has for an occasion is the sum of its entries. */
export interface Entry {
  participantId: string;
  program: string;
  occasion: string;
  /** Numbers the entries of one occasion from 1. */
  n: number;
  kind: 'grant' | 'adjustment' | 'refusal';
  unit: Unit;
  amount: number;
  earnedOn: BusinessDate;
  runId: string;
  /** The part of the plan that it comes from, by its hash: of two parts with one participant, one is displaced. */
  part: string;
  /** When its run was opened, as an ISO 8601 instant: the same however often the write is retried. */
  recordedAt: string;
  /** The policy version that decided, as `version@hash`. */
  policy: string;
  reason: ReasonCode;
  evidence: Evidence;
  incentive: string;
  pool?: string;
  /** The incentive itself, when it has a limit of its own below the pool. */
  limitedBy?: string;
  /** The first date whose facts it rests on: once that is before a run's horizon, the occasion is sealed. */
  readsFrom: BusinessDate;
  /** What the pool could not pay of what was due, when it ran short. */
  shortfall?: number;
}

/** One entry that the ledger lacks. A positive amount still has to be funded from its pool, if it has one. */
export interface Change {
  incentive: string;
  occasion: string;
  /** The number of the entry to write. */
  n: number;
  kind: 'grant' | 'adjustment' | 'refusal';
  unit: Unit;
  amount: number;
  earnedOn: BusinessDate;
  readsFrom: BusinessDate;
  reason: ReasonCode;
  evidence: Evidence;
  policy: string;
  pool?: string;
  limitedBy?: string;
  /** The shortfall that the ledger already names for this occasion: not paying it again needs no new entry. */
  shortfall?: number;
  /** Not written as an entry: put up for an operator to approve, or withdrawn from there as no longer due. */
  hold?: 'put' | 'drop';
  /** With it: what the lowering is judged by, and the version of the correction that was read; 0 where there was none. */
  correction?: Lowering & { seen: number };
}

/** What makes a lowering the one that an operator decides on. */
export interface Lowering {
  /** All that lowers it: reasons, and sanctions as `sanction:<id>`. */
  causes: readonly string[];
  /** The sum that the occasion would be lowered to. */
  to: number;
}

/**
 * A lowering that waits for an operator, or was decided on by one: one an occasion. A rejected one is waived, until a cause
 * appears that the waiver does not name, or the sum would be lower still (docs/programs.md, For both programs).
 */
export interface Held extends Lowering {
  program: string;
  change: Change;
  /** `withdrawn`: the facts stopped asking for it before anyone decided. */
  state: 'waiting' | 'approved' | 'rejected' | 'withdrawn';
  /** Counts its writes: each names the version that it read (law 9). */
  version: number;
  /** What operators let the participant keep. */
  waivers: readonly Lowering[];
  /** What operators decided on this occasion, the first first. */
  log: readonly {
    decision: 'approved' | 'rejected';
    amount: number;
    by: string;
    reason: string;
    at: string;
  }[];
}

/** A fact that came so late that what it belongs to may have been sealed by then. */
export interface Latecomer {
  type: Fact['type'];
  /** The dates, both included, on which it can change what is earned. */
  from: BusinessDate;
  to: BusinessDate;
  arrivedOn: BusinessDate;
}

/** All that is known of one participant, from the run's horizon on. Days are in order. */
export interface History {
  participantId: string;
  /** Absent while its facts came before it: they count once it is known. */
  participant: Participant | undefined;
  attestations: readonly Attestation[];
  sanctions: readonly Sanction[];
  days: readonly Day[];
  /** Who may be its member, if it is an agency: their own profiles decide. */
  members: readonly string[];
  /** Which shops may belong to it, if it is an entity, whatever else it is: their own profiles decide. */
  shops: readonly string[];
  /** The entities that it has ever belonged to. */
  entities: readonly string[];
  /** The agencies that it has ever been a member of. */
  agencies: readonly string[];
  /** Which of its facts came very late. */
  late: readonly Latecomer[];
  /** Its entries of every program, by occasion and number. */
  entries: readonly Entry[];
  /** Its lowerings that wait or waited for an operator, of every program. */
  held: readonly Held[];
}
