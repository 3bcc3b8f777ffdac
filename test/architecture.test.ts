/** Imports point one way: functions → pipeline → engine, store → policy → facts → values. */
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';

interface Cruise {
  summary: { totalCruised: number; violations: { from: string; to: string; rule: { name: string } }[] };
}

it('no import goes against the layers, and none in a circle', () => {
  const require = createRequire(import.meta.url);
  const root = dirname(require.resolve('../package.json'));
  const bin = join(root, 'node_modules', '.bin', 'depcruise');
  const args = [
    '--config',
    '.dependency-cruiser.json',
    '--output-type',
    'json',
    'shared',
    'functions',
    'infra',
  ];
  const { summary } = JSON.parse(
    execFileSync(bin, args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }),
  ) as Cruise;
  expect(summary.violations.map(({ from, to, rule }) => `${rule.name}: ${from} → ${to}`)).toEqual([]);
  expect(summary.totalCruised).toBeGreaterThan(50);
}, 60_000);
