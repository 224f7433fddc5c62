/**
 * The path of MAIL and RCPT (RFC 5321 §4.1.2).
 *
 * @module
 */

/** A path that was cut out of a command. */
export interface PathText {
  /** What stands between the brackets, without a source route. */
  readonly mailbox: string;
  /** What follows the closing bracket. */
  readonly rest: string;
}

/** `@one,@two:` before the mailbox: servers take it and leave it unheeded (RFC 5321 appendix C). */
const SOURCE_ROUTE = /^@[^\s"<>:,@]+(?:,@[^\s"<>:,@]+)*:/;

/**
 * Reads `<…>` and finds its end, whatever a quoted local part holds.
 *
 * @param text what follows `FROM:` or `TO:`; blanks before the path are tolerated
 * @returns undefined if there is no path
 */
export function readPath(text: string): PathText | undefined {
  const start = text.length - text.trimStart().length;
  if (text[start] !== '<') return undefined;
  const end = closingBracket(text, start + 1);
  if (end === undefined) return undefined;
  const rest = text.slice(end + 1);
  if (rest !== '' && !rest.startsWith(' ')) return undefined;
  const path = text.slice(start + 1, end);
  const mailbox = path.replace(SOURCE_ROUTE, '');
  // A route that leads to nobody is not the null reverse-path.
  return mailbox === '' && path !== '' ? undefined : { mailbox, rest };
}

function closingBracket(text: string, from: number): number | undefined {
  let isQuoted = false;
  for (let at = from; at < text.length; at += 1) {
    const character = text[at];
    if (isQuoted && character === '\\') at += 1;
    else if (character === '"') isQuoted = !isQuoted;
    else if (character === '>' && !isQuoted) return at;
  }
  return undefined;
}
