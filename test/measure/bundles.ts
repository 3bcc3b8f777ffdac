/** The size of each function as it is deployed, and how long Node.js takes to load it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { BUNDLE } from '../../infra/constructs/bundling.ts';
import { ENVIRONMENTS } from '../../shared/runtime/env.ts';
import type { Figure } from './figures.ts';

const ROUNDS = 7;
const root = fileURLToPath(new URL('../../', import.meta.url));
const LOAD = `
const start = performance.now();
await import(process.argv[1]);
process.stdout.write(String(performance.now() - start));
`;

export async function measureBundles(): Promise<Figure[]> {
  // Far from node_modules, as in Lambda.
  const directory = mkdtempSync(join(tmpdir(), 'hongbao-measure-'));
  try {
    const names = Object.keys(ENVIRONMENTS);
    await build({
      ...BUNDLE,
      mainFields: [...BUNDLE.mainFields],
      bundle: true,
      platform: 'node',
      entryPoints: names.map((name) => ({ in: `${root}functions/${name}.ts`, out: name })),
      outdir: directory,
      outExtension: { '.js': '.mjs' },
      logLevel: 'error',
    });
    return names.flatMap((name): Figure[] => {
      const file = join(directory, `${name}.mjs`);
      return [
        {
          what: `${name}: bundle`,
          value: Math.round(statSync(file).size / 1000),
          unit: 'KB',
          expected: { atMost: 1000 },
          exact: true,
        },
        {
          what: `${name}: import`,
          value: importTime(file),
          unit: 'ms',
          expected: { atMost: 250 },
          exact: false,
        },
      ];
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The median of several processes. */
function importTime(file: string): number {
  const times = Array.from({ length: ROUNDS }, () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--input-type=module', '-e', LOAD, file],
      {
        encoding: 'utf8',
        env: {
          PATH: process.env.PATH,
          TABLE_NAME: 'hongbao',
          PLANS_BUCKET: 'plans',
          LEASE_SECONDS: '3600',
          SHARDS: '8',
          POWERTOOLS_SERVICE_NAME: 'measure',
          POWERTOOLS_METRICS_NAMESPACE: 'Hongbao',
          AWS_REGION: 'us-east-1',
        },
      },
    );
    if (status !== 0) throw new Error(`${file} does not load: ${stderr}`);
    return Number(stdout);
  });
  return times.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? Number.NaN;
}
