/**
 * The rehearsal: the real stacks on a local AWS. Facts come through the queue; a schedule fires the daily run; a
 * month end is started by the command line, and finds a writer that died while it was applying; a backfill is
 * started by a plain StartExecution. Then the deployed ledger must be, row by row, that of the embedded runner.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { FACTS_ZONE } from '../../shared/facts/schema.ts';
import { runHere } from '../../shared/pipeline/run-here.ts';
import { parseRunInput } from '../../shared/pipeline/run-input.ts';
import { readEntries } from '../../shared/store/ledger.ts';
import { readQuarantine } from '../../shared/store/quarantine.ts';
import { type RunRecord, readRun, readRuns } from '../../shared/store/runs.ts';
import {
  addDays,
  addMonths,
  businessDate,
  firstDay,
  lastDay,
  monthOf,
  startOfDay,
} from '../../shared/values/calendar.ts';
import { MissingError, root, run } from './command.ts';
import { BAD_FACT, instalments } from './facts.ts';
import { compareLedgers, embeddedLedger } from './ledgers.ts';
import { installMinistack, startMinistack } from './ministack.ts';
import { type DeployedStage, deploy, openDeployed, STAGE, until } from './stage.ts';

const PROGRAM = 'treasure-host';
/** A rehearsal takes less than this; one that passes midnight would see its dates change. */
const LONGEST_MS = 6 * 60_000;

const started = performance.now();
function say(text: string): void {
  process.stdout.write(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${text}\n`);
}

async function rehearse(stage: DeployedStage): Promise<void> {
  const today = businessDate(Date.now(), FACTS_ZONE);
  const facts = instalments(today);

  await stage.send(facts.daily);
  say(`${facts.daily.length} facts through the queue`);
  const daily = await scheduledRun(stage, `${PROGRAM}.daily.${addDays(today, -1)}`);
  say(`${daily.requestedBy} fired: ${told(daily)}`);
  const refused = await readQuarantine(stage.services.table, [today]);
  if (refused.length !== 1 || refused[0]?.raw !== BAD_FACT) {
    throw new Error(`one fact should be in quarantine, there are ${JSON.stringify(refused)}`);
  }

  const common = { program: PROGRAM, requestedBy: 'rehearsal' };
  const range = { from: facts.from, to: addDays(today, -1) };
  const backfillInput = { ...common, job: 'backfill', ...range, reason: 'rehearsal' };
  await stage.send(facts.dying);
  say(`${facts.dying.length} facts through the queue`);
  const dead = 'rehearsal-dead';
  await dieWhileApplying(stage, backfillInput, dead);
  say(`${dead} planned a backfill, and died before its first entry`);

  await stage.send(facts.monthEnd);
  say(`${facts.monthEnd.length} facts through the queue`);
  const month = addMonths(monthOf(today), -1);
  const monthEnd = await monthEndByCommandLine(stage, month);
  const finished = found(await readRun(stage.services.table, PROGRAM, dead), dead);
  say(`${dead} was finished by the state machine: it wrote ${finished.summary?.entries} entries`);
  say(`month end ${month} by the command line: ${told(monthEnd)}`);

  await stage.send(facts.backfill);
  say(`${facts.backfill.length} facts through the queue`);
  const name = 'rehearsal-backfill';
  await stage.startExecution(name, backfillInput);
  const backfill = found(await readRun(stage.services.table, PROGRAM, name), name);
  say(`backfill ${range.from} to ${range.to} by StartExecution: ${told(backfill)}`);

  const monthInput = { ...common, job: 'month-end', from: firstDay(month), to: lastDay(month) };
  const embedded = await embeddedLedger(
    [
      {
        lines: facts.daily,
        input: { ...common, job: 'daily', scheduledAt: daily.openedAt },
        runId: daily.runId,
      },
      { lines: facts.dying, input: backfillInput, runId: dead },
      { lines: facts.monthEnd, input: monthInput, runId: monthEnd.runId },
      { lines: facts.backfill, input: backfillInput, runId: name },
    ],
    today,
  );
  const deployed = (await readEntries(stage.services.table)).filter(({ program }) => program === PROGRAM);
  const { equal, onlyDeployed, onlyEmbedded } = compareLedgers(deployed, embedded);
  for (const row of onlyDeployed) say(`only deployed: ${row}`);
  for (const row of onlyEmbedded) say(`only embedded: ${row}`);
  say(`${equal} rows equal, ${onlyDeployed.length + onlyEmbedded.length} different`);
  if (onlyDeployed.length + onlyEmbedded.length > 0) throw new Error('the ledgers differ');
  for (const { runId, summary } of [daily, finished, monthEnd, backfill]) {
    if (!summary?.entries) throw new Error(`${runId} wrote nothing, so this shows nothing`);
  }
}

/** Waits for a run that nobody here starts. */
async function scheduledRun({ services: { table } }: DeployedStage, runId: string): Promise<RunRecord> {
  let record: RunRecord | undefined;
  await until(`a schedule has fired ${runId}`, async () => {
    record = await readRun(table, PROGRAM, runId);
    return record?.state === 'closed';
  });
  return found(record, runId);
}

async function monthEndByCommandLine(
  { services: { table } }: DeployedStage,
  month: string,
): Promise<RunRecord> {
  await run(process.execPath, [
    'functions/cli/main.ts',
    ...['run', 'month-end', '--month', month, '--program', PROGRAM, '--stage', STAGE],
  ]);
  const records = await readRuns(table, PROGRAM);
  return found(
    records.find(({ job }) => job === 'month-end'),
    `the month end of ${month}`,
  );
}

/** A writer that names its plan, and dies when it comes to read which entries are funded. */
async function dieWhileApplying({ services }: DeployedStage, input: unknown, runId: string): Promise<void> {
  const plans = {
    ...services.plans,
    async get(hash: string) {
      const text = await services.plans.get(hash);
      if (text.startsWith('{"cuts"')) throw new Error('the process dies');
      return text;
    },
  };
  await runHere({ ...services, plans }, parseRunInput(input), runId).catch(() => {});
  const record = await readRun(services.table, PROGRAM, runId);
  if (record?.state !== 'applying')
    throw new Error(`${runId} did not die in time: ${JSON.stringify(record)}`);
}

function found(record: RunRecord | undefined, what: string): RunRecord {
  if (record?.state !== 'closed') throw new Error(`${what} is not closed: ${JSON.stringify(record)}`);
  return record;
}

function told({ runId, summary }: RunRecord): string {
  return `${runId} looked at ${summary?.evaluated} participants and wrote ${summary?.entries} entries`;
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
  await rehearse(stage);
  say('the rehearsal passed');
} catch (error) {
  process.stderr.write(
    `${error instanceof MissingError ? error.message : error instanceof Error ? error.stack : error}\n`,
  );
  process.exitCode = 1;
} finally {
  await cleanUp();
}
