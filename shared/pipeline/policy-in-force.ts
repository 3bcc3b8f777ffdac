/** Which versions of a program count, and which may still come: the past is decided (docs/design.md, law 14). */
import { findProgram } from '../policy/catalogue.ts';
import type { Program } from '../policy/schema.ts';
import { inForce, versionHashes } from '../policy/versions.ts';
import { type Control, readControl } from '../store/control.ts';
import { pinnedVersions } from '../store/policies.ts';
import type { Run } from '../store/runs.ts';
import type { Table } from '../store/table.ts';
import { canonicalJson } from '../values/canonical.ts';
import { InputError } from '../values/validation.ts';
import type { RunInput } from './run-input.ts';
import type { Services } from './services.ts';

/** The program as it counts now: without superseding versions under which no plan has been applied. */
export async function programNow(table: Table, program: Program): Promise<Program> {
  return inForce(program, (await readControl(table, program.program)).superseding ?? []);
}

/**
 * The program as a run sees it. A plan that looks at everyone, and the run that applies it, see the superseding versions
 * of the catalogue too: once that plan has been applied, they count.
 *
 * @param shown whether the run only plans, to be shown to an operator.
 * @throws {@link InputError} when a superseding version that was applied is gone.
 */
export function programFor(
  { catalogue }: Services,
  { program: name, job, participants, plan }: RunInput,
  { superseding = [] }: Control,
  shown: boolean,
): Program {
  const program = findProgram(name, catalogue);
  const counted = inForce(program, superseding);
  const proposes = (shown || plan !== undefined) && job === 'backfill' && participants === undefined;
  return proposes ? program : counted;
}

/** The names of a program's superseding versions, as a run keeps them: they count once it is closed. */
export function supersedingIn({ versions }: Program): Pick<Run, 'superseding'> {
  const names = versions.flatMap(({ version, supersedes }) => (supersedes === undefined ? [] : [version]));
  return names.length === 0 ? {} : { superseding: names };
}

/**
 * Refuses a version that no run has used and that starts on a day already decided: it would change the past. One that
 * supersedes another may, by a plan that was shown.
 * @throws {@link InputError} naming the program, the version, its first day and what is allowed.
 */
export async function checkNewVersions(
  table: Table,
  program: Program,
  { closedAsOf }: Control,
): Promise<void> {
  if (closedAsOf === undefined) return;
  const past = program.versions.filter(
    ({ from, supersedes }) => supersedes === undefined && from <= closedAsOf,
  );
  const used = await pinnedVersions(table, program.program);
  for (const { version, from } of past) {
    if (used.has(version)) continue;
    throw new InputError(
      `policy ${program.program} version ${version}: from: got ${from}; allowed: after ${closedAsOf}, the last closed as-of, because no run has used it yet: what was decided by then stays as it was (a version that supersedes another may change it)`,
    );
  }
}

/** The program of a run. @throws Error when the policy deployed here is not the one that the run pinned. */
export function pinnedProgram({ catalogue }: Pick<Services, 'catalogue'>, run: Run): Program {
  const deployed = findProgram(run.program, catalogue);
  const program = {
    ...deployed,
    versions: deployed.versions.filter(({ version }) => Object.hasOwn(run.policy, version)),
  };
  if (canonicalJson(versionHashes(program)) === canonicalJson(run.policy)) return program;
  throw new Error(`run ${run.runId} pinned another policy than the one deployed here: start it again`);
}
