/**
 * Replies to clients, each with its enhanced status code (RFC 2034) and, where it refuses, the class it is counted in.
 *
 * @module
 */
import type { RelayRefusal } from '../../metrics/relay-types.ts';
import { printable } from '../../printable.ts';

/** One reply. */
export interface Reply {
  readonly code: number;
  /** As it goes on the wire, with its line ends. */
  readonly wire: string;
  /** Why something was refused; absent where nothing was. */
  readonly refusal?: RelayRefusal;
  /** The connection ends with it. */
  readonly closes?: true;
}

/** Longest text of a reply line: 512 octets with code and line end (RFC 5321 §4.5.3.1.5). */
const MAX_TEXT = 400;

/** Something went as asked. */
export function reply(code: number, enhanced: string, text: string): Reply {
  return { code, wire: wireOf(code, enhanced, text) };
}

/** Something was refused. */
export function refuse(code: number, enhanced: string, text: string, refusal: RelayRefusal): Reply {
  return { code, wire: wireOf(code, enhanced, text), refusal };
}

/** The same, and the connection ends. */
export function closing(refused: Reply): Reply {
  return { ...refused, closes: true };
}

/** Texts may hold words of the client: nothing in them may end the line. */
function wireOf(code: number, enhanced: string, text: string): string {
  const words = printable(text, MAX_TEXT);
  return enhanced === '' ? `${code} ${words}\r\n` : `${code} ${enhanced} ${words}\r\n`;
}

/** Replies without any variable part. */
export const REPLIES = {
  ok: reply(250, '2.0.0', 'OK'),
  bye: reply(221, '2.0.0', 'Bye'),
  help: reply(214, '2.0.0', 'RFC 5321 says all there is to say'),
  noPromise: reply(252, '2.0.0', 'Addresses are not verified here; send the message'),
  senderOk: reply(250, '2.1.0', 'Sender OK'),
  recipientOk: reply(250, '2.1.5', 'Recipient OK'),
  goAhead: reply(354, '', 'End data with <CR><LF>.<CR><LF>'),
  startTls: reply(220, '2.0.0', 'Ready to start TLS'),
  noTls: refuse(454, '4.7.0', 'There is no certificate here, so no TLS', 'protocol'),
  tlsTwice: refuse(503, '5.5.1', 'This is inside TLS already', 'protocol'),
  startTlsArgument: refuse(501, '5.5.4', 'STARTTLS takes no argument', 'protocol'),
  helloSyntax: refuse(501, '', 'Say EHLO and one name or address literal', 'protocol'),
  helloFirst: refuse(503, '5.5.1', 'Say EHLO first', 'protocol'),
  mailFirst: refuse(503, '5.5.1', 'Say MAIL FROM first', 'protocol'),
  mailTwice: refuse(503, '5.5.1', 'A message has begun already; RSET ends it', 'protocol'),
  noRecipients: refuse(554, '5.5.1', 'No valid recipients', 'protocol'),
  noArgument: refuse(501, '5.5.4', 'This command takes no argument', 'protocol'),
  needsArgument: refuse(501, '5.5.4', 'This command needs an argument', 'protocol'),
  unknown: refuse(500, '5.5.2', 'No such command', 'protocol'),
  notImplemented: refuse(502, '5.5.1', 'That command is not implemented', 'protocol'),
  bareLineEnd: refuse(500, '5.5.2', 'Lines end with CR LF, and neither stands alone', 'protocol'),
  lineTooLong: refuse(500, '5.5.2', 'Line too long', 'protocol'),
  notUtf8: refuse(500, '5.5.2', 'That is not UTF-8', 'protocol'),
  tooSoon: closing(refuse(554, '5.5.0', 'You spoke before you were greeted', 'protocol')),
  outOfStep: closing(
    refuse(554, '5.5.0', 'You went on before the reply to this command', 'protocol'),
  ),
  noWeb: closing(refuse(421, '4.7.0', 'This is a mail server', 'protocol')),
  chunks: closing(refuse(502, '5.5.1', 'BDAT is not offered here', 'protocol')),
  tooManyErrors: closing(refuse(421, '4.7.0', 'Too many errors', 'protocol')),
  notAllowed: refuse(
    550,
    '5.7.1',
    'Relaying denied: authenticate inside TLS, or send from a trusted network',
    'not-allowed',
  ),
  badSender: refuse(501, '5.1.7', 'That is no sender address', 'address'),
  senderNoDomain: refuse(553, '5.1.7', 'The sender needs a domain', 'address'),
  badRecipient: refuse(501, '5.1.3', 'That is no recipient address', 'address'),
  recipientNoDomain: refuse(553, '5.1.3', 'The recipient needs a domain', 'address'),
  noPostmaster: refuse(550, '5.1.1', 'There are no mailboxes here', 'address'),
  needsSmtpUtf8: refuse(553, '5.6.7', 'That address needs SMTPUTF8', 'address'),
  needsTls: refuse(523, '5.7.10', 'REQUIRETLS is only possible inside TLS', 'require-tls'),
  tooManyRecipients: refuse(452, '4.5.3', 'Too many recipients', 'too-many-recipients'),
  tooBig: refuse(552, '5.3.4', 'The message is too big', 'too-big'),
  tooFast: refuse(451, '4.7.1', 'Too many messages a minute from you; try again later', 'rate'),
  looping: refuse(554, '5.4.6', 'Too many Received fields: the message is in a loop', 'loop'),
  // A laxer server may see another end of the message: what follows is not to be believed.
  bareInContent: closing(
    refuse(
      550,
      '5.6.0',
      'The message has a CR or LF that stands alone (RFC 5321 2.3.8)',
      'content',
    ),
  ),
  nulInContent: refuse(550, '5.6.0', 'The message has NUL in it (RFC 2045 2.8)', 'content'),
  longInContent: refuse(
    550,
    '5.6.0',
    'The message has a line of more than 998 octets (RFC 5321 4.5.3.1.6)',
    'content',
  ),
  smuggling: closing(
    refuse(550, '5.6.0', 'A lone CR or LF beside a dot: nothing is taken from here', 'content'),
  ),
  idle: closing(refuse(421, '4.4.2', 'Nothing came for too long', 'timeout')),
  slow: closing(refuse(421, '4.4.2', 'The message came too slowly', 'timeout')),
  shuttingDown: { ...closing(reply(421, '4.3.2', 'The service stops; come back later')) },
  tooManyConnections: closing(refuse(421, '4.7.0', 'Too many connections', 'connections')),
  tooManyYours: closing(refuse(421, '4.7.0', 'Too many connections from you', 'connections')),
  internal: closing(refuse(421, '4.3.0', 'A fault of this server; try again later', 'other')),
  queueFull: refuse(452, '4.3.1', 'No space to keep the message; try again later', 'queue'),
  noRoom: refuse(452, '4.3.1', 'Too much mail comes in at once; try again later', 'queue'),
  queueFault: refuse(451, '4.3.0', 'The message cannot be kept now; try again later', 'queue'),
  authInClear: refuse(538, '5.7.11', 'Say STARTTLS first', 'protocol'),
  noAuth: refuse(502, '5.5.1', 'There is no AUTH here', 'protocol'),
  authTwice: refuse(503, '5.5.1', 'You are authenticated already', 'protocol'),
  authInMail: refuse(503, '5.5.1', 'Not while a message is under way', 'protocol'),
  authCode: refuse(501, '5.5.2', 'That is not base64', 'protocol'),
  authTooOften: closing(
    refuse(421, '4.7.0', 'Too many wrong passwords from you; try again later', 'credentials'),
  ),
  loginOver: closing(
    refuse(421, '4.7.0', 'Your login does not count any more; authenticate again', 'credentials'),
  ),
} as const satisfies Record<string, Reply>;
