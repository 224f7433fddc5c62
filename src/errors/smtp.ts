/**
 * Error codes of `smtp/`.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `SMTP_`. */
export const SMTP_ERRORS = {
  SMTP_TIMEOUT: {
    meaning: 'The server did not answer a command in time.',
    action: 'Try again later.',
    rule: 'RFC 5321 §4.5.3.2',
  },
  SMTP_SESSION_SILENT: {
    meaning: 'A session that had carried another message gave no answer any more.',
    action: 'Nothing to do: the message goes over a new session at once.',
  },
  SMTP_CONNECTION_LOST: {
    meaning: 'The connection broke before the message was handed over.',
    action: 'Nothing to do: the message is tried again. If it lasts, look at the network path.',
    rule: 'RFC 5321 §4.5.4.1',
  },
  SMTP_FINAL_REPLY_MISSING: {
    meaning: 'The whole message was sent, but the server never said whether it took it.',
    action: 'The message is tried again; the recipient may get it twice.',
    rule: 'RFC 5321 §4.5.3.2.6',
  },
  SMTP_ABORTED: {
    meaning: 'The session was ended from our side before it was done.',
    action: 'Nothing to do: this happens when the program stops.',
  },
  SMTP_SERVER_CLOSING: {
    meaning: 'The server said 421: it is closing the connection.',
    action: 'Try again later.',
    rule: 'RFC 5321 §3.8',
  },
  SMTP_REPLY_MALFORMED: {
    meaning: 'The server sent something that is no SMTP reply.',
    action: 'Check that the port really is an SMTP server and that nothing rewrites the traffic.',
    rule: 'RFC 5321 §4.2',
  },
  SMTP_REPLY_TOO_LONG: {
    meaning: 'The server sent a reply longer than any honest server needs.',
    action: 'Check that the port really is an SMTP server.',
    rule: 'RFC 5321 §4.5.3.1.5',
  },
  SMTP_REPLY_UNEXPECTED: {
    meaning: 'The server answered a command with a code that has no meaning there.',
    action: 'Try again later; if it lasts, tell the postmaster of the server.',
    rule: 'RFC 5321 §4.3.2',
  },
  SMTP_REPLY_UNSOLICITED: {
    meaning: 'The server sent a reply although nothing was asked; the dialogue is out of step.',
    action: 'Check that nothing between here and the server injects text.',
    rule: 'RFC 5321 §4.2',
  },
  SMTP_GREETING_REFUSED: {
    meaning: 'The server took the connection and refused to serve it.',
    action: 'Read its reply: often the sending address is blocked.',
    rule: 'RFC 5321 §3.1',
  },
  SMTP_EHLO_REFUSED: {
    meaning: 'The server refused EHLO (and HELO, where that was tried).',
    action: 'Read its reply; check the name this host gives in EHLO.',
    rule: 'RFC 5321 §4.1.1.1',
  },
  SMTP_STARTTLS_NOT_OFFERED: {
    meaning: 'The server does not offer STARTTLS.',
    action: 'The owner must enable TLS; if it is known to offer it, someone strips the offer.',
    rule: 'RFC 3207 §4',
  },
  SMTP_STARTTLS_REFUSED: {
    meaning: 'The server offers STARTTLS but refused the command.',
    action: "Read its reply; the server's TLS configuration is probably broken.",
    rule: 'RFC 3207 §4',
  },
  SMTP_STARTTLS_INJECTION: {
    meaning: 'Clear text followed the reply to STARTTLS: an attempt to inject replies.',
    action: 'Treat the network path as hostile until shown otherwise.',
    rule: 'RFC 3207 §6',
  },
  SMTP_STARTTLS_OUT_OF_PLACE: {
    meaning: 'STARTTLS was asked for on a session that is inside TLS already, or closed.',
    action: 'A fault in the calling code: one STARTTLS for each connection.',
    rule: 'RFC 3207 §4.2',
  },
  SMTP_PEER_REFUSED: {
    meaning: 'The security of the TLS session was judged too weak, so the session was ended.',
    action: 'Look at the verdict beside this failure: it names what was wrong.',
    rule: 'RFC 3207 §4.1',
  },
  SMTP_VERDICT_MISSING: {
    meaning: 'A message was to be sent on a session that is not allowed to carry it.',
    action: 'Nothing was sent. The session needs a verdict that allows delivery first.',
    rule: 'RFC 8461 §5',
  },
  SMTP_SESSION_UNUSABLE: {
    meaning: 'The session is closed or busy with another message.',
    action: 'Open another session.',
  },
  SMTP_COMMAND_INVALID: {
    meaning: 'A value cannot be written as part of an SMTP command.',
    action: 'Correct the value that the detail names.',
    rule: 'RFC 5321 §4.1.2',
  },
  SMTP_ADDRESS_INVALID: {
    meaning: 'The text is not a mailbox.',
    action: 'Write it as local-part@domain.',
    rule: 'RFC 5321 §4.1.2',
  },
  SMTP_XTEXT_INVALID: {
    meaning: 'The text is not valid xtext.',
    action: 'Write + as +2B, = as +3D, and two upper-case hexadecimal digits after each +.',
    rule: 'RFC 3461 §4',
  },
  SMTP_MAIL_REFUSED: {
    meaning: 'The server refused the sender.',
    action: 'Read its reply.',
    rule: 'RFC 5321 §4.1.1.2',
  },
  SMTP_RCPT_REFUSED: {
    meaning: 'The server refused the recipient.',
    action: 'Read its reply; check the address.',
    rule: 'RFC 5321 §4.1.1.3',
  },
  SMTP_DATA_REFUSED: {
    meaning: 'The server would not receive the content.',
    action: 'Read its reply.',
    rule: 'RFC 5321 §4.1.1.4',
  },
  SMTP_MESSAGE_REFUSED: {
    meaning: 'The server received the content and refused the message.',
    action: 'Read its reply.',
    rule: 'RFC 5321 §4.2.5',
  },
  SMTP_MESSAGE_TOO_LARGE: {
    meaning: 'The message is larger than the server says it takes.',
    action: 'Send less, or by another way.',
    rule: 'RFC 1870 §5',
  },
  SMTP_8BITMIME_MISSING: {
    meaning: 'The message has 8-bit content and cannot be sent as such.',
    action:
      'Send it in a 7-bit encoding (base64, quoted-printable); content is never converted here.',
    rule: 'RFC 6152 §3',
  },
  SMTP_SMTPUTF8_MISSING: {
    meaning: 'An address or header is not ASCII and the server does not offer SMTPUTF8.',
    action: 'Use an ASCII address for this recipient.',
    rule: 'RFC 6531 §3.2',
  },
  SMTP_REQUIRETLS_MISSING: {
    meaning: 'The message demands REQUIRETLS and the server does not offer it inside TLS.',
    action: 'Another MX host is tried; if none offers it, the message is returned (5.7.30).',
    rule: 'RFC 8689 §4.2.1',
  },
  SMTP_REQUIRETLS_WITHOUT_TLS: {
    meaning: 'The message demands REQUIRETLS and the session is not inside TLS.',
    action: 'Another MX host is tried; if none offers TLS, the message is returned (5.7.10).',
    rule: 'RFC 8689 §2',
  },
  SMTP_MESSAGE_SOURCE_FAILED: {
    meaning: 'The content could not be read to its end; the connection was dropped before the end.',
    action: 'Check the disk or whatever the message is read from.',
  },
  SMTP_HEADER_TOO_LONG: {
    meaning: 'The header section of the message is longer than is read.',
    action: 'Check that the file really is a message.',
  },
  SMTP_HEADER_ADDRESS_INVALID: {
    meaning: 'An address field of the message cannot be read.',
    action: 'Correct the field, or name the recipients by themselves.',
    rule: 'RFC 5322 §3.4',
  },
} as const satisfies Record<string, ErrorEntry>;
