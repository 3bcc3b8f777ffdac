/** The embedded DynamoDB: dynalite on loopback in a thread of its own, kept in a directory or in memory. */
import { mkdirSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { InputError } from '../values/validation.ts';
import { documentClient } from './clients.ts';

/** Few, because here a query costs more than a hot partition. */
export const EMBEDDED_BUCKETS = 4;
export const EMBEDDED_TABLE = 'hongbao';

export interface Embedded {
  client: DynamoDBDocumentClient;
  /** Stops the server; what was written is kept. */
  stop(): Promise<void>;
}

/**
 * Starts an embedded DynamoDB. A directory serves one process at a time, so whoever has it open is its only
 * writer.
 * @param directory where it is kept; in memory when left out.
 * @throws {@link InputError} when another process has the directory open.
 */
export async function startEmbedded(directory?: string): Promise<Embedded> {
  if (directory !== undefined) mkdirSync(directory, { recursive: true });
  const worker = new Worker(new URL('./embedded-worker.ts', import.meta.url), {
    workerData: { path: directory },
  });
  const port = await new Promise<number>((resolve, reject) => {
    worker.once('message', ({ port }) => resolve(port));
    worker.once('error', (error) => reject(directoryError(directory, error)));
  });
  worker.removeAllListeners('error');
  const client = documentClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'local',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  return {
    client,
    async stop() {
      client.destroy();
      const exited = new Promise((resolve) => worker.once('exit', resolve));
      worker.postMessage('stop');
      await exited;
    },
  };
}

function directoryError(directory: string | undefined, error: unknown): Error {
  const text = String((error as { cause?: unknown }).cause ?? error);
  return text.includes('LOCK') || text.includes('lock')
    ? new InputError(
        `--local: got ${directory}, which another hongbao has open; allowed: a directory that none has`,
      )
    : new Error(`the embedded database in ${directory} does not start: ${text}`);
}
