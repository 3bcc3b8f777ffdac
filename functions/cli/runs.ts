/** `hongbao runs`: the run ledger, and finishing a run that died. */
import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { abandonByHand } from '../../shared/pipeline/abandon.ts';
import { resumeRun } from '../../shared/pipeline/run-here.ts';
import { readControl } from '../../shared/store/control.ts';
import { type RunRecord, readRun, readRuns } from '../../shared/store/runs.ts';
import { InputError } from '../../shared/values/validation.ts';
import { type CommonOptions, command, group, programsOf, reasonArgument, withTarget } from './command.ts';
import { note, printRecord, printRows, type Row } from './output.ts';
import { requester } from './running.ts';
import type { Target } from './target.ts';

export function runsCommand(): Command {
  const list = command('list', 'every run, the first opened first', 'runs').action((options: CommonOptions) =>
    withTarget(options, async (target) => {
      const rows: Row[] = [];
      for (const { program } of programsOf(options)) rows.push(...(await runRows(target, program)));
      printRows(options.format, rows, [
        'runId',
        'asOf',
        'state',
        'evaluated',
        'entries',
        'openedAt',
        'requestedBy',
      ]);
    }),
  );
  const show = command(
    'show',
    'all that is on record of a run',
    'runs show treasure-host.daily.2024-08-01.0f3a9c1e',
  )
    .argument('<id>', 'the run')
    .action((id: string, options: CommonOptions) =>
      withTarget(options, async (target) =>
        printRecord(options.format, { ...(await findRun(target, options, id)) }),
      ),
    );
  const resume = command(
    'resume',
    'finish a run that died',
    'runs resume treasure-host.daily.2024-08-01.0f3a9c1e',
  )
    .argument('<id>', 'the run')
    .action((id: string, options: CommonOptions) =>
      withTarget(options, (target) => resumeAndTell(target, options, id)),
    );
  const abandon = command(
    'abandon',
    'give up a run that died: one that was planning, or whose plan is gone',
    'runs abandon treasure-host.daily.2024-08-01.0f3a9c1e --reason "its plan was deleted"',
  )
    .argument('<id>', 'the run')
    .option('--reason <text>', 'why, for the record: without it, nothing is changed', reasonArgument)
    .action((id: string, options: AbandonOptions) =>
      withTarget(options, (target) => abandonAndTell(target, options, id)),
    );
  return group('runs', 'the run ledger', 'runs --local .hongbao')
    .addCommand(list, { isDefault: true })
    .addCommand(show)
    .addCommand(resume)
    .addCommand(abandon);
}

interface AbandonOptions extends CommonOptions {
  reason?: string;
}

/** Shown first: without a reason it says what giving the run up would mean. */
async function abandonAndTell(target: Target, options: AbandonOptions, id: string): Promise<void> {
  const { program } = await findRun(target, options, id);
  const { reason } = options;
  const decision = reason === undefined ? undefined : { by: requester(), reason };
  const { state, staysReserved } = await abandonByHand(target.services, program, id, decision);
  const done = reason === undefined ? 'would be given up' : 'is given up';
  if (state === 'planning')
    note(`run ${id} ${done}: it had written nothing, and what it had reserved returns`);
  else {
    note(`run ${id} ${done}: what it wrote stays, and whoever it had not written is due again`);
    for (const [pool, amount] of Object.entries(staysReserved))
      note(
        `${amount} of pool ${pool} stays reserved until hongbao budget recount, a day later at the earliest`,
      );
  }
  if (reason === undefined) note('nothing was changed: with --reason it is given up');
}

async function runRows({ services: { table } }: Target, program: string): Promise<Row[]> {
  const control = await readControl(table, program);
  return (await readRuns(table, program)).map((run) => ({
    ...run,
    state: control.writer === run.runId ? control.state : run.state,
    evaluated: run.summary?.evaluated,
    entries: run.summary?.entries,
  }));
}

async function findRun(
  { services: { table } }: Target,
  options: CommonOptions,
  id: string,
): Promise<RunRecord> {
  for (const { program } of programsOf(options)) {
    const run = await readRun(table, program, id);
    if (run !== undefined) return run;
  }
  throw new InputError(
    `run: got ${JSON.stringify(id)}; allowed: a run of this table (hongbao runs lists them)`,
  );
}

async function resumeAndTell(target: Target, options: CommonOptions, id: string): Promise<void> {
  const { program } = await findRun(target, options, id);
  const ended = await resumeRun(target.services, program, id, `resume.${randomUUID()}`);
  if (ended === undefined) note(`run ${id} is not open: there is nothing to finish`);
  else
    note(ended === 'finished' ? `run ${id} is finished` : `run ${id} had written nothing, and is given up`);
}
