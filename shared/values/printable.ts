/** Text that is safe to show: what could move a terminal's cursor, turn its text around or end its line is spelt out. */

/**
 * Control characters (C0, DEL, C1), the signs that turn the direction of text, and the separators that some readers
 * take for the end of a line.
 */
const UNSAFE = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** `\u001b[2J` for the escape sequence that clears a screen; everything else as it is. */
export function printable(text: string): string {
  return text.replace(UNSAFE, escaped);
}

/** The same for text of several lines. */
export function printableLines(text: string): string {
  return text.replace(UNSAFE, (character) => (character === '\n' ? character : escaped(character)));
}

/** JSON in which such characters are escaped too, as JSON itself does with the first of them: it parses to the same. */
export function printableJson(value: unknown, indent?: number): string {
  return printableLines(JSON.stringify(value, null, indent));
}

function escaped(character: string): string {
  if (character === '\n') return '\\n';
  if (character === '\r') return '\\r';
  if (character === '\t') return '\\t';
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
