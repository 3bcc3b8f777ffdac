/**
 * The rehearsal: the real stacks on a local AWS. Facts come through the queue; a schedule fires the daily run; a
 * month end is started by the command line, and finds a writer that died while it was applying; a backfill is
 * started by a plain StartExecution, and another is planned, approved and applied by the command line; one schedule
 * fires twice at once; a function fails, and is mended. Then the verification must find nothing, and the deployed
 * ledger must be, row by row, that of the embedded runner.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { FACTS_ZONE } from '../../shared/facts/schema.ts';
import { addDays, businessDate, startOfDay } from '../../shared/values/calendar.ts';
import { MissingError, root } from './command.ts';
import { installMinistack, startMinistack } from './ministack.ts';
import { Rehearsal } from './rehearsal.ts';
import { deploy, openDeployed, STAGE } from './stage.ts';

/** A rehearsal takes less than this; one that passes midnight would see its dates change. */
const LONGEST_MS = 6 * 60_000;

const started = performance.now();
function say(text: string): void {
  process.stdout.write(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${text}\n`);
}

/** Near midnight the dates of facts and runs would change under the rehearsal: it starts after. */
async function passMidnight(): Promise<void> {
  const tomorrow = startOfDay(addDays(businessDate(Date.now(), FACTS_ZONE), 1), FACTS_ZONE);
  const left = tomorrow - Date.now();
  if (left > LONGEST_MS) return;
  say(`midnight in ${FACTS_ZONE} is ${Math.ceil(left / 1000)} s away: waiting for it to pass`);
  await sleep(left + 1000);
}

const cleanups: (() => Promise<void> | void)[] = [];
async function cleanUp(): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    await cleanUp();
    process.exit(130);
  });
}

try {
  const program = await installMinistack();
  say('MiniStack is installed');
  await passMidnight();
  const directory = await mkdtemp(`${tmpdir()}/hongbao-cloud-`);
  cleanups.push(() => rm(directory, { recursive: true, force: true }));
  const server = await startMinistack(program, directory);
  cleanups.push(server.stop);
  say(`MiniStack answers at ${server.endpoint}`);
  // As every AWS tool takes them: for the CDK, for the command line, and for the clients in this process.
  Object.assign(process.env, {
    PATH: `${root}node_modules/.bin:${process.env.PATH}`,
    AWS_ENDPOINT_URL: server.endpoint,
    AWS_ENDPOINT_URL_S3: server.endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
  await deploy(directory);
  say(`stage ${STAGE} is deployed`);
  const stage = await openDeployed();
  cleanups.push(stage.close);
  const rehearsal = new Rehearsal(stage, server.endpoint, say);
  await rehearsal.schedule();
  await rehearsal.monthEnd();
  await rehearsal.backfill();
  await rehearsal.planAndApply();
  await rehearsal.fireTwice();
  await rehearsal.failAndStartAgain();
  await rehearsal.compare();
  say('the rehearsal passed');
} catch (error) {
  process.stderr.write(
    `${error instanceof MissingError ? error.message : error instanceof Error ? error.stack : error}\n`,
  );
  process.exitCode = 1;
} finally {
  await cleanUp();
}
