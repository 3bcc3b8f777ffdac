/** One participant as a run that looks at everyone would see it: for explanations, which write nothing. */

import type { Evaluation, Surroundings } from '../engine/decision.ts';
import { evaluateEntity } from '../engine/entity.ts';
import { evaluate } from '../engine/evaluate.ts';
import type { Entry, History } from '../engine/history.ts';
import { entityOf } from '../engine/members.ts';
import { mergeTallies, type Tally, tallyOf } from '../engine/tally.ts';
import type { Program } from '../policy/schema.ts';
import { readFrozen } from '../store/decisions.ts';
import { readHistories, readHistory } from '../store/histories.ts';
import type { BusinessDate } from '../values/calendar.ts';
import { readShops } from './evaluate-entities.ts';
import type { Services } from './services.ts';

/** The dates between which facts are read, and how much of the ledger. */
export interface View {
  horizon: BusinessDate;
  asOf: BusinessDate;
  /** Looking back: whether an entry had been written by then. All had when left out. */
  written?: (entry: Entry) => boolean;
}

/** A history with the entries that a view has. */
function seen(history: History, { written }: View): History {
  return written === undefined ? history : { ...history, entries: history.entries.filter(written) };
}

/**
 * Evaluates one participant with all that its decisions rest on: its owner's other shops, or its members. What
 * takes everyone is as it was frozen.
 */
export async function lookAt(
  services: Pick<Services, 'table'>,
  program: Program,
  participantId: string,
  span: View,
): Promise<{ history: History; evaluation: Evaluation }> {
  const all = await readHistory(services.table, participantId, span.horizon, { consistent: true });
  const history = seen(all, span);
  const around: Surroundings = { full: true, frozen: await readFrozen(services.table, program.program) };
  if (history.participant?.kind === 'agency') {
    const { agencies } = await tallyMembers(services, program, history, span, around);
    const agency = agencies.get(participantId) ?? new Map();
    return { history, evaluation: evaluate(program, history, span, { ...around, agency }) };
  }
  const evaluations = await lookAtEntity(services, program, entityOf(history), span, around);
  return { history, evaluation: evaluations.get(participantId) ?? evaluate(program, history, span, around) };
}

/** Evaluates all shops of one owner on the program's platform, by id. */
export async function lookAtEntity(
  services: Pick<Services, 'table'>,
  program: Program,
  entity: string,
  span: View,
  around?: Surroundings,
): Promise<Map<string, Evaluation>> {
  const shops = await readShops(services, entity, { ...span, consistent: true });
  const counted = shops
    .filter(
      ({ participant }) => participant?.platform === program.platform && participant.kind === 'merchant',
    )
    .map((shop) => seen(shop, span));
  const frozen = around?.frozen ?? (await readFrozen(services.table, program.program));
  return evaluateEntity(program, counted, span, { full: true, frozen });
}

/** What an agency's members did. Each is evaluated with its owner's other shops, for their cap is shared. */
async function tallyMembers(
  services: Pick<Services, 'table'>,
  program: Program,
  { members }: History,
  span: View,
  around: Surroundings,
): Promise<Tally> {
  const histories = await readHistories(services.table, members, { ...span, consistent: true });
  const tallies: Tally[] = [];
  for (const history of histories.map((one) => seen(one, span))) {
    const shops = await lookAtEntity(services, program, entityOf(history), span, around);
    const evaluation = shops.get(history.participantId) ?? evaluate(program, history, span, around);
    tallies.push(tallyOf(program, history, span, around.frozen, evaluation.opened));
  }
  return mergeTallies(program, tallies);
}
