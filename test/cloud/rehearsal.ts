/** The steps of the rehearsal. Each that writes is told to the embedded runner too, which comes to the same ledger. */
import { isDeepStrictEqual } from 'node:util';
import { FACTS_ZONE } from '../../shared/facts/schema.ts';
import { applyPart } from '../../shared/pipeline/apply-part.ts';
import type { Difference } from '../../shared/pipeline/difference.ts';
import { readManifest } from '../../shared/pipeline/plan.ts';
import { runHere } from '../../shared/pipeline/run-here.ts';
import { parseRunInput } from '../../shared/pipeline/run-input.ts';
import type { Verification } from '../../shared/pipeline/verify/verify.ts';
import { readControl } from '../../shared/store/control.ts';
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
import { breakFunction } from './broken-function.ts';
import { run } from './command.ts';
import { BAD_FACT, type Instalments, instalments } from './facts.ts';
import { compareLedgers, embeddedLedger, type Step } from './ledgers.ts';
import { type DeployedStage, STAGE, until } from './stage.ts';

const PROGRAM = 'treasure-host';
const COMMON = { program: PROGRAM, requestedBy: 'rehearsal' };

export class Rehearsal {
  readonly #stage: DeployedStage;
  readonly #endpoint: string;
  readonly #say: (text: string) => void;
  readonly #today = businessDate(Date.now(), FACTS_ZONE);
  readonly #facts: Instalments;
  readonly #backfill: Record<string, string>;
  /** What the embedded runner has to do to come to the same ledger. */
  readonly #steps: Step[] = [];

  constructor(stage: DeployedStage, endpoint: string, say: (text: string) => void) {
    this.#stage = stage;
    this.#endpoint = endpoint;
    this.#say = say;
    this.#facts = instalments(this.#today);
    const { from } = this.#facts;
    this.#backfill = { ...COMMON, job: 'backfill', from, to: addDays(this.#today, -1), reason: 'rehearsal' };
  }

  /** The daily run, fired by its schedule; a bad fact is put aside. */
  async schedule(): Promise<void> {
    await this.#send('daily');
    const runId = `${PROGRAM}.daily.${addDays(this.#today, -1)}`;
    await until(`a schedule has fired ${runId}`, async () => (await this.#record(runId))?.state === 'closed');
    const daily = await this.#closed(runId);
    this.#say(`${daily.requestedBy} fired: ${told(daily)}`);
    this.#happened('daily', { ...COMMON, job: 'daily', scheduledAt: daily.openedAt }, daily);
    const refused = await readQuarantine(this.#stage.services.table);
    if (refused.length !== 1 || refused[0]?.raw !== BAD_FACT) {
      throw new Error(`one fact should be in quarantine, there are ${JSON.stringify(refused)}`);
    }
  }

  /** A month end by the command line, which finds a writer that died while it was applying, and finishes it first. */
  async monthEnd(): Promise<void> {
    await this.#send('dying');
    const dead = 'rehearsal-dead';
    await this.#dieWhileApplying(dead);
    this.#say(`${dead} planned a backfill, and died before its first entry`);

    await this.#send('monthEnd');
    const month = addMonths(monthOf(this.#today), -1);
    await hongbao('run', 'month-end', '--month', month);
    const monthEnd = await this.#lastRun('month-end');
    const finished = await this.#closed(dead);
    this.#happened('dying', this.#backfill, finished);
    this.#say(`${dead} was finished by the state machine: it wrote ${finished.summary?.entries} entries`);
    this.#say(`month end ${month} by the command line: ${told(monthEnd)}`);
    const input = { ...COMMON, job: 'month-end', from: firstDay(month), to: lastDay(month) };
    this.#happened('monthEnd', input, monthEnd);
  }

  /** A backfill as `aws stepfunctions start-execution` starts it. */
  async backfill(): Promise<void> {
    await this.#send('backfill');
    const name = 'rehearsal-backfill';
    await this.#succeed('run', name, this.#backfill);
    const backfill = await this.#closed(name);
    this.#say(`backfill by StartExecution: ${told(backfill)}`);
    this.#happened('backfill', this.#backfill, backfill);
  }

  /** A backfill that was planned, looked at, and approved by its hash. */
  async planAndApply(): Promise<void> {
    await this.#send('planned');
    const { from = '', to = '' } = this.#backfill;
    const plan = async (): Promise<Difference> =>
      JSON.parse(await hongbao('plan', 'backfill', '--from', from, '--to', to, '--format', 'json'));
    const planned = await plan();
    const before = (await readEntries(this.#stage.services.table)).length;
    await hongbao('apply', planned.plan, '--reason', 'rehearsal');
    const applied = await this.#lastRun('backfill');
    const written = (await readEntries(this.#stage.services.table)).length - before;
    this.#say(`plan ${planned.plan} of ${planned.participants} participants, applied: ${told(applied)}`);
    const shown = planned.rows.map(({ incentive, unit, new: first, raised, lowered, refused }) => {
      const counts = [first, raised, lowered, refused];
      const sum = (field: 'entries' | 'amount') => counts.reduce((total, one) => total + one[field], 0);
      return [`${incentive} ${unit}`, { entries: sum('entries'), amount: sum('amount') }] as const;
    });
    same('what was written by incentive', applied.summary?.incentives, Object.fromEntries(shown));
    same('how many entries were written', applied.summary?.entries, written);
    const again = await plan();
    same('what is left to plan', again.rows, []);
    this.#say(`the plan said ${written} entries and ${written} were written; planning again is empty`);
    this.#happened('planned', this.#backfill, applied);
  }

  /** One schedule that fires twice at once. Today's has fired by itself, so this is tomorrow's. */
  async fireTwice(): Promise<void> {
    await this.#send('twice');
    const scheduledAt = new Date(startOfDay(addDays(this.#today, 1), FACTS_ZONE)).toISOString();
    const input = { program: PROGRAM, job: 'daily', scheduledAt, requestedBy: 'schedule' };
    const runId = `${PROGRAM}.daily.${this.#today}`;
    const ended = await Promise.all(
      ['rehearsal-first', 'rehearsal-second'].map((name) => this.#succeed('run', name, input)),
    );
    const duplicates = ended.filter(({ next }) => next === 'duplicate');
    same('executions that ended as duplicate, and of what', duplicates, [{ next: 'duplicate', runId }]);
    const daily = await this.#closed(runId);
    this.#say(`one schedule fired twice at once: ${told(daily)}`);
    this.#say(`the other execution ended as a duplicate of ${runId}`);
    this.#happened('twice', input, daily);
  }

  /**
   * A function that fails inside the last map, when some of its parts are written. A failed execution is not
   * redriven but started again: it was given up in order, its lease is over, and the next run finishes its plan.
   * This local AWS would fail all children alike; so one part is written from here, as by the child that got through.
   */
  async failAndStartAgain(): Promise<void> {
    await this.#send('failing');
    const { services } = this.#stage;
    const [name, again] = ['rehearsal-failing', 'rehearsal-again'];
    const mend = await breakFunction(this.#endpoint, 'applypart');
    const failed = await this.#stage.execute('run', name, this.#backfill);
    same('how a run ends whose function fails', failed.status, 'FAILED');
    const control = await readControl(services.table, PROGRAM);
    const { writer, state, leaseUntil, manifest = '' } = control;
    same(
      'who holds the program then',
      { writer, state, leaseUntil },
      { writer: name, state: 'applying', leaseUntil: 0 },
    );
    const record = (await this.#record(name))!;
    const { parts } = await readManifest(services.plans, manifest);
    const { entries } = await applyPart(services, { ...record, epoch: control.epoch }, manifest, parts[0]!);
    this.#say(
      `${name} failed while applying, with 1 of ${parts.length} parts written (${entries} entries): ${failed.cause.split(': ')[0]}`,
    );

    await mend();
    await this.#succeed('run', again, this.#backfill);
    const finished = await this.#closed(name);
    this.#say(
      `with the function mended, the next run finished it: it wrote ${finished.summary?.entries} entries`,
    );
    this.#say(`then the new run itself: ${told(await this.#closed(again))}`);
    this.#happened('failing', this.#backfill, finished);
  }

  /** Both ways of verifying find nothing, and the deployed ledger is, row by row, that of the embedded runner. */
  async compare(): Promise<void> {
    const found: (Pick<Verification, 'program'> &
      Record<'entries' | 'participants' | 'differences' | 'pending', number>)[] = JSON.parse(
      await hongbao('verify', '--format', 'json'),
    );
    for (const { program, entries, participants, differences, pending } of found) {
      this.#say(
        `verify ${program}: ${entries} entries of ${participants} participants, ${differences} differences, ${pending} pending`,
      );
    }
    const { found: deployed } = await this.#succeed('verify', 'rehearsal-verify', { program: PROGRAM });
    same('what the deployed verification found', (deployed as { differences: number }).differences, 0);
    this.#say('the deployed verification finds no difference either');

    const embedded = await embeddedLedger(this.#steps, this.#today);
    const ledger = (await readEntries(this.#stage.services.table)).filter(
      ({ program }) => program === PROGRAM,
    );
    const { equal, onlyDeployed, onlyEmbedded } = compareLedgers(ledger, embedded);
    for (const row of onlyDeployed) this.#say(`only deployed: ${row}`);
    for (const row of onlyEmbedded) this.#say(`only embedded: ${row}`);
    this.#say(`${equal} rows equal, ${onlyDeployed.length + onlyEmbedded.length} different`);
    if (onlyDeployed.length + onlyEmbedded.length > 0) throw new Error('the ledgers differ');
  }

  async #send(name: keyof Omit<Instalments, 'from'>): Promise<void> {
    await this.#stage.send(this.#facts[name]);
    this.#say(`${this.#facts[name].length} facts through the queue`);
  }

  /** Notes a step for the embedded runner. One that wrote nothing would show nothing. */
  #happened(name: keyof Omit<Instalments, 'from'>, input: unknown, { runId, summary }: RunRecord): void {
    if (!summary?.entries) throw new Error(`${runId} wrote nothing, so it shows nothing`);
    this.#steps.push({ lines: this.#facts[name], input, runId });
  }

  async #succeed(machine: 'run' | 'verify', name: string, input: unknown): Promise<Record<string, unknown>> {
    const { status, output, cause } = await this.#stage.execute(machine, name, input);
    if (status !== 'SUCCEEDED') throw new Error(`${name} ended as ${status}: ${cause}`);
    return output;
  }

  #record(runId: string): Promise<RunRecord | undefined> {
    return readRun(this.#stage.services.table, PROGRAM, runId);
  }

  async #closed(runId: string): Promise<RunRecord> {
    const record = await this.#record(runId);
    if (record?.state !== 'closed') throw new Error(`${runId} is not closed: ${JSON.stringify(record)}`);
    return record;
  }

  async #lastRun(job: string): Promise<RunRecord> {
    const records = await readRuns(this.#stage.services.table, PROGRAM);
    return this.#closed(records.findLast((record) => record.job === job)?.runId ?? job);
  }

  /** A writer that names its plan, and dies when it comes to read which entries are funded. */
  async #dieWhileApplying(runId: string): Promise<void> {
    const { services } = this.#stage;
    const plans = {
      ...services.plans,
      async get(hash: string) {
        const text = await services.plans.get(hash);
        if (text.startsWith('{"cuts"')) throw new Error('the process dies');
        return text;
      },
    };
    await runHere({ ...services, plans }, parseRunInput(this.#backfill), runId).catch(() => {});
    const record = await this.#record(runId);
    if (record?.state !== 'applying')
      throw new Error(`${runId} did not die in time: ${JSON.stringify(record)}`);
  }
}

/** The command line, as an operator of the stage calls it. */
function hongbao(...args: string[]): Promise<string> {
  const where = ['--program', PROGRAM, '--stage', STAGE];
  return run(process.execPath, ['functions/cli/main.ts', ...args, ...where]);
}

function told({ runId, summary }: RunRecord): string {
  return `${runId} looked at ${summary?.evaluated} participants and wrote ${summary?.entries} entries`;
}

/** @throws Error with both, when they are not the same. */
function same(what: string, is: unknown, shouldBe: unknown): void {
  if (!isDeepStrictEqual(is, shouldBe)) {
    throw new Error(`${what}: is ${JSON.stringify(is)}, should be ${JSON.stringify(shouldBe)}`);
  }
}
