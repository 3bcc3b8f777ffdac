/** `npm run measure`: the figures of docs/design.md, measured here and now. */
import { cpus } from 'node:os';
import { measureBundles } from './bundles.ts';
import { measureCapacity } from './capacity.ts';
import { install, missing, start } from './dynamodb-local.ts';
import { measureEngine } from './engine.ts';
import { type Figure, formatFigures, isRegression, isWorse } from './figures.ts';

const say = (text: string) => void process.stdout.write(`${text}\n`);

const lacks = missing();
if (lacks !== undefined) {
  process.stderr.write(`measure: ${lacks}\n`);
  process.exit(1);
}
install();

say(`Node ${process.version} on ${cpus()[0]?.model.trim()}, ${cpus().length} cores\n`);
const figures: Figure[] = [];
const database = await start();
try {
  figures.push(...show('Capacity, counted by DynamoDB Local', await measureCapacity(database.endpoint)));
} finally {
  database.stop();
}
figures.push(...show('The engine, on one core', measureEngine()));
figures.push(...show('Functions, as they are deployed', await measureBundles()));

const worse = figures.filter(isWorse);
say(`${figures.length} figures, ${worse.length} worse than expected: docs/design.md explains those it knows`);
for (const { what, value, unit } of figures.filter(isRegression)) {
  process.stderr.write(`measure: ${what}: ${value} ${unit} is worse than expected, and new\n`);
  process.exitCode = 1;
}

function show(title: string, measured: Figure[]): Figure[] {
  say(`${title}\n${formatFigures(measured)}\n`);
  return measured;
}
