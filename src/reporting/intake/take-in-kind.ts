/**
 * Is it a whole mail, or a bare report?
 *
 * @module
 */

const LF = 0x0a;
/** A first header field is no longer. */
const LONGEST_LINE = 1_000;
/** A header field (RFC 5322 §2.2), or the line that separates the mails of an mbox. */
const HEADER_FIELD = /^(?:[!-9;-~]{1,76}[ \t]*:|From \S+ )/;

/**
 * A mail begins with a header field; a report with the magic number of its packing or with a brace.
 */
export function looksLikeMail(bytes: Uint8Array): boolean {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, LONGEST_LINE));
  const end = head.indexOf(LF);
  const line = head.toString('latin1', 0, end < 0 ? head.length : end);
  // JSON that was broken over lines may have a key of its own there, but never without quotes.
  return !/^[[{"]/.test(line) && HEADER_FIELD.test(line);
}
