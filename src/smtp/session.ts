/**
 * A session with one server: the order of things, and what may not happen out of order.
 *
 * @module
 */
import { isIPv6 } from 'node:net';
import type { Socket } from 'node:net';
import type { ErrorCode } from '../errors.ts';
import { fail, ok } from '../failure.ts';
import type { Failure, Outcome } from '../failure.ts';
import { dial } from '../tls/dial.ts';
import { tlsFailure } from '../tls/tls-failure.ts';
import type { PeerTls, TlsConnection } from '../tls/types.ts';
import { authenticate } from './auth.ts';
import { deferred } from './fate.ts';
import type { Fate } from './fate.ts';
import { LineSocket, systemCode } from './line-socket.ts';
import { isLoopback } from './loopback.ts';
import { introduce, readGreeting } from './opening.ts';
import { planTransaction } from './plan.ts';
import { goodbye, shakeHands, upgrade } from './start-tls.ts';
import { DEFAULT_TIMEOUTS } from './timeouts.ts';
import { transact } from './transaction.ts';
import type {
  Capabilities,
  Credentials,
  Envelope,
  MessageSource,
  RecipientResult,
  SendOptions,
  SessionVerdict,
  SmtpConnectOptions,
  SmtpSession,
  SmtpTimeouts,
  StartTlsOptions,
} from './types.ts';

/**
 * Connects, reads the greeting and says EHLO (HELO to a server that knows no better).
 *
 * @returns a session in clear text that sends nothing until a verdict is accepted
 */
export async function connectSmtp(options: SmtpConnectOptions): Promise<Outcome<SmtpSession>> {
  const { address, port, clock, localAddress, signal } = options;
  const timeouts: SmtpTimeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
  const dialled = await dial({
    address,
    port,
    clock,
    timeoutMs: timeouts.connect,
    ...(localAddress === undefined ? {} : { localAddress }),
    ...(signal === undefined ? {} : { signal }),
  });
  if (!dialled.ok) return dialled;
  // Commands are short and each one waits for its answer: Nagle's algorithm would only delay them.
  dialled.value.setNoDelay(true);
  const start = await startOf(dialled.value, options, timeouts);
  if (!start.ok) return start;
  const { socket, peer } = start.value;
  const line = listen(socket, options);
  const greeting = await readGreeting(line, timeouts);
  const capabilities = greeting.ok
    ? await introduce(line, { heloName: options.heloName, timeouts, insideTls: peer !== undefined })
    : greeting;
  if (!greeting.ok || !capabilities.ok) {
    const { error } = line;
    await goodbye(line, timeouts);
    const late = peer === undefined ? undefined : lateTlsFailure(error, line.label);
    if (late !== undefined) return { ok: false, failure: late };
    return greeting.ok ? (capabilities as Outcome<never>) : greeting;
  }
  return ok(
    new Session({
      options,
      timeouts,
      line,
      capabilities: capabilities.value,
      banner: greeting.value,
      localAddress: dialled.value.localAddress,
      peer,
    }),
  );
}

/** Where the dialogue begins: on the connection itself, or inside TLS (RFC 8314 §3.3). */
async function startOf(
  socket: Socket,
  options: SmtpConnectOptions,
  timeouts: SmtpTimeouts,
): Promise<Outcome<{ readonly socket: Socket; readonly peer: PeerTls | undefined }>> {
  const { implicitTls, clock, signal } = options;
  if (implicitTls === undefined) return ok({ socket, peer: undefined });
  const secured = await shakeHands(socket, { ...implicitTls, timeouts, clock, signal });
  if (!secured.ok) return secured;
  if (implicitTls.judge?.(secured.value.peer) === false) {
    // Nobody has greeted anybody yet, so there is no QUIT to say.
    secured.value.socket.destroySoon();
    return fail('SMTP_PEER_REFUSED', peerRefused(labelOf(options)));
  }
  return ok(secured.value);
}

function peerRefused(label: string): string {
  return `the TLS session with ${label} is not good enough`;
}

interface Opened {
  readonly options: SmtpConnectOptions;
  readonly timeouts: SmtpTimeouts;
  readonly line: LineSocket;
  readonly capabilities: Capabilities;
  readonly banner: string;
  readonly localAddress: string | undefined;
  /** Seen already where TLS began with the first octet. */
  readonly peer: PeerTls | undefined;
}

class Session implements SmtpSession {
  readonly address: string;
  readonly localAddress: string | undefined;
  readonly banner: string;
  readonly #options: SmtpConnectOptions;
  readonly #timeouts: SmtpTimeouts;
  #line: LineSocket;
  #capabilities: Capabilities;
  #peer: PeerTls | undefined;
  #verdict: SessionVerdict | undefined;
  #busy = false;
  #authenticated = false;
  /** The server may keep something of the last transaction: the next one starts with RSET. */
  #leftOver = false;

  constructor(opened: Opened) {
    this.#options = opened.options;
    this.#timeouts = opened.timeouts;
    this.#line = opened.line;
    this.#capabilities = opened.capabilities;
    this.address = opened.options.address;
    this.localAddress = opened.localAddress;
    this.banner = opened.banner;
    this.#peer = opened.peer;
  }

  get capabilities(): Capabilities {
    return this.#capabilities;
  }

  get peer(): PeerTls | undefined {
    return this.#peer;
  }

  get usable(): boolean {
    return !this.#busy && this.#line.closed === undefined && !this.#line.unread;
  }

  async startTls(options: StartTlsOptions): Promise<Outcome<PeerTls>> {
    const misuse = this.#startTlsMisuse();
    if (misuse !== undefined) return { ok: false, failure: misuse };
    this.#busy = true;
    try {
      const { clock, signal } = this.#options;
      const secured = await upgrade(this.#line, {
        ...options,
        capabilities: this.#capabilities,
        timeouts: this.#timeouts,
        clock,
        signal,
      });
      return secured.ok ? await this.#enterTls(secured.value, options) : secured;
    } finally {
      this.#busy = false;
    }
  }

  accept(verdict: SessionVerdict): void {
    if (this.#verdict?.deliver === false && verdict.deliver) {
      throw new Error('a session that was refused cannot be allowed afterwards');
    }
    this.#verdict = { deliver: verdict.deliver };
  }

  async authenticate(credentials: Credentials): Promise<Outcome<void>> {
    const misuse = this.#authMisuse();
    if (misuse !== undefined) return { ok: false, failure: misuse };
    this.#busy = true;
    try {
      const done = await authenticate({
        line: this.#line,
        capabilities: this.#capabilities,
        credentials,
        timeouts: this.#timeouts,
      });
      // Who is not who the server knows has nothing to say to it.
      if (!done.ok) this.#verdict = { deliver: false };
      this.#authenticated = done.ok;
      return done;
    } finally {
      this.#busy = false;
    }
  }

  async send(
    envelope: Envelope,
    message: MessageSource,
    options: SendOptions = {},
  ): Promise<readonly RecipientResult[]> {
    const obstacle = this.#sendObstacle();
    const fates =
      obstacle === undefined ? await this.#transact(envelope, message, options) : obstacle;
    return envelope.recipients.map(({ address }, index) => ({
      recipient: address,
      ...(Array.isArray(fates) ? (fates as readonly Fate[])[index]! : (fates as Fate)),
    }));
  }

  async quit(): Promise<void> {
    const line = this.#line;
    if (this.#busy) line.destroy();
    if (line.closed !== undefined) return;
    this.#busy = true;
    const { quit } = this.#timeouts;
    await line.ask('QUIT', { timeoutMs: quit, what: 'the reply to QUIT' });
    line.finish(quit);
    this.#busy = false;
  }

  destroy(): void {
    this.#line.destroy();
  }

  /** The handshake is done: first the verdict, then EHLO, from an empty page (RFC 3207 §4.1, §4.2). */
  async #enterTls(
    { socket, peer }: TlsConnection,
    { judge }: StartTlsOptions,
  ): Promise<Outcome<PeerTls>> {
    this.#line = listen(socket, this.#options);
    this.#peer = peer;
    this.#verdict = undefined;
    if (judge !== undefined && !judge(peer)) {
      await goodbye(this.#line, this.#timeouts);
      return fail('SMTP_PEER_REFUSED', peerRefused(this.#line.label));
    }
    const capabilities = await introduce(this.#line, {
      heloName: this.#options.heloName,
      timeouts: this.#timeouts,
      insideTls: true,
    });
    if (capabilities.ok) {
      this.#capabilities = capabilities.value;
      return ok(peer);
    }
    const { error } = this.#line;
    await goodbye(this.#line, this.#timeouts);
    return { ok: false, failure: lateTlsFailure(error, this.#line.label) ?? capabilities.failure };
  }

  #startTlsMisuse(): Failure | undefined {
    const { label, closed } = this.#line;
    if (closed !== undefined) return closed;
    const code: ErrorCode = 'SMTP_STARTTLS_OUT_OF_PLACE';
    if (this.#busy) return { code, detail: `the session with ${label} is busy` };
    // Nested TLS does not exist (RFC 3207 §4.2).
    if (this.#peer !== undefined)
      return { code, detail: `the session with ${label} is inside TLS` };
    return undefined;
  }

  #authMisuse(): Failure | undefined {
    const { label, closed } = this.#line;
    if (closed !== undefined) return closed;
    const out = (why: string): Failure => ({
      code: 'ROUTE_AUTH_OUT_OF_PLACE',
      detail: `no AUTH with ${label}: the session ${why}`,
    });
    if (this.#busy) return out('is busy');
    if (this.#verdict?.deliver !== true) return out('has no verdict that allows messages');
    // The last lock: whatever came before, a password never goes over a network in clear.
    if (this.#peer === undefined && !isLoopback(this.address)) return out('is in clear text');
    return this.#authenticated ? out('has had it') : undefined;
  }

  #sendObstacle(): Fate | undefined {
    const { label, closed } = this.#line;
    if (this.#verdict?.deliver !== true) {
      const detail = `the session with ${label} may not carry messages`;
      return deferred({ code: 'SMTP_VERDICT_MISSING', detail });
    }
    if (closed !== undefined) return deferred(closed);
    if (!this.#busy) return undefined;
    return deferred({ code: 'SMTP_SESSION_UNUSABLE', detail: `the session with ${label} is busy` });
  }

  async #transact(
    envelope: Envelope,
    message: MessageSource,
    { firstReplyMs }: SendOptions,
  ): Promise<Fate | readonly Fate[]> {
    const capabilities = this.#capabilities;
    const planning = planTransaction(envelope, {
      label: this.#line.label,
      capabilities,
      insideTls: this.#peer !== undefined,
    });
    if (planning.kind === 'refused') return planning.fate;
    const start = this.#leftOver ? 'reset' : 'clean';
    this.#leftOver ||= planning.plan.recipients.some(({ kind }) => kind === 'say');
    this.#busy = true;
    try {
      const fates = await transact({
        line: this.#line,
        timeouts: this.#timeouts,
        plan: planning.plan,
        message,
        pace: capabilities.pipelining ? 'pipelined' : 'lock-step',
        start,
        firstReplyMs,
      });
      // A message that was taken leaves no envelope behind (RFC 5321 §4.1.1.4).
      if (fates.some(({ status }) => status === 'delivered')) this.#leftOver = false;
      return fates;
    } finally {
      this.#busy = false;
    }
  }
}

/** TLS 1.3 alerts about our side come after the handshake, as an error of the socket. */
function lateTlsFailure(error: Error | undefined, label: string): Failure | undefined {
  if (error === undefined || systemCode(error)?.startsWith('ERR_SSL') !== true) return undefined;
  return tlsFailure(error, label);
}

function listen(socket: Socket, options: SmtpConnectOptions): LineSocket {
  const { clock, signal, onLine } = options;
  return new LineSocket(socket, { clock, label: labelOf(options), signal, onLine });
}

/** `mx1.example.test [192.0.2.1]:25`. */
function labelOf({ host, address, port }: SmtpConnectOptions): string {
  if (host !== address) return `${host} [${address}]:${port}`;
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}
