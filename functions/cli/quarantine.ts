/** `hongbao quarantine`: the facts that were refused, and why; and trying them again. */
import type { Command } from 'commander';
import { FACTS_ZONE } from '../../shared/facts/schema.ts';
import { addIngested, type Ingested, ingest, noneIngested } from '../../shared/pipeline/ingest.ts';
import { arrivalDays } from '../../shared/store/due.ts';
import { type Quarantined, readQuarantine, removeQuarantined } from '../../shared/store/quarantine.ts';
import { businessDate } from '../../shared/values/calendar.ts';
import { type CommonOptions, command, group, withTarget } from './command.ts';
import { QUARANTINED_EXIT } from './import.ts';
import { printRecord, printRows } from './output.ts';
import type { Target } from './target.ts';

const SHOWN_CHARACTERS = 80;

export function quarantineCommand(): Command {
  const list = command('list', 'the facts refused, and why', 'quarantine --format ndjson').action(
    (options: CommonOptions) =>
      withTarget(options, async (target) => {
        const facts = await quarantined(target);
        const rows = options.format === 'table' ? facts.map(shortened) : facts.map((fact) => ({ ...fact }));
        printRows(options.format, rows, ['arrivedOn', 'reason', 'raw']);
      }),
  );
  const retry = command('retry', 'take them in again, as arrived today', 'quarantine retry').action(
    (options: CommonOptions) =>
      withTarget(options, async (target) => {
        const counts = await retryAll(target);
        printRecord(options.format, { ...counts });
        if (counts.quarantined > 0) process.exitCode = QUARANTINED_EXIT;
      }),
  );
  return group('quarantine', 'facts refused, and why', 'quarantine --local .hongbao')
    .addCommand(list, { isDefault: true })
    .addCommand(retry);
}

/** One at a time: what is refused again is kept under today before it leaves the day it came on. */
async function retryAll(target: Target): Promise<Ingested> {
  const { services } = target;
  const today = businessDate(services.now(), FACTS_ZONE);
  const counts = noneIngested();
  for (const fact of await quarantined(target)) {
    const done = await ingest(services, [fact.raw], today);
    if (done.quarantined === 0 || fact.arrivedOn !== today) await removeQuarantined(services.table, fact);
    addIngested(counts, done);
  }
  return counts;
}

async function quarantined({ services: { table } }: Target): Promise<Quarantined[]> {
  return readQuarantine(table, await arrivalDays(table, '0000-01-01', '9999-12-31'));
}

function shortened({ arrivedOn, raw, reason }: Quarantined) {
  return {
    arrivedOn,
    reason,
    raw: raw.length > SHOWN_CHARACTERS ? `${raw.slice(0, SHOWN_CHARACTERS)}…` : raw,
  };
}
