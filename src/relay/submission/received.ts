/**
 * What the relay writes before a message: `Received`, and the fields that a submitted message lacks.
 *
 * @module
 */

/** Facts about the TLS of a session. */
export interface TlsFacts {
  /** `TLSv1.3`. */
  readonly version: string;
  /** IANA's name of the cipher suite. */
  readonly cipher: string;
}

/** Facts for `Received`. */
export interface ReceivedFacts {
  readonly id: string;
  readonly heloName: string;
  /** As the client named itself. */
  readonly clientName: string;
  readonly clientAddress: string;
  readonly extended: boolean;
  readonly authenticated: boolean;
  readonly tls: TlsFacts | undefined;
  readonly requireTls: boolean;
  readonly smtpUtf8: boolean;
  /** Only named where it is the only one: nobody learns of the others (RFC 5321 §7.6). */
  readonly onlyRecipient: string | undefined;
  /** `Fri, 01 Jan 2026 00:00:00 +0000`. */
  readonly date: string;
}

/** RFC 5321 §4.4, with the `tls` clause of RFC 8314 §4.3. */
export function receivedField(facts: ReceivedFacts): string {
  const requireTls = facts.requireTls ? ' (REQUIRETLS)' : '';
  const recipient = facts.onlyRecipient === undefined ? '' : `\r\n\tfor <${facts.onlyRecipient}>`;
  const tls = facts.tls === undefined ? '' : `\r\n\ttls ${facts.tls.cipher} (${facts.tls.version})`;
  return (
    `Received: from ${facts.clientName} (${addressLiteral(facts.clientAddress)})\r\n` +
    `\tby ${facts.heloName} with ${protocolOf(facts)}${requireTls} id ${facts.id}` +
    `${recipient}${tls};\r\n\t${facts.date}\r\n`
  );
}

/** The registered names of RFC 3848 and RFC 6531 §4.3. */
export function protocolOf(
  facts: Pick<ReceivedFacts, 'extended' | 'authenticated' | 'tls' | 'smtpUtf8'>,
): string {
  const isSecure = facts.tls !== undefined;
  if (!facts.extended && !isSecure) return 'SMTP';
  const base = facts.smtpUtf8 ? 'UTF8SMTP' : 'ESMTP';
  return `${base}${isSecure ? 'S' : ''}${facts.authenticated ? 'A' : ''}`;
}

/** `[192.0.2.1]`, `[IPv6:2001:db8::1]` (RFC 5321 §4.1.3). */
export function addressLiteral(address: string): string {
  return address.includes(':') ? `[IPv6:${address}]` : `[${address}]`;
}

/** Dates of header fields (RFC 5322 §3.3), in UTC; the text is made once a second. */
export function createDateText(): (now: number) => string {
  let second = Number.NaN;
  let text = '';
  return (now) => {
    const current = Math.floor(now / 1_000);
    if (current !== second) {
      second = current;
      text = new Date(now).toUTCString().replace('GMT', '+0000');
    }
    return text;
  };
}

/** Fields that a submission server adds where they are missing (RFC 6409 §8.3, §8.4). */
export function missingFields(options: {
  readonly hasDate: boolean;
  readonly messageId: string;
  readonly date: string;
  readonly ownMessageId: string;
}): string {
  const date = options.hasDate ? '' : `Date: ${options.date}\r\n`;
  const messageId = options.messageId === '' ? `Message-ID: ${options.ownMessageId}\r\n` : '';
  return date + messageId;
}
