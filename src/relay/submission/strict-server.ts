/**
 * One listener. `smtp-server` accepts connections and shakes hands on TLS ports; limits come before.
 *
 * @module
 */
import type { ServerOpts, Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import {
  SMTPServer,
  type SMTPServerAuthentication,
  type SMTPServerOptions,
  type SMTPServerSession,
} from 'smtp-server';
import { authenticate, type Credentials } from './auth.ts';
import { StrictConnection } from './connection.ts';
import type { Door } from './door.ts';
import { noteRefusal, type Entrance } from './entrance.ts';
import { endWithClient } from './handshake.ts';
import { clientKey, plainAddress } from './networks.ts';
import { HANDSHAKE_MS } from './patience.ts';
import { REPLIES, type Reply } from './replies.ts';

/** Milliseconds in which a client that is not served may take its reply. */
const LINGER_MS = 1_000;

type AuthCallback = Parameters<SMTPServer['onAuth']>[2];

interface ConnectionError extends Error {
  readonly remoteAddress?: string;
  readonly code?: string;
  readonly syscall?: string;
}

/** How a listener is made. */
export interface StrictServerOptions {
  readonly entrance: Entrance;
  /** TLS from the first octet. */
  readonly implicitTls: boolean;
}

/** A listener for clients. */
export class StrictServer extends SMTPServer implements Door {
  readonly #entrance: Entrance;
  /** What is given back when a socket closes. */
  readonly #open = new Map<Socket, () => void>();

  constructor({ entrance, implicitTls }: StrictServerOptions) {
    const options: SMTPServerOptions & ServerOpts = {
      name: entrance.heloName,
      secure: implicitTls,
      authMethods: ['PLAIN', 'LOGIN'],
      authOptional: true,
      disableReverseLookup: true,
      // Its texts are not ours, and it would write passwords' names.
      logger: false,
      socketTimeout: entrance.ruling.settings.idleTimeoutMs,
      // A client may close its side and still wait for the last reply.
      allowHalfOpen: true,
    };
    super(options);
    this.#entrance = entrance;
    this.renew(entrance.ruling.certificate);
    // A handshake that failed is an event like any other.
    this.on('error', (error: Error) => this.#noteError(error));
  }

  /** Connections past their handshake. */
  get sessions(): readonly StrictConnection[] {
    return [...this.connections].filter((one) => one instanceof StrictConnection);
  }

  /** The certificate for handshakes from now on. */
  renew(certificate: SecureContext | undefined): void {
    if (certificate === undefined) this.secureContext.delete('*');
    else this.secureContext.set('*', certificate);
    this.options.socketTimeout = this.#entrance.ruling.settings.idleTimeoutMs;
  }

  /** The library would fall back to a certificate whose key everybody has. */
  override updateSecureContext(): void {
    this.secureContext = new Map();
  }

  override connect(socket: Socket): void {
    const connection = new StrictConnection(this, socket, this.#entrance);
    this.connections.add(connection);
    connection.on('error', (error: Error) => this.#noteError(error));
    connection.init();
  }

  override onAuth(
    auth: SMTPServerAuthentication,
    session: SMTPServerSession,
    callback: AuthCallback,
  ): void {
    const address = session.remoteAddress;
    const client = { address, key: clientKey(address) };
    void this.#check(credentialsOf(auth), client, callback);
  }

  async #check(
    credentials: Credentials,
    client: { readonly address: string; readonly key: string },
    answer: AuthCallback,
  ): Promise<void> {
    try {
      const result = await authenticate(this.#entrance, client, credentials);
      if (result.kind === 'in') answer(null, { user: result.login });
      else answer(null, { responseCode: result.code, message: result.message });
    } catch (error) {
      const { message, stack } = error as Error;
      this.#entrance.log.error({ event: 'bug', message, stack }, `a bug in AUTH: ${message}`);
      answer(null, { responseCode: 454, message: 'A fault of this server; try again later' });
    }
  }

  override _acceptSocket(socket: Socket, handshake: boolean): (() => void) | false {
    const { limits, ruling, clock, isClosing } = this.#entrance;
    const address = plainAddress(socket.remoteAddress);
    const key = clientKey(address);
    const admission = isClosing ? 'closing' : limits.enter(key, ruling.settings, clock.now());
    if (admission !== 'served') {
      this.#turnAway(socket, handshake, REFUSED[admission]);
      return false;
    }
    this.#open.set(socket, () => limits.leave(key, clock.now()));
    this.awaitClose(socket);
    const release = super._acceptSocket(socket, handshake);
    if (release === false || !handshake) return release;
    const deadline = clock.after(HANDSHAKE_MS, () => this._pendingSockets.get(socket)?.destroy());
    return () => {
      deadline.cancel();
      release();
    };
  }

  awaitClose(socket: Socket): void {
    const closed = (): void => {
      const leave = this.#open.get(socket);
      // Once for each socket, however often it is awaited.
      this.#open.delete(socket);
      leave?.();
    };
    if (socket.closed) closed();
    else socket.once('close', closed);
  }

  override _upgrade(...[socket, done]: Parameters<SMTPServer['_upgrade']>): void {
    super._upgrade(socket, done);
    const secure = this._pendingSockets.get(socket);
    if (secure !== undefined) endWithClient(secure);
  }

  /** Ends what is left, whatever it is doing. */
  cutOff(): void {
    for (const session of this.sessions) session.cutOff();
    for (const socket of this._pendingSockets.values()) socket.destroy();
    for (const socket of this.#open.keys()) socket.destroy();
  }

  /** Before a handshake there is nothing that could be said. */
  #turnAway(socket: Socket, isSilent: boolean, reply: Reply): void {
    noteRefusal(this.#entrance, {
      reason: reply.refusal ?? 'other',
      client: plainAddress(socket.remoteAddress),
      reply: reply.wire,
    });
    socket.on('error', () => {});
    if (isSilent) {
      socket.destroy();
      return;
    }
    socket.end(reply.wire);
    // Unread octets would turn the end into a reset, and the reply would be lost.
    socket.resume();
    const deadline = this.#entrance.clock.after(LINGER_MS, () => socket.destroy());
    socket.once('close', () => deadline.cancel());
  }

  #noteError(error: ConnectionError): void {
    // Whoever wanted to listen is told, and it is no connection.
    if (error.syscall === 'listen' || error.syscall === 'bind') return;
    this.#entrance.log.info(
      { event: 'connection-error', client: error.remoteAddress, code: error.code },
      `a connection failed: ${error.message}`,
    );
  }
}

function credentialsOf(auth: SMTPServerAuthentication): Credentials {
  const { username, password, authcid, authzid } = auth as Credentials;
  return { username, password, authcid, authzid };
}

const REFUSED = {
  full: REPLIES.tooManyConnections,
  'client-full': REPLIES.tooManyYours,
  closing: REPLIES.shuttingDown,
} as const;
