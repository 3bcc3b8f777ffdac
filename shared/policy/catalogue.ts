/** The programs that run: the one list from which commands, schedules and pools are made. */
import { InputError } from '../values/validation.ts';
import { checkProgram } from './checks.ts';
import { channels618 } from './programs/channels-618.ts';
import { treasureHost } from './programs/treasure-host.ts';
import type { Program } from './schema.ts';

/** Every program, checked when this module is loaded. */
export const CATALOGUE: readonly Program[] = [treasureHost, channels618].map(checkProgram);

/** @throws {@link InputError} naming the programs there are. */
export function findProgram(name: string, catalogue: readonly Program[] = CATALOGUE): Program {
  const program = catalogue.find((candidate) => candidate.program === name);
  if (program !== undefined) return program;
  const known = catalogue.map((candidate) => candidate.program).join(', ');
  throw new InputError(`program: got ${JSON.stringify(name)}; allowed: ${known}`);
}
