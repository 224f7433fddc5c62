/**
 * JSON that is fit for a terminal.
 *
 * @module
 */

/** What JSON leaves as it is, and a terminal or a reader's eye does not. */
const TREACHEROUS = /[\u007f-\u009f\p{Cf}\u2028\u2029]/gu;

/** One line of JSON in which control and invisible characters are escaped: it still means the same. */
export function jsonLine(value: unknown): string {
  return safeJson(JSON.stringify(value));
}

/** The same for text that is JSON already. */
export function safeJson(json: string): string {
  return json.replace(TREACHEROUS, (character) =>
    Array.from(
      { length: character.length },
      (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}
