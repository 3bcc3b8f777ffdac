/** What is said when deploying: the stage, with all that stages differ in, and the date. */
import { type BusinessDate, isDate } from '../shared/values/calendar.ts';

export interface Stage {
  name: string;
  /** Whether its table and plans outlive the stack. */
  keepsData: boolean;
  /** Fires the daily run every minute, for a rehearsal; otherwise at its time of day. */
  dailyEveryMinute: boolean;
  /** Into how many parts a run splits its participants. Their results travel together, in 256 KB. */
  shards: number;
  logRetentionDays: 7 | 30 | 365;
}

const STAGES = {
  dev: { keepsData: true, dailyEveryMinute: false, shards: 8, logRetentionDays: 30 },
  prod: { keepsData: true, dailyEveryMinute: false, shards: 32, logRetentionDays: 365 },
  rehearsal: { keepsData: false, dailyEveryMinute: true, shards: 4, logRetentionDays: 7 },
} as const satisfies Record<string, Omit<Stage, 'name'>>;

export const STAGE_NAMES = Object.keys(STAGES) as (keyof typeof STAGES)[];

/** @throws Error naming the stages there are. */
export function findStage(name: unknown): Stage {
  const known = STAGE_NAMES.find((candidate) => candidate === name);
  if (known !== undefined) return { name: known, ...STAGES[known] };
  throw new Error(`stage: got ${JSON.stringify(name)}; allowed: ${STAGE_NAMES.join(', ')}`);
}

/**
 * The date in UTC, which decides whose schedules are over. Given, as `-c today=2024-08-01`, it makes the same
 * templates on any day.
 * @throws Error when it is no date.
 */
export function todayOf(given: unknown): BusinessDate {
  if (given === undefined) return new Date().toISOString().slice(0, 10);
  if (typeof given === 'string' && isDate(given)) return given;
  throw new Error(`today: got ${JSON.stringify(given)}; allowed: a calendar date as YYYY-MM-DD`);
}
