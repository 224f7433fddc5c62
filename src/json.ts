/**
 * JSON that is fit for a terminal, and a look at JSON before it is parsed.
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

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Whether brackets nest more than `levels` deep. Looked at before parsing, in the octets: in UTF-8
 * no part of another character looks like a bracket or a quote. One pass, whatever the input.
 */
export function nestsDeeperThan(json: Uint8Array, levels: number): boolean {
  let depth = 0;
  let inText = false;
  for (let index = 0; index < json.length; index += 1) {
    const octet = json[index]!;
    if (inText) {
      if (octet === QUOTE) inText = false;
      else if (octet === BACKSLASH) index += 1;
    } else if (octet === QUOTE) {
      inText = true;
    } else if (octet > 0x5a) {
      // `[` `]` `{` `}` in upper and lower row: bit 5 is all that tells brackets from braces.
      const row = octet & 0xdf;
      if (row === 0x5b) {
        depth += 1;
        if (depth > levels) return true;
      } else if (row === 0x5d) {
        depth -= 1;
      }
    }
  }
  return false;
}
