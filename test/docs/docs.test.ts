/** What the documents say of the code is checked against the code. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { REASONS } from '../../shared/engine/reasons.ts';
import { withNumbers } from './numbers.ts';

const root = new URL('../../', import.meta.url);
const read = (file: string) => readFileSync(new URL(file, root), 'utf8');
const documents = [
  'README.md',
  ...readdirSync(new URL('docs/', root), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

it('the numbers of the README are those of the policies: run node test/docs/write.ts', () => {
  const readme = read('README.md');
  expect(readme).toBe(withNumbers(readme));
});

it('docs/reasons.md has each reason, in its words, and no other', () => {
  const rows = read('docs/reasons.md').matchAll(/^\| `([a-z-]+)` \| ([^|]+) \|/gm);
  expect(Object.fromEntries([...rows].map(([, code, text]) => [code, text]))).toEqual(REASONS);
});

describe.each(documents)('%s', (document) => {
  it('links to files that exist', () => {
    const links = [...read(document).matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, link]) => link ?? '');
    const here = new URL(document, root);
    expect(links.filter((link) => !existsSync(new URL(link, here)))).toEqual([]);
  });

  it('names scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = [...read(document).matchAll(/npm run (?:-s )?([a-z:]+)/g)].map(
      ([, script]) => script ?? '',
    );
    expect(named.filter((script) => scripts[script] === undefined)).toEqual([]);
  });
});
