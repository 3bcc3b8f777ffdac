/** A directory in which a test has files and a database, and the import of those files. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { here } from './here.ts';

/** What was imported, with the exit code. */
export const taken = (accepted: number, quarantined = 0) => ({
  accepted,
  unchanged: 0,
  superseded: 0,
  quarantined,
  exit: quarantined === 0 ? 0 : 3,
});

export const ndjson = (...facts: (object | string)[]) =>
  facts.map((fact) => `${typeof fact === 'string' ? fact : JSON.stringify(fact)}\n`).join('');

/** A new directory for each test of a file. */
export class Imports {
  #directory = '';

  constructor() {
    beforeEach(() => {
      this.#directory = mkdtempSync(join(tmpdir(), 'hongbao-import-'));
    });
    afterEach(() => {
      process.exitCode = 0;
      rmSync(this.#directory, { recursive: true, force: true });
    });
  }

  path(name: string): string {
    return join(this.#directory, name);
  }

  write(name: string, content: string | Buffer): string {
    writeFileSync(this.path(name), content);
    return this.path(name);
  }

  get hasDatabase(): boolean {
    return existsSync(this.path('db'));
  }

  cli(...args: string[]): Promise<string> {
    return here(...args, '--local', this.path('db'));
  }

  async rows(...args: string[]): Promise<Record<string, unknown>[]> {
    const said = (await this.cli(...args, '--format', 'ndjson')).split('\n');
    return said.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  }

  /** Takes files in, and gives the counts with the exit code. */
  async take(...args: string[]) {
    process.exitCode = 0;
    const [counts] = await this.rows('import', ...args);
    return { ...counts, exit: process.exitCode };
  }

  /** Refused before anything is written: not even the database is made. */
  async refused(says: RegExp, ...args: string[]): Promise<void> {
    const refusal = this.cli('import', ...args);
    await expect(refusal).rejects.toThrow(says);
    await expect(refusal).rejects.toMatchObject({ name: 'InputError' });
    expect(this.hasDatabase).toBe(false);
  }
}
