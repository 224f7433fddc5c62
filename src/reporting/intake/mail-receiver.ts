/**
 * Takes the mail of the report mailbox from the mail server: by LMTP or SMTP, by TCP or a UNIX
 * socket. Any recipient will do: the mail server knows which mailbox is the one for reports.
 *
 * @module
 */
import type { ReportTurnedAway } from '../../metrics/reporting-types.ts';
import type { AddressInfo, Server } from 'node:net';
import { hostname } from 'node:os';
import type { Readable } from 'node:stream';
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server';
import { listenErrorOf } from '../../listen/listen-error.ts';
import { parseSocketAddress } from '../../listen/socket-address.ts';
import { listenOnUnixSocket } from '../../listen/unix-socket.ts';
import { printable } from '../../printable.ts';
import { readBody } from './body.ts';
import { clientKey } from './client-key.ts';
import { createBudget } from './gate.ts';
import { createRefusalLines, type RefusalLines } from './intake-lines.ts';
import { MAIL_REPLIES, type MailReply, mailReplyTo } from './mail-reply.ts';
import { createRateLimit } from './rate-limit.ts';
import type { ReceiverOptions } from './receiver-types.ts';
import { type Verdict, verdictOf } from './verdict.ts';

const MAX_CONNECTIONS = 64;
/** Of one message: each is answered on its own in LMTP. */
const MAX_RECIPIENTS = 100;
/** How long a client may be silent, and a message may take, milliseconds. */
const IDLE_MS = 60_000;
const CONTENT_MS = 300_000;
/** How long messages under way may take to end, milliseconds. */
const CLOSE_GRACE_MS = 5_000;
/** Octets of all messages that are in memory at once. */
const BUDGET_OCTETS = 64 * 1_048_576;
/** Who may connect to a UNIX socket says the folder it lies in, as for other LMTP servers. */
const SOCKET_MODE = 0o666;

/** How it is made. */
export interface MailReceiverOptions extends ReceiverOptions {
  /** The name it greets with; the machine's where none is given. */
  readonly name?: string;
}

/** The open receiver. */
export interface MailReceiver {
  /** `127.0.0.1:24`, `[::1]:24` or `unix:/path`. */
  readonly address: string;
  /** Lets messages under way end. */
  close(): Promise<void>;
}

type Answer = (error?: Error | null, message?: string) => void;

/**
 * Listens where `reporting.receive.smtp.listen` says.
 *
 * @throws {ListenError} the address cannot be used
 */
export async function startMailReceiver(options: MailReceiverOptions): Promise<MailReceiver> {
  const { settings, clock, name = hostname() } = options;
  const { listen: where, protocol } = settings().smtp;
  const cutOff = (id: string): void => {
    for (const connection of server.connections) {
      if (connection.id === id) connection.send(421, 'The message does not come to its end');
    }
  };
  const server = new SMTPServer(serverOptions(options, { protocol, name, cutOff }));
  // Whatever befalls one connection is no matter of the others.
  server.on('error', (error) => noteError(error, options));
  const address = await listen(server.server, where);
  return {
    address,
    async close() {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      // Who is idle is sent away; who is in the midst of a message may end it.
      for (const connection of server.connections) {
        if (!isInMessage(connection)) connection.send(421, 'The service ends; come again');
      }
      const deadline = clock.after(CLOSE_GRACE_MS, () => {
        for (const connection of server.connections) connection.close();
      });
      await closed;
      deadline.cancel();
    },
  };
}

/** Connections, as the library shows them. */
type Connection = SMTPServer['connections'] extends Set<infer T> ? T : never;

function isInMessage(connection: Connection): boolean {
  return Boolean(connection._dataStream);
}

interface Manner {
  readonly protocol: 'lmtp' | 'smtp';
  readonly name: string;
  /** Ends the connection of a session. */
  readonly cutOff: (id: string) => void;
}

function serverOptions(
  options: MailReceiverOptions,
  { protocol, name, cutOff }: Manner,
): SMTPServerOptions {
  const { settings, clock, metrics } = options;
  const rate = createRateLimit({ clock, perMinute: () => settings().smtp.perMinute });
  const taker = createTaker(options, protocol);
  return {
    name,
    lmtp: protocol === 'lmtp',
    // Read by the library each time it is needed, so a reload changes it.
    get size() {
      return settings().maxBytes;
    },
    rejectOversized: true,
    maxClients: MAX_CONNECTIONS,
    maxRecipients: MAX_RECIPIENTS,
    // Neither has a use between a mail server and its receiver on the same machine.
    disabledCommands: ['AUTH', 'STARTTLS'],
    authOptional: true,
    hideSTARTTLS: true,
    hideENHANCEDSTATUSCODES: false,
    disableReverseLookup: true,
    logger: false,
    socketTimeout: IDLE_MS,
    closeTimeout: 2 * CLOSE_GRACE_MS,
    onMailFrom(_address, session, done) {
      if (rate.take(clientKey(session.remoteAddress)) === 0) return done();
      metrics?.atTheDoor('smtp', 'too-many');
      return done(refusal(MAIL_REPLIES.tooMany));
    },
    onRcptTo({ address }, session, done) {
      // The library keeps one of the two, and would answer once where LMTP demands twice.
      const isThere = session.envelope.rcptTo.some(
        (one) => one.address.toLowerCase() === address.toLowerCase(),
      );
      done(isThere ? refusal(MAIL_REPLIES.recipientTwice) : null);
    },
    onData(stream, session, done) {
      void taker.take(stream, session).then(
        (reply) => {
          if (reply === 'too-slow') cutOff(session.id);
          else answer(reply, done);
        },
        (error: unknown) => {
          const { message, stack } = error as Error;
          options.log.error({ event: 'bug', message, stack }, `a bug in taking mail: ${message}`);
          answer(MAIL_REPLIES.fault, done);
        },
      );
    },
  };
}

interface Taker {
  take(stream: Readable, session: SMTPServerSession): Promise<MailReply | 'too-slow'>;
}

function createTaker(options: MailReceiverOptions, protocol: 'lmtp' | 'smtp'): Taker {
  const { intake, settings, clock, metrics } = options;
  const budget = createBudget(BUDGET_OCTETS);
  const refusals = createRefusalLines(options);
  const refuse = (why: ReportTurnedAway, reply: MailReply): MailReply => {
    metrics?.atTheDoor('smtp', why);
    return reply;
  };
  return {
    async take(stream, session) {
      const limits = { maxBytes: settings().maxBytes, withinMs: CONTENT_MS, budget, clock };
      const content = await readBody(stream, limits);
      switch (content.kind) {
        case 'whole':
          try {
            const { bytes } = content;
            // It lets few be unpacked at once, and a mail may wait for DNS.
            const taken = await intake.message(bytes, 'smtp');
            const verdict = verdictOf(taken);
            const reply = mailReplyTo(verdict, protocol);
            note(verdict, { reply, session, refusals, options });
            return reply;
          } finally {
            budget.give(content.bytes.length);
          }
        case 'too-large':
          // The library answers with 552 once all of it has come.
          stream.resume();
          return refuse('too-large', MAIL_REPLIES.tooLarge);
        case 'busy':
          stream.resume();
          return refuse('busy', MAIL_REPLIES.busy);
        case 'too-slow':
          metrics?.atTheDoor('smtp', 'too-slow');
          return 'too-slow';
        case 'gone':
          return MAIL_REPLIES.fault;
      }
    },
  };
}

interface Noted {
  readonly reply: MailReply;
  readonly session: SMTPServerSession;
  readonly refusals: RefusalLines;
  readonly options: MailReceiverOptions;
}

/** What is dropped must be found again in the log. */
function note(verdict: Verdict, { reply, session, refusals, options: { log } }: Noted): void {
  const { mailFrom } = session.envelope;
  const from = printable(mailFrom === false ? '' : mailFrom.address);
  const fields = { event: 'report-mail', verdict: verdict.kind, from, reply: reply.code };
  if (!('failure' in verdict)) {
    log.debug(fields, `mail of <${from}>: ${reply.text}`);
    return;
  }
  refusals.tell({ ...fields, code: verdict.failure.code }, `mail of <${from}>: ${reply.text}`);
}

function answer({ code, text }: MailReply, done: Answer): void {
  if (code === 250) done(null, text);
  else done(refusal({ code, text }));
}

function refusal({ code, text }: MailReply): Error {
  return Object.assign(new Error(text), { responseCode: code });
}

function noteError(error: Error & { readonly syscall?: string }, { log }: ReceiverOptions): void {
  // Whoever wanted to listen is told, and it is no connection.
  if (error.syscall === 'listen' || error.syscall === 'bind') return;
  log.info({ event: 'connection-error', error: error.message }, 'a connection with mail failed');
}

async function listen(server: Server, where: string): Promise<string> {
  const address = parseSocketAddress(where);
  try {
    if (address.kind === 'unix') {
      await listenOnUnixSocket(server, address.path, { mode: SOCKET_MODE });
      return where;
    }
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      const place =
        address.kind === 'fd' ? { fd: address.fd } : { host: address.host, port: address.port };
      server.listen(place, () => {
        server.off('error', reject);
        resolve();
      });
    });
  } catch (error) {
    throw listenErrorOf(where, error);
  }
  const { address: host, family, port } = server.address() as AddressInfo;
  return family === 'IPv6' ? `[${host}]:${port}` : `${host}:${port}`;
}
