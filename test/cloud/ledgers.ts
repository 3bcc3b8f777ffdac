/** The embedded ledger of the same facts and runs, and the comparison of two ledgers row by row. */
import type { Entry } from '../../shared/engine/history.ts';
import { ingest } from '../../shared/pipeline/ingest.ts';
import { runHere } from '../../shared/pipeline/run-here.ts';
import { parseRunInput } from '../../shared/pipeline/run-input.ts';
import { CATALOGUE } from '../../shared/policy/catalogue.ts';
import { EMBEDDED_BUCKETS, EMBEDDED_TABLE, startEmbedded } from '../../shared/runtime/embedded.ts';
import { readEntries } from '../../shared/store/ledger.ts';
import { ensureTable, openTable } from '../../shared/store/open-table.ts';
import { tablePlans } from '../../shared/store/plans.ts';
import type { BusinessDate } from '../../shared/values/calendar.ts';

/** Facts, and the run that follows them. */
export interface Step {
  lines: readonly string[];
  input: unknown;
  runId: string;
}

/** The ledger after some steps, in an embedded database. */
export async function embeddedLedger(steps: readonly Step[], arrivedOn: BusinessDate): Promise<Entry[]> {
  const embedded = await startEmbedded();
  try {
    await ensureTable(embedded.client, EMBEDDED_TABLE);
    const table = await openTable(embedded.client, EMBEDDED_TABLE, { buckets: EMBEDDED_BUCKETS });
    const services = {
      table,
      plans: tablePlans(table),
      catalogue: CATALOGUE,
      now: Date.now,
      codeVersion: 'test',
      leaseMs: 60_000,
      writerLifeMs: 0,
      shards: 1,
    };
    for (const { lines, input, runId } of steps) {
      await ingest(services, lines, arrivedOn);
      await runHere(services, parseRunInput(input), runId);
    }
    return await readEntries(table);
  } finally {
    await embedded.stop();
  }
}

/** What must be equal of an entry: all but who wrote it when, under which plan. */
function rowOf({ participantId, program, occasion, n, kind, unit, amount, earnedOn, reason }: Entry): string {
  return JSON.stringify({ participantId, program, occasion, n, kind, unit, amount, earnedOn, reason });
}

/** How many rows are equal, and those that only one of the ledgers has. */
export function compareLedgers(
  deployed: readonly Entry[],
  embedded: readonly Entry[],
): { equal: number; onlyDeployed: string[]; onlyEmbedded: string[] } {
  const [ours, theirs] = [new Set(deployed.map(rowOf)), new Set(embedded.map(rowOf))];
  return {
    equal: [...ours].filter((row) => theirs.has(row)).length,
    onlyDeployed: [...ours].filter((row) => !theirs.has(row)),
    onlyEmbedded: [...theirs].filter((row) => !ours.has(row)),
  };
}
