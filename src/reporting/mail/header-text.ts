/**
 * Header fields and texts as mail wants them: short lines, 7 bits, CRLF.
 *
 * @module
 */

/** RFC 5322 §2.1.1: should; 998 is what must be. */
const LINE = 78;
const BASE64_LINE = /.{1,76}/g;

/**
 * A field of tokens with blanks between, folded where the line would be too long (RFC 5322 §2.2.3).
 * Throws where a token could break out of the field: nothing that a stranger wrote may get so far.
 */
export function headerField(name: string, tokens: readonly string[]): string {
  let line = `${name}:`;
  const lines: string[] = [];
  for (const token of tokens) {
    if (!/^[\x21-\x7e]+$/.test(token)) throw new TypeError(`${name} cannot hold such a token`);
    if (line.length + 1 + token.length > LINE && line !== `${name}:`) {
      lines.push(line);
      line = '';
    }
    line += ` ${token}`;
  }
  lines.push(line);
  if (lines.some((each) => each.length > 998)) throw new TypeError(`${name} has too long a line`);
  return lines.join('\r\n');
}

/** Base64 in lines of 76 (RFC 2045 §6.8), each with CRLF. */
export function base64Lines(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  return (text.match(BASE64_LINE) ?? []).map((line) => `${line}\r\n`).join('');
}

/** Quoted-printable (RFC 2045 §6.7) of a text with LF, lines with CRLF. */
export function quotedPrintable(text: string): string {
  return text.split('\n').map(quotedLine).join('\r\n');
}

function quotedLine(text: string): string {
  const pieces = [...Buffer.from(text)].map((octet, at, all) => {
    const isPlain = octet >= 0x20 && octet <= 0x7e && octet !== 0x3d;
    const isLastBlank = octet === 0x20 && at === all.length - 1;
    return isPlain && !isLastBlank
      ? String.fromCharCode(octet)
      : `=${octet.toString(16).toUpperCase().padStart(2, '0')}`;
  });
  let line = '';
  const lines: string[] = [];
  for (const piece of pieces) {
    // The soft break takes the last of 76.
    if (line.length + piece.length > 75) {
      lines.push(`${line}=`);
      line = '';
    }
    line += piece;
  }
  return [...lines, line].join('\r\n');
}
