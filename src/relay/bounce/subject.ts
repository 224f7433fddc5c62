/**
 * The subject of a message, for people.
 *
 * @module
 */
import { printable } from '../../printable.ts';

/** Characters that are shown. */
const SHOWN = 120;
/** Octets that are looked at: no honest subject is longer. */
const READ = 2000;

const WORD = /=\?([\w.:-]+)(?:\*[\w-]+)?\?([bq])\?([^?\s]*)\?=/gi;

/** A field value with its encoded words read (RFC 2047); one line, and short. */
export function subjectText(value: string): string {
  const joined = value.slice(0, READ).replaceAll(/(\?=)\s+(?==\?)/g, '$1');
  const text = joined.replaceAll(WORD, (word, charset: string, how: string, coded: string) => {
    const octets = how.toLowerCase() === 'b' ? Buffer.from(coded, 'base64') : unquoted(coded);
    return decoded(octets, charset) ?? word;
  });
  return printable(text.replaceAll(/\s+/g, ' ').trim(), SHOWN);
}

function unquoted(text: string): Buffer {
  const octets = text
    .replaceAll('_', ' ')
    .replaceAll(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(octets, 'latin1');
}

/** Undefined: a charset that nobody here knows. */
function decoded(octets: Buffer, charset: string): string | undefined {
  try {
    return new TextDecoder(charset).decode(octets);
  } catch {
    return undefined;
  }
}
