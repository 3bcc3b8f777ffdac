/** `hongbao generate`: synthetic facts as NDJSON on stdout, the same for the same seed. */
import { Command, InvalidArgumentError } from 'commander';
import { generateWorld } from '../../shared/synthetic/world.ts';
import { dayNumber } from '../../shared/values/calendar.ts';
import { InputError } from '../../shared/values/validation.ts';
import { checkRange, comingDateArgument } from './command.ts';
import { printJson } from './output.ts';

/** Ten years, with their leap days. */
const MOST_DAYS = 3_653;

interface GenerateOptions {
  seed: number;
  merchants: number;
  from: string;
  to: string;
}

export function generateCommand(): Command {
  return new Command('generate')
    .description('synthetic facts as NDJSON on stdout, the same for the same seed')
    .requiredOption('--seed <n>', 'a whole number', wholeNumber)
    .requiredOption('--merchants <n>', 'how many merchants, from 1 to 100000', wholeNumber)
    .requiredOption('--from <date>', 'the first date', comingDateArgument)
    .requiredOption('--to <date>', 'the last date', comingDateArgument)
    .addHelpText(
      'after',
      '\nExample:\n  $ hongbao generate --seed 7 --merchants 200 --from 2024-06-20 --to 2024-09-15 > facts.ndjson',
    )
    .action(generate);
}

function generate({ seed, merchants, from, to }: GenerateOptions): void {
  checkRange({ from, to });
  const days = dayNumber(to) - dayNumber(from) + 1;
  if (days > MOST_DAYS) {
    throw new InputError(
      `--from: got ${from}, ${days} days before --to; allowed: at most ${MOST_DAYS} days in all`,
    );
  }
  if (merchants < 1 || merchants > 100_000) {
    throw new InputError(`--merchants: got ${merchants}; allowed: from 1 to 100000`);
  }
  for (const { fact } of generateWorld({ seed, merchants, from, to })) {
    printJson(fact);
  }
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text))
    throw new InvalidArgumentError('a whole number of at most 9 digits is allowed.');
  return Number(text);
}
