/**
 * What a server offers in its answer to EHLO (RFC 5321 §4.1.1.1).
 *
 * @module
 */
import type { Capabilities, Reply } from './types.ts';

/** Keyword, then its parameters; some old servers write `AUTH=LOGIN`. */
const KEYWORD_LINE = /^([A-Za-z0-9][A-Za-z0-9-]*)(?:[ \t=]+(.*))?$/;

/** Where the EHLO was said: REQUIRETLS counts inside TLS alone, STARTTLS outside alone. */
export interface CapabilityContext {
  readonly insideTls: boolean;
}

/**
 * Reads an EHLO reply. Lines that are no keyword are ignored; the first of two equal keywords
 * counts. Inside TLS an offer of STARTTLS is ignored (RFC 3207 §4.2), outside one of REQUIRETLS
 * (RFC 8689 §2).
 */
export function readCapabilities(reply: Reply, context: CapabilityContext): Capabilities {
  const keywords = readKeywords(reply.lines.slice(1));
  return {
    greeting: reply.lines[0] ?? '',
    startTls: !context.insideTls && keywords.has('STARTTLS'),
    pipelining: keywords.has('PIPELINING'),
    size: sizeOf(keywords),
    eightBitMime: keywords.has('8BITMIME'),
    smtpUtf8: keywords.has('SMTPUTF8'),
    dsn: keywords.has('DSN'),
    requireTls: context.insideTls && keywords.has('REQUIRETLS'),
    enhancedStatusCodes: keywords.has('ENHANCEDSTATUSCODES'),
    chunking: keywords.has('CHUNKING'),
    keywords,
  };
}

/** After HELO nothing is on offer, whatever the reply says. */
export function noCapabilities(reply: Reply): Capabilities {
  return readCapabilities({ ...reply, lines: reply.lines.slice(0, 1) }, { insideTls: false });
}

function readKeywords(lines: readonly string[]): ReadonlyMap<string, string> {
  const keywords = new Map<string, string>();
  for (const line of lines) {
    const match = KEYWORD_LINE.exec(line.trim());
    if (match === null) continue;
    const keyword = match[1]!.toUpperCase();
    if (!keywords.has(keyword)) keywords.set(keyword, match[2] ?? '');
  }
  return keywords;
}

/** `SIZE` without a number, or with nonsense, sets no limit; so does 0 (RFC 1870 §4). */
function sizeOf(keywords: ReadonlyMap<string, string>): number | undefined {
  const value = keywords.get('SIZE');
  if (value === undefined) return undefined;
  return /^\d{1,20}$/.test(value) ? Number(value) : 0;
}
