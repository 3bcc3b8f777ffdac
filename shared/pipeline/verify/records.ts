/** The runs on record against the control item: who died, and how far the program has come. */
import type { Control } from '../../store/control.ts';
import type { RunRecord } from '../../store/runs.ts';
import { addDays, monthOf } from '../../values/calendar.ts';
import { backfillCommand, type Fault, monthEndCommand, resumeCommand, unmendable } from './mend.ts';

/** The runs on record, and the ends of which only the control item knows yet: the next opening records them. */
export function withEnds({ lastClosed, displaced = [] }: Control, runs: readonly RunRecord[]): RunRecord[] {
  const ended = new Set(displaced.map(({ run }) => run.runId));
  return runs.map((run): RunRecord => {
    if (run.runId === lastClosed) return { ...run, state: 'closed' };
    return ended.has(run.runId) ? { ...run, state: 'abandoned' } : run;
  });
}

/** A run that began to apply, and that nobody finished. */
export function deadRuns(program: string, { writer, state }: Control, runs: readonly RunRecord[]): Fault[] {
  const open = runs.filter(
    (run) => run.state === 'planning' || run.state === 'applying' || run.runId === writer,
  );
  return open.map(({ runId, state: recorded }) =>
    runId === writer
      ? { what: `run ${runId} died while ${state}`, mend: resumeCommand(program, runId) }
      : unmendable(`run ${runId} is recorded as ${recorded}, and does not hold the program`),
  );
}

/** How far the program has come is how far its closed runs have. */
export function wrongDates(program: string, control: Control, runs: readonly RunRecord[]): Fault[] {
  const closed = runs.filter(({ state, runId }) => state === 'closed' && runId !== control.writer);
  const whole = closed.filter(({ failedShards = [] }) => failedShards.length === 0);
  const monthEnds = whole.filter(({ job }) => job === 'month-end');
  const { lastClosed } = control;
  const days = { program, mend: mendDate };
  const reached = [
    { ...days, name: 'watermark', says: control.watermark, all: whole.map(({ watermark }) => watermark) },
    { ...days, name: 'closed as-of', says: control.closedAsOf, all: closed.map(({ asOf }) => asOf) },
    {
      program,
      mend: mendMonth,
      name: 'last month decided',
      says: control.decidedThrough,
      all: monthEnds.map(({ to }) => monthOf(to)),
    },
  ];
  return [
    ...(lastClosed === undefined || closed.some(({ runId }) => runId === lastClosed)
      ? []
      : [unmendable(`run ${lastClosed} was the last to close, and is not on record as closed`)]),
    ...reached.flatMap(wrongDate),
  ];
}

/** How far the control item says that the program has come, and the runs on record. */
interface Reached {
  program: string;
  name: string;
  says: string | undefined;
  all: (string | undefined)[];
  mend(program: string, says: string | undefined, come: string | undefined): string;
}

function wrongDate({ program, name, says, all, mend }: Reached): Fault[] {
  const come = all
    .filter((date) => date !== undefined)
    .sort()
    .at(-1);
  if (says === come) return [];
  const what = `the ${name} is ${says ?? 'none'}, and the runs on record come to ${come ?? 'none'}`;
  return [{ what, mend: mend(program, says, come) }];
}

/** Where it is too far, whoever was passed by is looked at again; where it is behind, the next run moves it on. */
function mendDate(program: string, says: string | undefined, come: string | undefined): string {
  if (says === undefined || (come !== undefined && says < come)) return 'the next daily run moves it on';
  return backfillCommand(program, { from: come === undefined ? says : addDays(come, 1), to: says });
}

function mendMonth(program: string, says = '', come = ''): string {
  return monthEndCommand(program, says > come ? says : come);
}
