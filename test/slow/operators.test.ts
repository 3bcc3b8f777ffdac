/** The README's chapter for operators, as printed: its commands are run in an empty directory, and its output compared. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
const MAIN = fileURLToPath(new URL('functions/cli/main.ts', root));
/** `npm run -s hongbao -- …`, without npm. */
const NPM = `npm() { shift 4; '${process.execPath}' '${MAIN}' "$@"; }`;
const LEFT_OUT = '…';

const chapter = /^## For operators\n(.*?)^## /ms.exec(readFileSync(new URL('README.md', root), 'utf8'))?.[1];
const steps = [...(chapter ?? '').matchAll(/```sh\n(.*?)```\n\n```text\n(.*?)```/gs)];

const directory = mkdtempSync(join(tmpdir(), 'hongbao-operators-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const HASH = /\b[0-9a-f]{32}\b/g;
const RUN = /\b(treasure-host\.[a-z-]+\.\d{4}-\d\d-\d\d)\.[0-9a-f]{8}\b/g;

/** What differs from one table to the next is left out: hashes, ids of runs, the padding of tables. */
function comparable(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.replace(HASH, '<hash>').replace(RUN, '$1.<id>').replace(/\s+/g, ' ').trim())
    .filter((line) => line !== '');
}

/** A person copies the hash of the plan and the id of the run from what was printed before. */
function copied(commands: string, printed: string): string {
  const plan = [...printed.matchAll(/^plan ([0-9a-f]{32})$/gm)].at(-1)?.[1];
  const runs = new Map([...printed.matchAll(RUN)].map(([id, job]) => [job, id]));
  return commands
    .replace(HASH, (hash) => plan ?? hash)
    .replace(RUN, (id, job: string) => runs.get(job) ?? id);
}

/** Every line that is shown was printed, in this order; where nothing is left out, nothing came in between. */
function expectShown(shown: readonly string[], printed: readonly string[]): void {
  let at = 0;
  let mayskip = true;
  for (const line of shown) {
    if (line === LEFT_OUT) {
      mayskip = true;
      continue;
    }
    const start = line.endsWith(LEFT_OUT) ? line.slice(0, -LEFT_OUT.length) : undefined;
    const isIt = (one: string) => (start === undefined ? one === line : one.startsWith(start));
    const found = printed.findIndex((one, index) => index >= at && isIt(one));
    expect(found, `${line}\nin\n${printed.join('\n')}`).toBeGreaterThanOrEqual(0);
    if (!mayskip) expect(found, `${line}\nfollows\n${printed[at - 1]}`).toBe(at);
    at = found + 1;
    mayskip = false;
  }
}

it('prints what the README says', async () => {
  expect(steps.length).toBeGreaterThan(6);
  let history = '';
  for (const [, commands = '', shown = ''] of steps) {
    const { stdout } = await promisify(execFile)(
      'bash',
      ['-c', `set -e\nexec 2>&1\n${NPM}\n${copied(commands, history)}`],
      { cwd: directory, env: { PATH: process.env.PATH, NO_COLOR: '1', HONGBAO_USER: 'ops' } },
    );
    history += stdout;
    expectShown(comparable(shown), comparable(stdout));
  }
});
