/** `hongbao demo`: six weeks of a season, day by day, on an embedded database of its own. */
import { Command } from 'commander';
import type { Entry } from '../../shared/engine/history.ts';
import { ingest } from '../../shared/pipeline/ingest.ts';
import { parseRunInput, type RunInput } from '../../shared/pipeline/run-input.ts';
import { addEntry, noTotals } from '../../shared/pipeline/totals.ts';
import { findProgram } from '../../shared/policy/catalogue.ts';
import { readEntries } from '../../shared/store/ledger.ts';
import { readRuns } from '../../shared/store/runs.ts';
import type { Arrival } from '../../shared/synthetic/activity.ts';
import { generateWorld } from '../../shared/synthetic/world.ts';
import { addDays, datesBetween, firstDay, lastDay, monthOf } from '../../shared/values/calendar.ts';
import { formatAmount, formatCount, type Unit } from '../../shared/values/units.ts';
import { budgetRows } from './budget.ts';
import { openDemo } from './demo-directory.ts';
import { explainRows } from './explain.ts';
import { bad, beQuiet, bold, dim, good, printTable, say } from './output.ts';
import { startProgress } from './progress.ts';
import { totalRows } from './running.ts';
import type { Target } from './target.ts';

const DIRECTORY = '.hongbao/demo';
const PROGRAM = 'treasure-host';
const WORLD = { seed: 24, merchants: 200, from: '2024-06-24', to: '2024-09-03' };
/** Runs start with the program; what arrived before it comes in at once, the day before. */
const FIRST_RUN = '2024-07-24';
/** Every window that opens has this occasion. */
const FIRST_PERK = 'w1/perk-commercial';

export function demoCommand(): Command {
  return new Command('demo')
    .description('six weeks of a season: facts arrive day by day, runs follow, and the outcome is shown')
    .option('--local <dir>', 'the directory it is kept in: emptied first, if a demo made it', DIRECTORY)
    .option('--quiet', 'no progress')
    .addHelpText('after', '\nExample:\n  $ hongbao demo')
    .action(async ({ local, quiet = false }: { local: string; quiet?: boolean }) => {
      beQuiet(quiet);
      const startedAt = performance.now();
      const target = await openDemo(local);
      try {
        const facts = await liveThrough(target);
        await show(target, local, facts, (performance.now() - startedAt) / 1000);
      } finally {
        await target.close();
      }
    });
}

/** Imports each day's arrivals and follows with the runs that the schedules would start. */
async function liveThrough(target: Target): Promise<number> {
  const arrivals = generateWorld(WORLD);
  const byDay = new Map<string, Arrival[]>();
  for (const arrival of arrivals) {
    const day = arrival.arrivesOn < FIRST_RUN ? addDays(FIRST_RUN, -1) : arrival.arrivesOn;
    byDay.set(day, [...(byDay.get(day) ?? []), arrival]);
  }
  const days = datesBetween(addDays(FIRST_RUN, -1), WORLD.to);
  const progress = startProgress(days.length);
  for (const [index, day] of days.entries()) {
    progress.at(index, `${day} · ${byDay.get(day)?.length ?? 0} facts arrive`);
    const lines = (byDay.get(day) ?? []).map(({ fact }) => JSON.stringify(fact));
    await ingest(target.services, lines, day);
    if (day < FIRST_RUN) continue;
    await run(target, { job: 'daily', to: day });
    if (day === lastDay(monthOf(day)))
      await run(target, { job: 'month-end', from: firstDay(monthOf(day)), to: day });
  }
  progress.end();
  return arrivals.length;
}

async function run(target: Target, input: Pick<RunInput, 'job' | 'from' | 'to'>): Promise<void> {
  const parsed = parseRunInput({ program: PROGRAM, requestedBy: 'demo', ...input });
  await target.run(parsed, `${PROGRAM}.${input.job}.${input.to}`, () => {});
}

async function show(target: Target, directory: string, facts: number, seconds: number): Promise<void> {
  const { services } = target;
  const entries = await readEntries(services.table);
  const runs = await readRuns(services.table, PROGRAM);
  const totals = noTotals();
  for (const entry of entries) addEntry(totals, entry);
  const windows = entries.filter(
    ({ occasion, n, amount }) => occasion === FIRST_PERK && n === 1 && amount > 0,
  );
  const adjustments = entries.filter(({ kind }) => kind === 'adjustment');

  say(bold(`${findProgram(PROGRAM).title}: ${WORLD.merchants} merchants, ${FIRST_RUN} to ${WORLD.to}`));
  say(
    `${formatCount(facts)} facts, ${runs.length} runs, ${formatCount(entries.length)} ledger entries in ${seconds.toFixed(1)} s`,
  );
  say();
  say(
    bold(`${windows.length} windows opened`),
    `, ${totals.refused} rewards refused, ${adjustments.length} entries adjusted by late facts and refunds`,
  );
  say();
  printTable(['granted for', 'entries', 'amount'], totalRows(totals));
  say();
  const pools = await budgetRows(target, { program: PROGRAM });
  const amounts = ['limit', 'granted', 'left'];
  const rows = pools.map((row) => [
    String(row.name),
    ...amounts.map((column) => formatAmount(Number(row[column]), row.unit as Unit)),
  ]);
  printTable(['pool', ...amounts], rows);
  say();
  const hero = mostStoried(entries);
  say(bold(`The story of ${hero}`));
  for (const row of await explainRows(target, findProgram(PROGRAM), hero)) {
    const mark = row.outcome === 'earned' ? good('✓') : row.outcome === 'refused' ? bad('✗') : dim('·');
    say('  ', mark, ` ${String(row.occasion).padEnd(22)} ${String(row.on ?? '').padEnd(11)}${row.why}`);
  }
  say();
  say(bold('Try next'));
  for (const [what, why] of nextCommands(hero, directory)) {
    say(`  npm run -s hongbao -- ${what.padEnd(76)} `, dim(why));
  }
}

function nextCommands(hero: string, directory: string): [string, string][] {
  const at = `--local ${directory}`;
  return [
    [`explain ${hero} ${at}`, 'why it has what it has, and why not more'],
    [`ledger --participant ${hero} ${at}`, 'the entries behind it, adjustments included'],
    [`runs ${at}`, 'every run, and what it wrote'],
    [`run daily --date ${WORLD.to} --program ${PROGRAM} ${at}`, 'again: nothing is granted twice'],
  ];
}

/** Of the merchants that have a window, the one whose entries tell most: many, some adjusted later, few refused. */
function mostStoried(entries: readonly Entry[]): string {
  const worth: Record<string, number> = { grant: 1, adjustment: 6, refusal: -2 };
  const windows = new Map<string, number>();
  const scores = new Map<string, number>();
  for (const { participantId, kind, occasion, amount } of entries) {
    if (occasion === FIRST_PERK) windows.set(participantId, (windows.get(participantId) ?? 0) + amount);
    scores.set(participantId, (scores.get(participantId) ?? 0) + (worth[kind] ?? 0));
  }
  const hosts = [...scores].filter(([id]) => (windows.get(id) ?? 0) > 0);
  return hosts.sort(([, a], [, b]) => b - a)[0]?.[0] ?? '';
}
