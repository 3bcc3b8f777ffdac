/** The kinds of incentives there are, each a function from a case to what it concludes. */
import type { Incentive } from '../../policy/schema.ts';
import type { Case, Verdict } from '../decision.ts';
import { campaignDay } from './campaign-day.ts';
import { eventLadder } from './event-ladder.ts';
import { feeRate } from './fee-rate.ts';
import { milestone } from './milestone.ts';
import { monthly } from './monthly.ts';
import { pooledSplit } from './pooled-split.ts';
import { ranking } from './ranking.ts';
import { rebate } from './rebate.ts';
import { windowLadder } from './window-ladder.ts';
import { windowRollup } from './window-rollup.ts';

export const KINDS: Readonly<Record<Incentive['kind'], (kase: Case, id: string) => Verdict>> = {
  'window-ladder': windowLadder,
  milestone,
  monthly,
  'campaign-day': campaignDay,
  'event-ladder': eventLadder,
  'fee-rate': feeRate,
  rebate,
  'window-rollup': windowRollup,
  'pooled-split': pooledSplit,
  ranking,
};
