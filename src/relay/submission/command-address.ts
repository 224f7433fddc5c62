/**
 * Whom a refused command was about, for the log. Pure.
 *
 * @module
 */

/** Longest address that is logged, in characters; longer ones are cut. */
const LONGEST = 320;

/** The path of a MAIL or RCPT command as the client wrote it, where it wrote one. */
export function addressIn(command: string): { readonly from?: string; readonly to?: string } {
  const found = /^(?:MAIL (?<from>FROM)|RCPT TO): ?<(?<path>[^<>]*)>/i.exec(command)?.groups;
  if (found === undefined) return {};
  const path = (found['path'] ?? '').slice(0, LONGEST);
  return found['from'] === undefined ? { to: path } : { from: path };
}
