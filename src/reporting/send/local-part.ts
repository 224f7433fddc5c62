/**
 * Local parts of mail addresses, told apart by what they say.
 *
 * @module
 */

/** What may stand without quotes (RFC 5321 §4.1.2, RFC 6531 §3.3). */
const DOT_STRING = /^[^\x00-\x20\x7f()<>[\]:;@\\,."]+(?:\.[^\x00-\x20\x7f()<>[\]:;@\\,."]+)*$/;
const QUOTED_STRING = /^"((?:[^"\\]|\\.)*)"$/s;

/** Does it stand in quotes? */
export function isQuoted(localPart: string): boolean {
  return QUOTED_STRING.test(localPart);
}

/**
 * One spelling of all that name the same mailbox (RFC 5321 §4.1.2): lower case, and in quotes only
 * where it cannot stand without; `"re\ports"` is `reports`.
 */
export function normalLocalPart(localPart: string): string {
  return spelled(contentOf(localPart));
}

/** The same without `+tag`; what begins with `+` has none. */
export function withoutTag(localPart: string): string {
  return spelled(contentOf(localPart).replace(/(?<=.)\+.*$/s, ''));
}

/** Without the quotes and the backslashes in them. */
function contentOf(localPart: string): string {
  const inner = QUOTED_STRING.exec(localPart)?.[1];
  return (inner?.replace(/\\(.)/gs, '$1') ?? localPart).toLowerCase();
}

function spelled(content: string): string {
  return DOT_STRING.test(content) ? content : `"${content.replace(/["\\]/g, '\\$&')}"`;
}
