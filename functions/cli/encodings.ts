/** How the text of a file is encoded: told by its byte order mark, or by what all of its bytes can be. */

const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be', 'gb18030'] as const;
export type Encoding = (typeof ENCODINGS)[number];

type Bytes = AsyncIterable<Buffer>;

/**
 * The encoding of some bytes; undefined when they are no text. What has no byte order mark is UTF-8 where it can be,
 * and else GB18030 where it plainly is: the spreadsheets of China write it. No character of it is guessed.
 */
export async function encodingOf(open: () => Bytes): Promise<Encoding | undefined> {
  const marked = markOf(await firstBytes(open()));
  if (marked !== undefined) return (await reads(open(), marked)) ? marked : undefined;
  if (await reads(open(), 'utf-8')) return 'utf-8';
  return (await isPlainChinese(open())) && (await reads(open(), 'gb18030')) ? 'gb18030' : undefined;
}

/** The beginning of some bytes. */
export async function firstBytes(bytes: Bytes): Promise<Buffer> {
  for await (const piece of bytes) return piece;
  return Buffer.alloc(0);
}

function markOf([first, second]: Buffer): Encoding | undefined {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : undefined;
}

/** Whether all bytes are text in an encoding. Text begins with no NUL: images, archives and office documents do. */
async function reads(bytes: Bytes, encoding: Encoding): Promise<boolean> {
  try {
    let beginning = true;
    for await (const text of textOf(bytes, encoding)) {
      if (beginning && text.includes('\0')) return false;
      beginning = false;
    }
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

/** The text of some bytes, piece by piece, with its byte order mark. @throws TypeError where they are none in that encoding. */
export async function* textOf(bytes: Bytes, encoding: Encoding): AsyncGenerator<string> {
  if (encoding === 'utf-16le' || encoding === 'utf-16be') {
    yield* utf16Of(bytes, encoding);
    return;
  }
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  for await (const piece of bytes) yield decoder.decode(piece, { stream: true });
  yield decoder.decode();
}

/** Half a surrogate pair stays what it is: the row that has it is bad, and not the file. */
async function* utf16Of(bytes: Bytes, encoding: 'utf-16le' | 'utf-16be'): AsyncGenerator<string> {
  let rest = Buffer.alloc(0);
  for await (const piece of bytes) {
    const all = Buffer.concat([rest, piece]);
    const whole = Buffer.from(all.subarray(0, all.length - (all.length % 2)));
    rest = all.subarray(whole.length);
    yield (encoding === 'utf-16be' ? whole.swap16() : whole).toString('utf16le');
  }
  if (rest.length > 0) throw new TypeError('half a unit at the end');
}

/**
 * Whether what looks like GB18030 plainly is Chinese: nearly any bytes are some text in it. In Chinese most characters
 * are among the 6,763 that its forerunner GB2312 had, in rows of their own; of Latin, Japanese or broken UTF-8 read as
 * GB18030 most are not.
 */
async function isPlainChinese(bytes: Bytes): Promise<boolean> {
  let lead = 0;
  let characters = 0;
  let common = 0;
  for await (const piece of bytes) {
    for (const byte of piece) {
      if (lead === 0) {
        lead = byte < 0x80 ? 0 : byte;
        continue;
      }
      // A digit second makes half of a character of four bytes: rare ones, which say nothing.
      if (byte < 0x30 || byte > 0x39) {
        characters++;
        if (lead >= 0xa1 && lead <= 0xf7 && byte >= 0xa1) common++;
      }
      lead = 0;
    }
  }
  return characters > 0 && common * 4 >= characters * 3;
}
