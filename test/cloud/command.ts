/** Running programs: their output is kept, and shown when they fail. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** What a shell would say of a missing program. */
export class MissingError extends Error {}

/**
 * Runs a program to its end.
 * @returns what it wrote to standard output.
 * @throws {@link MissingError} when there is no such program, Error with its output when it fails.
 */
export async function run(program: string, args: readonly string[]): Promise<string> {
  const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    output.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output.stderr += chunk;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ENOENT' ? new MissingError(`${program} is not installed`) : error),
    );
    child.once('close', resolve);
  });
  if (code === 0) return output.stdout;
  throw new Error(`${program} ${args.join(' ')} ended with ${code}:\n${output.stdout}\n${output.stderr}`);
}
