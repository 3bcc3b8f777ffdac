/** Where the demo lives: a directory of its own, emptied by the next demo and never under anybody's feet. */
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../shared/values/validation.ts';
import { openLocal, type Target } from './target.ts';

/** By this file a demo knows a directory as its own. */
const MARK = 'hongbao-demo.txt';

/**
 * Opens a directory as an empty database. It is opened before it is emptied, so that one in use is refused.
 * @throws {@link InputError} when it is in use, or holds anything but a demo.
 */
export async function openDemo(directory: string): Promise<Target> {
  if (!isOurs(directory)) {
    throw new InputError(
      `--local: got ${directory}, which holds something else than a demo; allowed: a directory that a demo made, or one that is empty or not there`,
    );
  }
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, MARK), 'Made by hongbao demo, which empties it each time it starts.\n');
  return openLocal(directory, { emptied: true });
}

function isOurs(directory: string): boolean {
  const found = statSync(directory, { throwIfNoEntry: false });
  if (found === undefined) return true;
  return found.isDirectory() && (readdirSync(directory).length === 0 || existsSync(join(directory, MARK)));
}
