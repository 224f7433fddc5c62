/**
 * A command line as text, and what its position in a group of commands must be.
 *
 * @module
 */

/** Commands whose reply a client must have seen before it goes on (RFC 2920 §3.1, RFC 5321 §4.1.4). */
const LAST_OF_GROUP = /^(?:EHLO|HELO|DATA|STARTTLS|AUTH)(?: |$)/i;
const ASCII = /^[\0-\x7f]*$/;

/** Must the client wait for the reply before it sends anything more? */
export function isLastOfGroup(text: string): boolean {
  return LAST_OF_GROUP.test(text);
}

/** Undefined for what is not UTF-8 (RFC 6531 §3.1). */
export function commandText(line: Buffer): string | undefined {
  const text = line.toString('latin1');
  if (ASCII.test(text)) return text;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(line);
  } catch {
    return undefined;
  }
}
