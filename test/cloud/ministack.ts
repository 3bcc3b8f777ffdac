/** MiniStack, a local AWS: installed once under `.cloud/`, started on loopback, and stopped with all it started. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { MissingError, root, run } from './command.ts';

const VERSION = '1.5.33';
const START_SECONDS = 60;
const STOP_MS = 5_000;

/**
 * Installs the pinned version into a virtual environment of its own, unless it is there.
 * @returns the program.
 * @throws {@link MissingError} when Python or its venv module is missing.
 */
export async function installMinistack(): Promise<string> {
  const directory = `${root}.cloud/ministack-${VERSION}`;
  const program = `${directory}/bin/ministack`;
  if (existsSync(program)) return program;
  try {
    await run('python3', ['-m', 'venv', '--clear', directory]);
  } catch (error) {
    throw new MissingError(
      `the rehearsal needs python3 with its venv module (on Debian and Ubuntu: apt install python3-venv): ${error instanceof Error ? error.message : error}`,
    );
  }
  await run(`${directory}/bin/pip`, ['install', '--quiet', `ministack==${VERSION}`]);
  return program;
}

export interface Ministack {
  endpoint: string;
  stop(): Promise<void>;
}

/** Starts it with its state in a directory. Its Lambdas run on the Node.js of this project. */
export async function startMinistack(program: string, directory: string): Promise<Ministack> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const log = `${directory}/ministack.log`;
  const file = openSync(log, 'w');
  const server = spawn(program, [], {
    cwd: directory,
    // A group of its own, so that its Lambdas are stopped with it.
    detached: true,
    stdio: ['ignore', file, file],
    env: {
      ...process.env,
      PATH: `${root}node_modules/.bin:${process.env.PATH}`,
      BIND_HOST: '127.0.0.1',
      MINISTACK_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      AWS_ENDPOINT_URL: endpoint,
      LAMBDA_EXECUTOR: 'local',
      TMPDIR: directory,
    },
  });
  const failed = new Promise<never>((_, reject) => {
    server.once('error', reject);
    server.once('exit', (code) =>
      reject(new Error(`MiniStack ended with ${code}:\n${readFileSync(log, 'utf8').slice(-4000)}`)),
    );
  });
  // Later on, its end shows in the requests that fail.
  failed.catch(() => {});
  const stop = () => stopGroup(server);
  try {
    await Promise.race([ready(endpoint), failed]);
  } catch (error) {
    await stop();
    throw error;
  }
  return { endpoint, stop };
}

async function ready(endpoint: string): Promise<void> {
  for (let second = 0; second < START_SECONDS * 4; second++) {
    const answer = await fetch(`${endpoint}/_ministack/health`).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(250);
  }
  throw new Error(`MiniStack did not answer within ${START_SECONDS} s`);
}

/** Ends a process and all that it started: first politely, then not. */
async function stopGroup(server: ChildProcess): Promise<void> {
  const { pid } = server;
  if (pid === undefined) return;
  const gone = new Promise((resolve) => server.once('exit', resolve));
  if (server.exitCode === null && server.signalCode === null) {
    signal(pid, 'SIGTERM');
    await Promise.race([gone, sleep(STOP_MS)]);
  }
  signal(pid, 'SIGKILL');
}

function signal(group: number, name: NodeJS.Signals): void {
  try {
    process.kill(-group, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
