/**
 * The relaxed form in which DKIM signs headers and bodies (RFC 6376 §3.4.2, §3.4.4).
 *
 * @module
 */

/** A header field without its line end. */
export function relaxedField(field: string): string {
  const colon = field.indexOf(':');
  const name = field.slice(0, colon).trim().toLowerCase();
  const value = field
    .slice(colon + 1)
    .replace(/\r\n/g, '')
    .replace(/[ \t]+/g, ' ')
    .trim();
  return `${name}:${value}`;
}

/** A body with CRLF, one character an octet. */
export function relaxedBody(body: string): string {
  const lines = body.split('\r\n').map((line) => line.replace(/[ \t]+/g, ' ').replace(/ $/, ''));
  let end = lines.length;
  while (end > 0 && lines[end - 1] === '') end -= 1;
  return end === 0 ? '' : `${lines.slice(0, end).join('\r\n')}\r\n`;
}
