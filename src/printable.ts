/**
 * Text from the other side, made fit for a log line.
 *
 * @module
 */

/** Longest text taken over into a failure, in characters. */
const DEFAULT_LIMIT = 300;

/**
 * One line without control, format or separator characters, and not longer than `limit` characters:
 * what a stranger's server said must not move the cursor of the terminal it is shown on.
 */
export function printable(text: string, limit: number = DEFAULT_LIMIT): string {
  // A character may be two code units: cut generously first, so that long texts cost nothing.
  const head = Array.from(text.slice(0, limit * 2 + 2));
  const cut = head.length > limit;
  const escaped = (cut ? head.slice(0, limit) : head)
    .join('')
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, escape);
  return cut ? `${escaped}…` : escaped;
}

function escape(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`;
}
