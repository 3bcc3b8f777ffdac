/** Every bundle, built as the stacks build it and loaded by Node.js itself: what it needs must be inside. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUNDLE } from '../../infra/constructs/bundling.ts';
import { ENVIRONMENTS, type FunctionName } from '../../shared/runtime/env.ts';
import { ENVIRONMENT } from './lambda.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const NAMES = Object.keys(ENVIRONMENTS) as FunctionName[];
const MAX_BYTES = 1_000_000;
let directory: string;

const LOAD = `import(process.argv[1]).then(
  (bundle) => console.log(typeof bundle.handler),
  (error) => { console.error(error.message); process.exitCode = 1; },
)`;

const fileOf = (name: FunctionName) => `${directory}/${name}.mjs`;

beforeAll(async () => {
  // Far from node_modules: nothing outside the bundle can be found.
  directory = await mkdtemp(`${tmpdir()}/hongbao-bundles-`);
  await build({
    ...BUNDLE,
    mainFields: [...BUNDLE.mainFields],
    bundle: true,
    platform: 'node',
    entryPoints: NAMES.map((name) => ({ in: `${root}functions/${name}.ts`, out: name })),
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    logLevel: 'error',
  });
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/**
 * Loads a bundle in a process of its own and prints what it exports. The message of a failure is all that it tells: what
 * Node.js prints by itself begins with the line that threw, which is most of a bundle and more than a pipe takes at once.
 */
const load = (name: FunctionName, environment: Record<string, string>) =>
  run(process.execPath, ['-e', LOAD, fileOf(name)], { env: { PATH: process.env.PATH, ...environment } });

describe.each(NAMES)('the bundle of %s', (name) => {
  it('exports a handler', async () => {
    expect((await load(name, ENVIRONMENT)).stdout.trim()).toBe('function');
  });

  it('does not start without its environment', async () => {
    await expect(load(name, {})).rejects.toThrow(`environment of ${name}: TABLE_NAME`);
  });

  it('is small', async () => {
    expect((await stat(fileOf(name))).size).toBeLessThan(MAX_BYTES);
  });
});
