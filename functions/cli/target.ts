/** Where a command works, when the stages run in this very process: an embedded database, or a server. */
import { DynamoDBServiceException } from '@aws-sdk/client-dynamodb';
import { type OnStage, type RunOutcome, runHere } from '../../shared/pipeline/run-here.ts';
import type { RunInput } from '../../shared/pipeline/run-input.ts';
import type { Services } from '../../shared/pipeline/services.ts';
import { CATALOGUE } from '../../shared/policy/catalogue.ts';
import { documentClient } from '../../shared/runtime/clients.ts';
import { EMBEDDED_BUCKETS, EMBEDDED_TABLE, startEmbedded } from '../../shared/runtime/embedded.ts';
import { WRITER_LIFE_MS } from '../../shared/runtime/services.ts';
import { CODE_VERSION } from '../../shared/runtime/version.ts';
import { dropTable, ensureTable, openTable } from '../../shared/store/open-table.ts';
import { tablePlans } from '../../shared/store/plans.ts';
import { InputError } from '../../shared/values/validation.ts';

/** An open place to work in. */
export interface Target {
  services: Services;
  /** Starts a run there and waits for its end. */
  run(input: RunInput, runId: string, onStage: OnStage): Promise<RunOutcome>;
  close(): Promise<void>;
}

/** A run on a server may take this long before another may take it over. */
const ENDPOINT_LEASE_MS = 600_000;
/** Enough for progress to be seen. */
const SHARDS = 4;

/**
 * An embedded database in a directory, or in memory. It has one process at a time, so a lease would only be in the way.
 * @param emptied whether what it holds goes first, once it is open and so nobody else's.
 */
export async function openLocal(directory?: string, { emptied = false } = {}): Promise<Target> {
  const { client, stop } = await startEmbedded(directory);
  if (emptied) await dropTable(client, EMBEDDED_TABLE);
  await ensureTable(client, EMBEDDED_TABLE);
  const table = await openTable(client, EMBEDDED_TABLE, {
    buckets: EMBEDDED_BUCKETS,
    expires: false,
  });
  return here(table, 0, stop);
}

/** A table on any DynamoDB-compatible server, made if it is missing. @throws {@link InputError} */
export async function openEndpoint(endpoint: string, name: string): Promise<Target> {
  if (!URL.canParse(endpoint)) {
    throw new InputError(
      `--endpoint: got ${JSON.stringify(endpoint)}; allowed: a URL as http://127.0.0.1:8000`,
    );
  }
  const client = documentClient({
    endpoint,
    region: process.env.AWS_REGION ?? 'us-east-1',
    ...(process.env.AWS_ACCESS_KEY_ID === undefined
      ? { credentials: { accessKeyId: 'hongbao', secretAccessKey: 'hongbao' } }
      : {}),
  });
  const table = await reachTable(client, endpoint, name);
  return here(table, ENDPOINT_LEASE_MS, async () => client.destroy());
}

async function reachTable(
  client: ReturnType<typeof documentClient>,
  endpoint: string,
  name: string,
): Promise<Services['table']> {
  try {
    await ensureTable(client, name);
    return await openTable(client, name);
  } catch (error) {
    client.destroy();
    if (error instanceof InputError || error instanceof DynamoDBServiceException) throw error;
    const { message, code } = error as Error & { code?: string };
    throw new Error(
      `--endpoint: nothing at ${endpoint} answers as DynamoDB does (${message || code}): start a server there, or leave --endpoint out for the embedded database`,
    );
  }
}

function here(table: Services['table'], leaseMs: number, close: () => Promise<void>): Target {
  const now = () => Date.now();
  const services: Services = {
    table,
    plans: tablePlans(table),
    catalogue: CATALOGUE,
    now,
    leaseMs,
    // Where there is no lease, one process has the directory to itself.
    writerLifeMs: leaseMs === 0 ? 0 : WRITER_LIFE_MS,
    codeVersion: CODE_VERSION,
    shards: SHARDS,
  };
  return { services, run: (input, runId, onStage) => runHere(services, input, runId, onStage), close };
}
