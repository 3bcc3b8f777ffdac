/** The README's chapters with plain `aws`: what they send and start is tried on the pipeline itself, which needs no AWS. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ingest } from '../../shared/pipeline/ingest.ts';
import { runHere } from '../../shared/pipeline/run-here.ts';
import { parseRunInput } from '../../shared/pipeline/run-input.ts';
import { generateWorld } from '../../shared/synthetic/world.ts';
import { database } from '../support/world.ts';

const db = database();
const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** What is printed between two texts. */
function between(start: string, end: string): string {
  const from = readme.indexOf(start);
  expect(from, start).toBeGreaterThanOrEqual(0);
  return readme.slice(from + start.length, readme.indexOf(end, from + start.length));
}

/** Its commands for `hongbao`, in a chapter. */
function command(chapter: string, name: string): string {
  const line = between(`## ${chapter}\n`, '\n## ')
    .split('\n')
    .find((one) => one.startsWith(`npm run -s hongbao -- ${name} `));
  return line ?? '';
}

describe('45. what the chapters with plain aws print', () => {
  it('pays: the message arrives today, and the execution that is started finds it', async () => {
    const world = (await db.world({ shards: 1 })).at('2026-11-27');
    // A stage of today: nothing in its table can have expired.
    const table = { ...world.table, openedAtMs: world.services.now() };
    const services = { ...world.services, table };
    const message = between("cat > message.ndjson <<'END'\n", 'END\n').trimEnd().split('\n');
    expect(await ingest(services, message, '2026-11-27')).toMatchObject({ accepted: 3 });
    const input: unknown = JSON.parse(between("--name by-hand-1 \\\n  --input '", "'\n"));
    await runHere(services, parseRunInput(input), 'by-hand-1');
    expect(await world.ledger()).toEqual([
      'm-1 treasure-host w1/cold-1 exposure 20000',
      'm-1 treasure-host w1/growth-1 exposure 20000',
      'm-1 treasure-host w1/perk-commercial count 1',
      'm-1 treasure-host w1/perk-matchmaking count 1',
    ]);
  });

  it('deploys, and then backfills what the chapter before all others is shown to pay', () => {
    expect(command('Deploy', 'backfill')).toBe(
      `${command('Try it', 'backfill')} --reason 'facts of 2024' --stage dev`,
    );
  });

  it('sends facts in pieces that a message can hold', () => {
    const [, lines = ''] = /split -l (\d+) facts.ndjson/.exec(readme) ?? [];
    const facts = generateWorld({ seed: 7, merchants: 200, from: '2024-06-20', to: '2024-09-15' });
    const texts = facts.map(({ fact }) => `${JSON.stringify(fact)}\n`);
    const size = Number(lines);
    expect(texts.length).toBeGreaterThan(size);
    for (let start = 0; start < texts.length; start += size) {
      const bytes = Buffer.byteLength(texts.slice(start, start + size).join(''));
      expect(bytes).toBeLessThan(256 * 1024);
    }
  });
});
