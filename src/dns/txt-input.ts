/**
 * The text of a TXT record as a person hands it in: bare, or as it stands in a zone file.
 *
 * @module
 */

const QUOTED_STRINGS = /^\s*\(?\s*(?:"(?:[^"\\]|\\[\s\S])*"\s*)+\)?\s*$/;

/**
 * The record's text. Line ends around it are dropped. Character-strings in quotes, as in a zone
 * file, are joined with nothing between them, as a resolver does (RFC 8461 §3.1).
 */
export function txtFromInput(input: Uint8Array | string): string {
  const text = (typeof input === 'string' ? input : Buffer.from(input).toString('utf8')).replace(
    /^[\r\n]{1,16}|[\r\n]{1,16}$/g,
    '',
  );
  if (!text.includes('"') || !QUOTED_STRINGS.test(text)) return text;
  const strings = text.matchAll(/"((?:[^"\\]|\\[\s\S])*)"/g);
  return Array.from(strings, (match) => unescape(match[1]!)).join('');
}

/** RFC 1035 §5.1: `\DDD` is an octet, `\X` is X. */
function unescape(text: string): string {
  return text.replaceAll(/\\(?:(\d{3})|([\s\S]))/g, (_all, octet?: string, char?: string) =>
    octet === undefined ? (char ?? '') : String.fromCharCode(Number(octet) & 255),
  );
}
