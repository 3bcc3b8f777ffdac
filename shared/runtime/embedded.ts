/** The embedded DynamoDB: dynalite on loopback in a thread of its own, kept in a directory or in memory. */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
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
 * @throws {@link InputError} when it cannot be opened, as when another process has it open.
 */
export async function startEmbedded(directory?: string): Promise<Embedded> {
  if (directory !== undefined) makeDirectory(directory);
  const worker = new Worker(new URL('./embedded-worker.ts', import.meta.url), {
    workerData: { path: directory },
  });
  const died = new Promise<never>((_, reject) => {
    worker.once('error', (error) => reject(startError(directory, error)));
  });
  const port = await Promise.race([
    died,
    new Promise<number>((resolve) => worker.once('message', ({ port }) => resolve(port))),
  ]);
  const client = documentClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'local',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  // The server opens its files at the first request: a directory in use shows only then, and ends the thread.
  await Promise.race([died, client.send(new ListTablesCommand({ Limit: 1 }))]);
  worker.removeAllListeners('error');
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

/** Whether nothing was ever kept at a path: it is not there, or is a directory without a database. */
export function hasNoDatabase(path: string): boolean {
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  return !isFile && !existsSync(join(path, 'CURRENT'));
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true });
  } catch (error) {
    throw new InputError(
      `--local: got ${directory}; allowed: a directory that can be written (${String((error as Error).message)})`,
    );
  }
}

/** Which of its parts is missed first, when the files do not open, hangs on how busy the machine is. */
function startError(directory: string | undefined, error: unknown): Error {
  const { message } = error as Error;
  return directory !== undefined && /^(Database|Iterator) is (closed|not open)\b/.test(message)
    ? new InputError(
        `--local: got ${directory}, which does not open: another hongbao has it open, or its files cannot be written; allowed: a directory that no other process uses`,
      )
    : new Error(`the embedded database does not start: ${message}`);
}
