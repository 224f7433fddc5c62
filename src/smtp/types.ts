/**
 * The words of an SMTP session (RFC 5321) as types.
 *
 * @module
 */
import type { Failure, Outcome } from '../failure.ts';
import type { PeerTls, TlsTrust } from '../tls/types.ts';
import type { Clock } from '../clock.ts';

/** One whole reply, all its lines (RFC 5321 §4.2). */
export interface Reply {
  readonly code: number;
  /** RFC 2034 / RFC 3463, e.g. `5.7.1`; taken from the first line. */
  readonly enhanced?: string;
  /** Text of each line without code, separator and enhanced code. */
  readonly lines: readonly string[];
}

/** What a server offered in EHLO (or nothing, after HELO). */
export interface Capabilities {
  readonly greeting: string;
  readonly startTls: boolean;
  readonly pipelining: boolean;
  /** Largest message in octets; 0: offered without a limit; undefined: not offered (RFC 1870). */
  readonly size: number | undefined;
  readonly eightBitMime: boolean;
  readonly smtpUtf8: boolean;
  readonly dsn: boolean;
  readonly requireTls: boolean;
  readonly enhancedStatusCodes: boolean;
  readonly chunking: boolean;
  /** Every keyword in upper case with its parameters. */
  readonly keywords: ReadonlyMap<string, string>;
}

/** Milliseconds for each wait; the defaults are RFC 5321 §4.5.3.2. */
export interface SmtpTimeouts {
  readonly connect: number;
  readonly greeting: number;
  readonly ehlo: number;
  readonly startTls: number;
  readonly mail: number;
  readonly rcpt: number;
  readonly dataStart: number;
  readonly dataBlock: number;
  readonly dataEnd: number;
  readonly quit: number;
}

/** Who we are for a server that asks (RFC 4954). */
export interface Credentials {
  readonly user: string;
  /** A function, so that no log and no dump of an object ever holds it. */
  readonly password: () => string;
}

/** Where and how to open a session. */
export interface SmtpConnectOptions {
  /** The address to connect to; never a name. */
  readonly address: string;
  readonly port: number;
  /** For messages: the MX host. */
  readonly host: string;
  /** What to say in EHLO: a name or an address literal. */
  readonly heloName: string;
  readonly clock: Clock;
  readonly localAddress?: string;
  /** TLS from the first octet (RFC 8314 §3.3), judged before anything is read. Default: STARTTLS. */
  readonly implicitTls?: StartTlsOptions;
  readonly timeouts?: Partial<SmtpTimeouts>;
  readonly signal?: AbortSignal;
  /** Called with each line of the dialogue, as it goes over the wire; never with message content. */
  readonly onLine?: (direction: 'sent' | 'received', line: string) => void;
}

/** DSN wishes for one recipient and message (RFC 3461). */
export interface Recipient {
  /** Mailbox without brackets. */
  readonly address: string;
  readonly notify?: readonly ('NEVER' | 'SUCCESS' | 'FAILURE' | 'DELAY')[];
  /** `addr-type;address`, unencoded. */
  readonly orcpt?: string;
}

/** The envelope of a message. */
export interface Envelope {
  /** '' is the null reverse-path. */
  readonly from: string;
  readonly recipients: readonly Recipient[];
  readonly ret?: 'FULL' | 'HDRS';
  /** Unencoded. */
  readonly envid?: string;
  /** Octets, when known beforehand. */
  readonly size?: number;
  readonly body?: '7BIT' | '8BITMIME';
  /** An address or header is not ASCII (RFC 6531). */
  readonly smtpUtf8?: boolean;
  /** RFC 8689. The server must offer it inside TLS, else the message is not sent. */
  readonly requireTls?: boolean;
}

/** Message content in pieces, any line endings; dot-stuffing and CRLF are the session's work. */
export type MessageSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** How to send a message. */
export interface SendOptions {
  /**
   * Longest wait for the first reply, milliseconds: a session that lay idle may be dead without a
   * word. Nothing has been handed over then, and the failure is `SMTP_SESSION_SILENT`. Default: the
   * wait for MAIL.
   */
  readonly firstReplyMs?: number | undefined;
}

/** What became of one recipient. */
export type RecipientResult =
  | { readonly recipient: string; readonly status: 'delivered'; readonly reply: Reply }
  /** Worth another try: 4xx, connection lost, time-out, a missing extension. */
  | {
      readonly recipient: string;
      readonly status: 'deferred';
      readonly failure: Failure;
      readonly reply?: Reply;
    }
  /** 5xx. */
  | {
      readonly recipient: string;
      readonly status: 'failed';
      readonly failure: Failure;
      readonly reply?: Reply;
    };

/** Whether a session may carry a message; set once per session, before any MAIL. */
export interface SessionVerdict {
  readonly deliver: boolean;
}

/**
 * A session with one server. The order is: connect (greeting, EHLO), `startTls`, look at the
 * peer, `accept` the verdict, `send`, `quit`. A session without an accepted verdict sends nothing.
 */
export interface SmtpSession {
  /** What the server offered in the newest EHLO; what it said before TLS is forgotten (RFC 3207 §4.2). */
  readonly capabilities: Capabilities;
  readonly peer: PeerTls | undefined;
  readonly address: string;
  readonly localAddress: string | undefined;
  /** First line of the greeting. */
  readonly banner: string;
  /**
   * STARTTLS, the handshake and a new EHLO. Any failure closes the connection: nothing is ever
   * sent in clear on it afterwards (RFC 3207 §4, §4.1). Refused (454, 5xx) and not offered give
   * `starttls-not-supported`; bytes after `220` give `SMTP_STARTTLS_INJECTION`.
   * `judge` is called right after the handshake, before EHLO: if it says no, QUIT is sent and the
   * connection closed (RFC 3207 §4.1).
   */
  startTls(options: StartTlsOptions): Promise<Outcome<PeerTls>>;
  /** Allows messages (or not) on this session; without it `send` refuses. */
  accept(verdict: SessionVerdict): void;
  /**
   * AUTH (RFC 4954), after the verdict and before the first message: inside TLS, or to loopback.
   * Whether the peer is the right one is for the caller to know. A refusal of any kind has a
   * `ROUTE_AUTH_` code and leaves the session without a use but QUIT.
   */
  authenticate(credentials: Credentials): Promise<Outcome<void>>;
  /** One transaction. Afterwards the session may be used for another one if `usable`. */
  send(
    envelope: Envelope,
    message: MessageSource,
    options?: SendOptions,
  ): Promise<readonly RecipientResult[]>;
  /** May another transaction follow? */
  readonly usable: boolean;
  quit(): Promise<void>;
  /** Closes at once. */
  destroy(): void;
}

/** How to upgrade. */
export interface StartTlsOptions extends TlsTrust {
  /** SNI; undefined for an address literal. */
  readonly servername: string | undefined;
  /** Default `TLSv1.2`; lower only for opportunistic sessions by an operator's choice (RFC 9325). */
  readonly minVersion?: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
  /** False closes the session with QUIT. */
  readonly judge?: (peer: PeerTls) => boolean;
}
