/** What the stages need from outside: a table, a place for plans, the programs, a clock. */
import type { Program } from '../policy/schema.ts';
import type { PlanStore } from '../store/plans.ts';
import type { Table } from '../store/table.ts';

export interface Services {
  table: Table;
  plans: PlanStore;
  catalogue: readonly Program[];
  /** The instant, in milliseconds since the epoch: for leases and records, never for a rule. */
  now(): number;
  /** How long a writer is taken to be alive; as long as whatever runs the stages may take. */
  leaseMs: number;
  /** The longest that any writer of entries may live, in milliseconds, however late it wakes. */
  writerLifeMs: number;
  /** The version of the code, for the record. */
  codeVersion: string;
  /** How many parts a run's participants are split into. */
  shards: number;
}
