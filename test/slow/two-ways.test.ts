/**
 * One season, two ways, by the command line: all facts at once and one backfill; or facts day by day, some of
 * them late and in no order, with a run each day and month ends as the schedules have them. Both end with the same
 * grants, and running anything again adds nothing.
 */
import { afterAll, expect, it } from 'vitest';
import type { Entry } from '../../shared/engine/history.ts';
import { identityOf } from '../../shared/facts/identity.ts';
import { FACTS_ZONE, type Fact } from '../../shared/facts/schema.ts';
import { findProgram } from '../../shared/policy/catalogue.ts';
import { seeded } from '../../shared/synthetic/random.ts';
import {
  addDays,
  addMonths,
  businessDate,
  datesBetween,
  epochMs,
  lastDay,
  monthOf,
} from '../../shared/values/calendar.ts';
import { Workplace } from '../cli/workplace.ts';

const PROGRAM = 'treasure-host';
const FROM = '2024-06-20';
const TO = '2024-09-15';
const FIRST_RUN = '2024-07-24';
const LATE_PERCENT = 10;
const LATEST_DAYS = 12;
/** The 1st, the 4th and the 16th look back at the month before, as of the day before. */
const MONTH_END_DAYS = ['01', '04', '16'];

/** A frozen decision stands whatever is learned later, so the day on which it was made matters. */
const frozen = findProgram(PROGRAM)
  .versions.flatMap(({ incentives }) => incentives)
  .filter(({ kind }) => kind === 'pooled-split' || kind === 'ranking')
  .map(({ id }) => `${id}/`);

const [atOnce, dayByDay] = [new Workplace(), new Workplace()];
afterAll(() => {
  for (const place of [atOnce, dayByDay]) place[Symbol.dispose]();
});

it('gives the same grants', async () => {
  const generate = ['generate', '--seed', '7', '--merchants', '200', '--from', FROM, '--to', TO];
  const generated = (await atOnce.done(...generate)).trimEnd().split('\n');
  const lines = generated.filter((line) => (toldOn(line) ?? FROM) <= TO);
  expect(lines.length).toBeGreaterThan(10_000);

  atOnce.write('facts.ndjson', lines);
  await atOnce.done('import', 'facts.ndjson');
  const [backfilled] = await backfill(atOnce);
  expect(backfilled?.entries).toBeGreaterThan(1000);

  const late = await liveThrough(lines);
  expect(late).toBeGreaterThan(500);

  const [one, other] = [await grantsOf(atOnce), await grantsOf(dayByDay)];
  expect(one.length).toBeGreaterThan(1000);
  expect(differences(one, other)).toEqual([]);
});

it('adds nothing when anything is run again', async () => {
  for (const place of [atOnce, dayByDay]) {
    const before = await place.entries();
    expect(await backfill(place)).toMatchObject([{ entries: 0 }]);
    for (const again of [`daily --date ${TO}`, 'month-end --month 2024-08', 'month-end --month 2024-07']) {
      expect(await place.rows('run', ...again.split(' '), '--program', PROGRAM)).toMatchObject([
        { entries: 0 },
      ]);
    }
    const sameEntry = ({ participantId, occasion, n, runId }: Entry) =>
      `${participantId} ${occasion} ${n} ${runId}`;
    expect(differences(before.map(sameEntry), (await place.entries()).map(sameEntry))).toEqual([]);
  }
});

/** What only one of two lists has: the lists are long, and mostly equal. */
function differences(one: readonly string[], other: readonly string[]): string[] {
  const [inOne, inOther] = [new Set(one), new Set(other)];
  return [
    ...one.filter((line) => !inOther.has(line)).map((line) => `- ${line}`),
    ...other.filter((line) => !inOne.has(line)).map((line) => `+ ${line}`),
  ].slice(0, 40);
}

/** The first day on which a fact can be told: nobody tells of a session that has not ended. */
function toldOn(line: string): string | undefined {
  const fact = JSON.parse(line) as Fact;
  return fact.type === 'broadcast' ? businessDate(epochMs(fact.endedAt), FACTS_ZONE) : identityOf(fact).day;
}

/** Facts arrive on their day or some days after it; each day ends with its runs. Gives how many were late. */
async function liveThrough(lines: readonly string[]): Promise<number> {
  const random = seeded(5);
  const arriving = new Map<string, string[]>(datesBetween(FROM, TO).map((date) => [date, []]));
  let late = 0;
  for (const line of lines) {
    const happened = toldOn(line) ?? FROM;
    const delay = random.percent(LATE_PERCENT) ? random.int(1, LATEST_DAYS) : 0;
    const arrivesOn = addDays(happened, delay) < TO ? addDays(happened, delay) : TO;
    if (arrivesOn > happened) late++;
    const day = arriving.get(arrivesOn);
    day?.splice(random.int(0, day.length), 0, line);
  }
  for (const [date, facts] of arriving) {
    dayByDay.write('day.ndjson', facts);
    await dayByDay.done('import', 'day.ndjson', '--arrived-on', date);
    if (date < FIRST_RUN) continue;
    await dayByDay.done('run', 'daily', '--date', date, '--program', PROGRAM);
    const tomorrow = addDays(date, 1);
    if (!MONTH_END_DAYS.includes(tomorrow.slice(-2))) continue;
    const month = addMonths(monthOf(tomorrow), -1);
    if (lastDay(month) >= FIRST_RUN)
      await dayByDay.done('run', 'month-end', '--month', month, '--program', PROGRAM);
  }
  return late;
}

function backfill(place: Workplace): Promise<Record<string, unknown>[]> {
  return place.rows('backfill', '--program', PROGRAM, '--from', FROM, '--to', TO);
}

async function grantsOf(place: Workplace): Promise<string[]> {
  const rows = await place.rows('grants', '--program', PROGRAM);
  return rows
    .filter(({ occasion }) => !frozen.some((prefix) => String(occasion).startsWith(prefix)))
    .map(({ participantId, occasion, unit, amount }) => `${participantId} ${occasion} ${amount} ${unit}`);
}
