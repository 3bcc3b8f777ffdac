/** No two occasions of a program may be named alike, in whatever version: the ledger knows them by name alone. */
import type { Incentive, PolicyVersion, Program } from './schema.ts';
import { versionOn } from './versions.ts';

/** A name, or all names that start so, and whose it is. */
interface Name {
  /** `steady/2024-08` is of the family `steady`; `w1/cold-1` of `w` with any number; `growth-card-1` stands alone. */
  form: 'alone' | 'family' | 'numbered';
  text: string;
  version: PolicyVersion;
  incentive: Incentive;
}

/** The faults of incentives, of the same or of different versions, that would name their occasions alike. */
export function namingFaults(program: Program): string[] {
  const names = program.versions.flatMap((version) =>
    version.incentives.flatMap((incentive) => namesOf(version, incentive)),
  );
  const faults = names.flatMap((name, index) =>
    names
      .slice(0, index)
      .filter((earlier) => isAnother(program, earlier, name) && isAlike(earlier, name))
      .map(
        (earlier) =>
          `${name.version.version} ${name.text}: two incentives would name their occasions alike, ${whose(earlier)} and ${whose(name)}`,
      ),
  );
  return [...new Set(faults)];
}

function whose({ version, incentive }: Name): string {
  return `${incentive.id} of ${version.version}`;
}

function namesOf(version: PolicyVersion, incentive: Incentive): Name[] {
  const of = { version, incentive };
  switch (incentive.kind) {
    case 'window-ladder':
      return [
        { form: 'numbered', text: incentive.prefix, ...of },
        // What is said before a window opens has the incentive's own name.
        { form: 'family', text: incentive.id, ...of },
      ];
    case 'event-ladder':
      return incentive.rungs.map(({ name }) => ({
        form: 'alone',
        text: `${incentive.prefix ?? ''}${name}`,
        ...of,
      }));
    case 'fee-rate':
      return [{ form: 'alone', text: `${incentive.prefix ?? ''}${incentive.id}`, ...of }];
    default:
      return [{ form: 'family', text: incentive.id, ...of }];
  }
}

/**
 * Whether two names are of different things. An incentive goes on under its id from version to version; two editions
 * of an event are different, once both can take effect: each in the version that is in force on its first day.
 */
function isAnother(program: Program, a: Name, b: Name): boolean {
  if (a.incentive.id !== b.incentive.id) return true;
  if (a.version === b.version) return a.incentive !== b.incentive;
  const [first, second] = [a.incentive, b.incentive];
  if (a.form !== 'alone' || !('from' in first) || !('from' in second)) return false;
  // With no other superseding version in force than these: a further one can only take effect away.
  const both = {
    ...program,
    versions: program.versions.filter(
      (version) => version.supersedes === undefined || version === a.version || version === b.version,
    ),
  };
  return versionOn(both, first.from) === a.version && versionOn(both, second.from) === b.version;
}

function isAlike(a: Name, b: Name): boolean {
  if (a.form === 'numbered' && b.form === 'numbered')
    return isNumbered(a.text, b.text) || isNumbered(b.text, a.text) || a.text === b.text;
  const [head, other] = [headOf(a), headOf(b)];
  if (a.form === 'numbered') return isNumbered(a.text, other);
  if (b.form === 'numbered') return isNumbered(b.text, head);
  return a.form === 'alone' && b.form === 'alone' ? a.text === b.text : head === other;
}

/** What comes before the first slash. */
function headOf({ text }: Name): string {
  return text.split('/', 1)[0] ?? '';
}

/** Whether a text is a prefix with a number: `w1` of `w`. */
function isNumbered(prefix: string, text: string): boolean {
  return text.startsWith(prefix) && /^\d+$/.test(text.slice(prefix.length));
}
