/** The kinds of incentives there are, each a function from a case to what it concludes. */
import type { Incentive } from '../../policy/schema.ts';
import type { Case, Verdict } from '../decision.ts';
import { campaignDay } from './campaign-day.ts';
import { milestone } from './milestone.ts';
import { monthly } from './monthly.ts';
import { windowLadder } from './window-ladder.ts';

export const KINDS: Readonly<Record<Incentive['kind'], (kase: Case, id: string) => Verdict>> = {
  'window-ladder': windowLadder,
  milestone,
  monthly,
  'campaign-day': campaignDay,
};
