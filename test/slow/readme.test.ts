/**
 * The README as printed, from top to bottom: every block of commands that needs no AWS is run, in order, in one fresh clone,
 * and what it shows is compared. What is left out is listed with its reason.
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** What a clone does not have. */
const NOT_CLONED = ['node_modules', '.git', '.hongbao', '.cloud', 'cdk.out', 'coverage', 'dist'];
/** What a block has in it that needs an account, or a server in its place. */
const NEEDS_AWS = /--stage\b|\baws\b|\bcdk\b|MiniStack|test:cloud/;
/** Of npm, two commands are left out: one installs what this test runs with, the other runs the tests. */
const NPM = `npm() { case "$1" in ci | cit) echo "left out: npm $1" ;; *) command npm "$@" ;; esac; }`;
const LEFT_OUT = '…';

interface Block {
  chapter: string;
  commands: string;
  /** What is said to be printed, if anything is. */
  shown: string;
}

/** The blocks of commands, each with the text that follows in its chapter before the next. */
function blocksOf(readme: string): Block[] {
  const blocks: Block[] = [];
  let chapter = '';
  let shows = false;
  for (const [, heading, kind, text = ''] of readme.matchAll(/^#+ ([^\n]*)$|^```(\w+)\n(.*?)^```$/gms)) {
    if (heading !== undefined) chapter = heading;
    if (heading !== undefined || kind === 'sh') shows = kind === 'sh';
    if (kind === 'sh') blocks.push({ chapter, commands: text, shown: '' });
    const last = blocks.at(-1);
    if (kind === 'text' && shows && last !== undefined) {
      last.shown = text;
      shows = false;
    }
  }
  return blocks;
}

const blocks = blocksOf(readFileSync(join(root, 'README.md'), 'utf8'));
const clone = mkdtempSync(join(tmpdir(), 'hongbao-clone-'));
beforeAll(() => {
  cpSync(root, clone, { recursive: true, filter: (path) => !NOT_CLONED.includes(basename(path)) });
  symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
});
afterAll(() => rmSync(clone, { recursive: true, force: true }));

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

/** Runs commands in the clone. @throws with all that was printed, when one of them fails. */
async function typed(commands: string): Promise<string> {
  const { PATH, HOME } = process.env;
  const { stdout } = await promisify(execFile)(
    'bash',
    ['-c', `set -eo pipefail\nexec 2>&1\n${NPM}\n${commands}`],
    {
      cwd: clone,
      env: { PATH, HOME, NO_COLOR: '1', HONGBAO_USER: 'ops', npm_config_update_notifier: 'false' },
      maxBuffer: 100_000_000,
    },
  );
  return stdout;
}

describe('45. the README', () => {
  it('leaves out of this test what needs AWS, and nothing else', () => {
    const out = blocks.filter(({ commands }) => NEEDS_AWS.test(commands));
    expect(out.map(({ chapter }) => chapter)).toEqual([
      'By hand, with the command line',
      'By hand, with plain `aws`',
      'Deploy',
    ]);
    expect(blocks.length - out.length).toBeGreaterThan(8);
  });

  it('works as printed, top to bottom, in one fresh clone', async () => {
    let history = '';
    for (const { commands, shown } of blocks.filter(({ commands }) => !NEEDS_AWS.test(commands))) {
      const printed = await typed(copied(commands, history));
      history += printed;
      expectShown(comparable(shown), comparable(printed));
    }
  });
});
