/** `hongbao runs`: the run ledger, and finishing a run that died. */
import type { Command } from 'commander';
import { resumeRun } from '../../shared/pipeline/run-here.ts';
import { readControl } from '../../shared/store/control.ts';
import { type RunRecord, readRun, readRuns } from '../../shared/store/runs.ts';
import { InputError } from '../../shared/values/validation.ts';
import { type CommonOptions, command, group, programsOf, withTarget } from './command.ts';
import { note, printRecord, printRows, type Row } from './output.ts';
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
  return group('runs', 'the run ledger', 'runs --local .hongbao')
    .addCommand(list, { isDefault: true })
    .addCommand(show)
    .addCommand(resume);
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
  const ended = await resumeRun(target.services, program, id);
  if (ended === undefined) note(`run ${id} is not open: there is nothing to finish`);
  else
    note(ended === 'finished' ? `run ${id} is finished` : `run ${id} had written nothing, and is given up`);
}
