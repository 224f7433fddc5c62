/**
 * What is said of a domain, in the words of the client.
 *
 * @module
 */
import { printable } from '../printable.ts';
import { eximReply } from './dialects/exim.ts';
import { postfixReply } from './dialects/postfix.ts';
import { postfixTlsrptReply } from './dialects/postfix-tlsrpt.ts';
import { requiretlsReply } from './dialects/requiretls.ts';
import { sendmailReply } from './dialects/sendmail.ts';
import type { Dialect, DomainLevel, Reply } from './types.ts';

/**
 * The reply to a client of this dialect. Nothing of a policy's text is in it but host names of the
 * grammar of RFC 8461 §3.2, and, where the dialect reports, its lines with all that has a meaning
 * to the client's parser taken out.
 */
export function writeReply(dialect: Dialect, level: DomainLevel): Reply {
  switch (dialect) {
    case 'postfix':
      return postfixReply(level);
    case 'postfix-tlsrpt':
      return postfixTlsrptReply(level);
    case 'sendmail':
      return sendmailReply(level);
    case 'exim':
      return eximReply(level);
    case 'requiretls':
      return requiretlsReply(level);
    default:
      return dialect satisfies never;
  }
}

/**
 * The line of the socketmap protocol, without the netstring around it. `NOTFOUND ` keeps the space
 * that the protocol puts behind every keyword.
 */
export function replyText(reply: Reply): string {
  switch (reply.kind) {
    case 'ok':
      return `OK ${reply.text}`;
    case 'not-found':
      return 'NOTFOUND ';
    case 'temp':
      return `TEMP ${printable(reply.reason)}`;
    default:
      return reply satisfies never;
  }
}
