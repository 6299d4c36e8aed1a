// Texts of others (names, messages of other programs) made safe for a terminal: nothing in them moves the cursor, changes a
// colour, a title or the clipboard, or reverses the reading direction.

/**
 * C0 except tab and line feed, DEL, C1, marks and overrides of direction, and separators that some programs read as line
 * ends.
 */
const COMMANDS =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/**
 * A text without characters that control a terminal: each is escaped as in JSON, `\u001b`, so that JSON keeps its meaning.
 * Line feeds and tabs stay.
 */
export function printable(text: string): string {
  return text.replace(COMMANDS, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A printable text on one line. */
export function printableLine(text: string): string {
  return printable(text.replace(/\s*[\r\n]\s*/g, ' ').replaceAll('\t', ' '));
}
