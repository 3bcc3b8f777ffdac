/** A directory of its own in which the command line runs as a process of its own, as for a person. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openLocal, type Target } from '../../functions/cli/target.ts';
import type { Entry } from '../../shared/engine/history.ts';
import { FACTS_ZONE, type Fact } from '../../shared/facts/schema.ts';
import { ingest } from '../../shared/pipeline/ingest.ts';
import { readEntries } from '../../shared/store/ledger.ts';
import { businessDate } from '../../shared/values/calendar.ts';
import { lines } from '../support/facts.ts';

const MAIN = fileURLToPath(new URL('../../functions/cli/main.ts', import.meta.url));

export interface Outcome {
  code: number | null;
  /** What ended it, when it did not end by itself. */
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  /** What it reads from standard input. */
  input?: string;
  /** Closes the reading end of its output after the first of it, as `| head` does. */
  head?: boolean;
  /** Told when the process has started. */
  onStart?: (process: { kill(signal: 'SIGINT'): void }) => void;
}

export class Workplace implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'hongbao-cli-'));

  /** Runs `hongbao` with some arguments, and waits for its end. */
  hongbao(args: readonly string[], { input = '', head = false, onStart }: RunOptions = {}): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [MAIN, ...args], {
        cwd: this.directory,
        env: { PATH: process.env.PATH, NO_COLOR: '1', HONGBAO_USER: 'tester' },
      });
      const output = { stdout: '', stderr: '' };
      child.stdout.on('data', (data) => {
        output.stdout += data;
        if (head) child.stdout.destroy();
      });
      child.stderr.on('data', (data) => {
        output.stderr += data;
      });
      child.on('error', reject);
      child.on('spawn', () => onStart?.(child));
      child.on('close', (code, signal) => resolve({ code, signal, ...output }));
      child.stdin.end(input);
    });
  }

  /** Runs it, and fails unless it is done. Gives its output. */
  async done(...args: readonly string[]): Promise<string> {
    const { code, signal, stdout, stderr } = await this.hongbao(args);
    if (code !== 0) throw new Error(`hongbao ${args.join(' ')} ended with ${code ?? signal}: ${stderr}`);
    return stdout;
  }

  /** Rows printed as NDJSON. */
  async rows(...args: readonly string[]): Promise<Record<string, unknown>[]> {
    const text = await this.done(...args, '--format', 'ndjson');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  }

  /** Works on the embedded database itself: quicker than a process, for what is not looked at here. */
  async inside<T>(work: (target: Target) => Promise<T>): Promise<T> {
    const target = await openLocal(join(this.directory, '.hongbao'));
    try {
      return await work(target);
    } finally {
      await target.close();
    }
  }

  /** Has facts arrive today. */
  async learn(facts: readonly Fact[]): Promise<void> {
    await this.inside(({ services }) => ingest(services, lines(facts), businessDate(Date.now(), FACTS_ZONE)));
  }

  /** The ledger as it stands. */
  entries(): Promise<Entry[]> {
    return this.inside(({ services }) => readEntries(services.table));
  }

  write(name: string, lines: readonly (string | object)[]): void {
    const text = lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`);
    writeFileSync(join(this.directory, name), text.join(''));
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
