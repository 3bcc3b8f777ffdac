/** How many participants the pure engine evaluates in a second of one core. */
import { evaluate } from '../../shared/engine/evaluate.ts';
import type { History } from '../../shared/engine/history.ts';
import { reconcile } from '../../shared/engine/reconcile.ts';
import { addDays } from '../../shared/values/calendar.ts';
import { Desk, TREASURE_HOST } from '../support/engine.ts';
import type { Figure } from './figures.ts';
import { factsOf, LAST_DAY, OCCASIONS } from './host.ts';

const SPAN = { asOf: LAST_DAY, horizon: addDays(LAST_DAY, -120) };
const PARTICIPANTS = 1_000;
const WARM_UP_SECONDS = 1;
const SECONDS = 3;

export function measureEngine(): Figure[] {
  const desks = Array.from({ length: PARTICIPANTS }, (_, index) => {
    const id = `merchant-${index}`;
    return new Desk(id).learn(...factsOf(id));
  });
  const due = desks.map((desk) => desk.history(SPAN.horizon));
  for (const desk of desks) desk.run(SPAN.asOf, SPAN.horizon);
  const granted = desks.map((desk) => desk.history(SPAN.horizon));
  const occasions = granted[0]?.entries.map(({ occasion }) => occasion);
  if (occasions?.join() !== OCCASIONS.join()) throw new Error(`the host has ${occasions?.join()}`);
  const atLeast = 100_000;
  return [
    {
      what: 'participants evaluated and reconciled, nothing to change',
      value: perSecond(granted),
      unit: '/s',
      expected: { atLeast },
      exact: false,
    },
    {
      what: 'participants evaluated and reconciled, 8 entries to write',
      value: perSecond(due),
      unit: '/s',
      exact: false,
    },
  ];
}

/** Counted by the time of this thread alone, so that what else the machine does is left out. */
function perSecond(histories: readonly History[]): number {
  runFor(histories, WARM_UP_SECONDS);
  return runFor(histories, SECONDS);
}

function runFor(histories: readonly History[], seconds: number): number {
  const start = process.threadCpuUsage();
  let done = 0;
  for (;;) {
    for (const history of histories)
      reconcile(TREASURE_HOST, evaluate(TREASURE_HOST, history, SPAN), SPAN.horizon);
    done += histories.length;
    const { user, system } = process.threadCpuUsage(start);
    const spent = (user + system) / 1e6;
    if (spent >= seconds) return done / spent;
  }
}
