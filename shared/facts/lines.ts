/** Text to lines: NDJSON ends its lines with `\n` and with nothing else that Unicode calls a line. */

/** One line of facts, and where it stands. */
export interface FactLine {
  text: string;
  /** The file or the message of the queue, and the line there, from 1. */
  at?: string;
  /** Why it is no line of facts, when that is known before it is read as one. */
  refused?: string;
}

/** As long as a message of the queue may be: a file without line ends is not held in memory whole. */
const MAX_LINE = 1_048_576;

/** The lines of a text, as they stand in it. */
export function linesOf(text: string, source?: string): FactLine[] {
  const splitter = new LineSplitter(source);
  return [...splitter.push(text), ...splitter.end()];
}

/** Splits a text that comes in pieces. A byte order mark before a line is no part of it: files are put together. */
export class LineSplitter {
  readonly #source: string | undefined;
  #rest = '';
  #lost = 0;
  #line = 0;

  constructor(source?: string) {
    this.#source = source;
  }

  /** The lines that end in this piece. */
  push(piece: string): FactLine[] {
    const [first = '', ...others] = piece.split('\n');
    this.#keep(first);
    const lines: FactLine[] = [];
    for (const other of others) {
      lines.push(this.#take());
      this.#keep(other);
    }
    return lines;
  }

  /** What is left when the text has ended: a last line without an end. */
  end(): FactLine[] {
    return this.#rest === '' ? [] : [this.#take()];
  }

  #keep(text: string): void {
    const room = MAX_LINE - this.#rest.length;
    this.#rest += text.slice(0, room);
    this.#lost += Math.max(0, text.length - room);
  }

  #take(): FactLine {
    this.#line++;
    const start = this.#rest.startsWith('\uFEFF') ? 1 : 0;
    const text = this.#rest.slice(start, this.#rest.endsWith('\r') ? -1 : undefined);
    const length = this.#rest.length + this.#lost;
    const refused =
      this.#lost > 0 ? `line: got ${length} characters; allowed: at most ${MAX_LINE}` : undefined;
    this.#rest = '';
    this.#lost = 0;
    return {
      text,
      ...(this.#source === undefined ? {} : { at: `${this.#source}:${this.#line}` }),
      ...(refused === undefined ? {} : { refused }),
    };
  }
}
