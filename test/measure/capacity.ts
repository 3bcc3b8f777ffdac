/** Read and write units, and requests, as the database counts them. */
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { openEndpoint } from '../../functions/cli/target.ts';
import type { Fact } from '../../shared/facts/schema.ts';
import { ingest } from '../../shared/pipeline/ingest.ts';
import { runHere } from '../../shared/pipeline/run-here.ts';
import { parseRunInput } from '../../shared/pipeline/run-input.ts';
import type { Services } from '../../shared/pipeline/services.ts';
import { arrivalDays, readDue } from '../../shared/store/due.ts';
import { readHistory } from '../../shared/store/histories.ts';
import { putEntry, readEntriesOf } from '../../shared/store/ledger.ts';
import { addDays, startOfDay } from '../../shared/values/calendar.ts';
import type { Figure } from './figures.ts';
import { DAYS, dayOf, FIRST_DAY, factsOf, LAST_DAY, OCCASIONS } from './host.ts';

const PROGRAM = 'treasure-host';
const HOSTS = Array.from({ length: 50 }, (_, index) => `merchant-${String(index + 1).padStart(6, '0')}`);
/** So late that entries written before are read without asking for the strongest read. */
const LONG_AFTER = 3_600_000;

interface Usage {
  requests: number;
  read: number;
  written: number;
}

/** Asks for the units of every request, and adds them up. */
function meter(client: DynamoDBDocumentClient) {
  const used: Usage = { requests: 0, read: 0, written: 0 };
  client.middlewareStack.add(
    (next) => async (request) => {
      const answer = await next({
        ...request,
        input: { ...request.input, ReturnConsumedCapacity: 'TOTAL' },
      } as typeof request);
      used.requests++;
      const { ConsumedCapacity = [] } = answer.output as { ConsumedCapacity?: Consumed | Consumed[] };
      const isWrite = /Put|Update|Delete|BatchWrite/.test(commandOf(request));
      for (const { CapacityUnits = 0 } of [ConsumedCapacity].flat()) {
        if (isWrite) used.written += CapacityUnits;
        else used.read += CapacityUnits;
      }
      return answer;
    },
    { step: 'initialize', name: 'meter' },
  );
  return {
    /** What some work used. */
    async of(work: () => Promise<unknown>): Promise<Usage> {
      const before = { ...used };
      await work();
      return {
        requests: used.requests - before.requests,
        read: used.read - before.read,
        written: used.written - before.written,
      };
    },
  };
}

interface Consumed {
  CapacityUnits?: number;
}

/** A write names what it writes. */
function commandOf({ input }: { input: object }): string {
  if ('RequestItems' in input) {
    const [requests] = Object.values(input.RequestItems as Record<string, unknown>);
    return Array.isArray(requests) ? 'BatchWrite' : '';
  }
  return 'Item' in input ? 'Put' : 'UpdateExpression' in input ? 'Update' : '';
}

export async function measureCapacity(endpoint: string): Promise<Figure[]> {
  const target = await openEndpoint(endpoint, 'hongbao');
  // The clock of the day after the host's last day, also for the table: by today's, all that the host did has expired.
  let nowMs = startOfDay(addDays(LAST_DAY, 1), 'Asia/Shanghai') + LONG_AFTER;
  const now = () => nowMs;
  const table = { ...target.services.table, now };
  const services: Services = { ...target.services, table, now };
  const metered = meter(table.client);
  const learn = (facts: readonly Fact[], on: string) =>
    metered.of(() =>
      ingest(
        services,
        facts.map((fact) => JSON.stringify(fact)),
        on,
      ),
    );
  const daily = async (to: string, id: string) =>
    runHere(services, parseRunInput({ program: PROGRAM, job: 'daily', to, requestedBy: 'measure' }), id);

  await learn(HOSTS.flatMap(factsOf), LAST_DAY);
  await daily(LAST_DAY, 'first');
  const [host = ''] = HOSTS;
  const entries = await readEntriesOf(table, host);
  const occasions = entries.map(({ occasion }) => occasion);
  if (occasions.join() !== OCCASIONS.join()) throw new Error(`the host has ${occasions.join()}`);

  const horizon = addDays(LAST_DAY, -120);
  const read = await metered.of(() => readHistory(table, host, horizon));
  const strong = await metered.of(() => readHistory(table, host, horizon, { consistent: true }));
  const grant = await metered.of(async () => {
    for (const entry of entries) await putEntry(table, { ...entry, participantId: 'merchant-copied' });
  });

  // The table knows the arrival date by now; what is new is the day of the host.
  const newcomer = 'merchant-900001';
  const [session, sales] = dayOf(newcomer, FIRST_DAY);
  const oneFact = await learn([session!], LAST_DAY);
  const secondFact = await learn([sales!], LAST_DAY);
  const batch = await learn(dayOf(newcomer, addDays(FIRST_DAY, 1)), LAST_DAY);
  const again = await learn(dayOf(newcomer, addDays(FIRST_DAY, 1)), LAST_DAY);
  const busy = Array.from({ length: 5 }, (_, index) => ({ ...session!, id: `live-${index}-${newcomer}` }));
  const fiveSessions = await learn([...busy, sales!] as Fact[], LAST_DAY);
  const whole = await learn(factsOf('merchant-900002'), LAST_DAY);

  nowMs += LONG_AFTER;
  const everyBucket = Array.from({ length: table.buckets }, (_, bucket) => bucket);
  const dueScan = await metered.of(async () => {
    await readDue(table, await arrivalDays(table, LAST_DAY, LAST_DAY), everyBucket);
  });
  const idle = await metered.of(() => daily(addDays(LAST_DAY, 1), 'idle'));

  await target.close();
  const exact = true;
  const rcu = 'RCU';
  const wcu = 'WCU';
  return [
    {
      what: 'due participant, 20 day items and 8 entries',
      value: read.read,
      unit: rcu,
      expected: { atMost: 1 },
      exact,
      known: 1.5,
    },
    { what: '  the same, right after another run (strong read)', value: strong.read, unit: rcu, exact },
    { what: '  requests', value: read.requests, unit: '', expected: { atMost: 1 }, exact },
    {
      what: 'grant with its index',
      value: grant.written / entries.length,
      unit: wcu,
      expected: { atMost: 2 },
      exact,
    },
    {
      what: 'first fact of a participant and day, with the due marker',
      value: oneFact.written,
      unit: wcu,
      expected: { atMost: 2 },
      exact,
    },
    {
      what: 'second fact of that day, on its own',
      value: secondFact.written,
      unit: wcu,
      expected: { atMost: 2 },
      exact,
    },
    {
      what: 'session and sales of a participant and day in one batch',
      value: batch.written,
      unit: wcu,
      expected: { atMost: 2 },
      exact,
    },
    { what: '  read to merge them', value: batch.read, unit: rcu, exact },
    { what: '  the same again, unchanged', value: again.written, unit: wcu, expected: { atMost: 0 }, exact },
    { what: 'five more sessions on a day that has one', value: fiveSessions.written, unit: wcu, exact },
    {
      what: `profile and ${DAYS} days in one batch, a day`,
      value: whole.written / (DAYS + 1),
      unit: wcu,
      exact,
    },
    { what: 'due markers of one arrival date, all 256 buckets', value: dueScan.read, unit: rcu, exact },
    { what: 'daily run in which nobody is due: read', value: idle.read, unit: rcu, exact },
    { what: '  written', value: idle.written, unit: wcu, exact },
  ];
}
