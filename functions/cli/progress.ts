/** A progress bar on a terminal, and nothing elsewhere. */
import { SingleBar } from 'cli-progress';
import { printable } from '../../shared/values/printable.ts';
import { showsProgress } from './output.ts';

export interface Progress {
  at(done: number, text: string): void;
  end(): void;
}

export function startProgress(total: number): Progress {
  if (!showsProgress()) return { at() {}, end() {} };
  const bar = new SingleBar({
    format: '{bar} {percentage}% · {text}',
    barsize: 30,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true,
    stream: process.stderr,
  });
  bar.start(total, 0, { text: '' });
  return { at: (done, text) => bar.update(done, { text: printable(text) }), end: () => bar.stop() };
}
