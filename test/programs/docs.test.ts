/** The chapter on writing programs names each kind and field that the schema has, and its example is one that runs. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { programSchema } from '../../shared/policy/schema.ts';

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
const chapter = read('docs/programs.md').split('# How to write a program')[1] ?? '';
const version = programSchema.shape.versions.element;
const kinds = version.shape.incentives.element.options.map(({ shape }) => shape);

describe('docs/programs.md', () => {
  it.each(kinds.map((shape) => [shape.kind.value, Object.keys(shape)] as const))(
    'has the fields of %s',
    (kind, fields) => {
      const row = chapter.split('\n').find((line) => line.startsWith(`| \`${kind}\``)) ?? '';
      const common = ['id', 'kind', 'who', 'reward'];
      expect(
        fields.filter((field) => !common.includes(field) && !new RegExp(`\`${field}\\b`).test(row)),
      ).toEqual([]);
    },
  );

  it('has each kind once, and no other', () => {
    const rows = chapter.slice(chapter.indexOf('## The kinds'), chapter.indexOf('## What is checked'));
    const named = [...rows.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, kind]) => kind);
    expect(named).toEqual(kinds.map(({ kind }) => kind.value));
  });

  it('has the fields of a program and of a version', () => {
    const fields = [...Object.keys(programSchema.shape), ...Object.keys(version.shape)];
    expect(
      fields.filter((field) => !new RegExp(`^\\| (\`\\w+\`, )?\`${field}\``, 'm').test(chapter)),
    ).toEqual([]);
  });

  it('shows the program that test/programs/third-program.test.ts runs', () => {
    const example = /```ts\n([\s\S]*?)\n {2}provenance:/.exec(chapter)?.[1] ?? 'no example';
    expect(read('test/support/programs-third.ts')).toContain(example);
  });
});
