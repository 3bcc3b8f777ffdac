/** A directory of its own in which the command line runs as a process of its own, as for a person. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../functions/cli/main.ts', import.meta.url));

export interface Outcome {
  code: number | null;
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
      child.on('close', (code) => resolve({ code, ...output }));
      child.stdin.end(input);
    });
  }

  /** Runs it, and fails unless it is done. Gives its output. */
  async done(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.hongbao(args);
    if (code !== 0) throw new Error(`hongbao ${args.join(' ')} ended with ${code}: ${stderr}`);
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

  write(name: string, lines: readonly (string | object)[]): void {
    const text = lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`);
    writeFileSync(join(this.directory, name), text.join(''));
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
