/** The stages that can be deployed, and all that they differ in. */

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
export function findStage(name: string): Stage {
  const known = STAGE_NAMES.find((candidate) => candidate === name);
  if (known !== undefined) return { name: known, ...STAGES[known] };
  throw new Error(`stage: got ${JSON.stringify(name)}; allowed: ${STAGE_NAMES.join(', ')}`);
}
