/** The command line within this process: quicker than a process of its own, for what does not hang on one. */
import { vi } from 'vitest';
import { hongbao } from '../../functions/cli/hongbao.ts';

/** Runs `hongbao` with some arguments. Gives what it printed on either stream; what it throws is thrown. */
export async function here(...args: readonly string[]): Promise<string> {
  let printed = '';
  const streams = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      printed += text;
      return true;
    }),
  );
  try {
    await hongbao().parseAsync(['node', 'hongbao', ...args]);
    return printed;
  } finally {
    for (const stream of streams) stream.mockRestore();
  }
}
