/**
 * The socketmap server: sockets around conversations.
 *
 * @module
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock, Timer } from '../clock.ts';
import type { Log } from '../log/log.ts';
import { Conversation } from './conversation.ts';
import { listenErrorOf } from '../listen/listen-error.ts';
import { netstringText } from './netstring.ts';
import {
  parseSocketAddress,
  type SocketAddress,
  socketAddressText,
} from '../listen/socket-address.ts';
import type { SocketAccess } from '../listen/socket-access.ts';
import { listenOnUnixSocket } from '../listen/unix-socket.ts';

/** What may change while the server runs. */
export interface ConnectionSettings {
  /** Connections served at once; as many again wait for their turn. */
  readonly maxConnections: number;
  readonly idleTimeoutMs: number;
  readonly shutdownTimeoutMs: number;
}

/** What the server stands on. */
export interface SocketmapServerOptions {
  /** `address:port`, `[v6]:port`, `unix:/path`, `fd:NUMBER`. */
  readonly listen: readonly string[];
  readonly unix: SocketAccess;
  /** Several processes share the TCP ports (`SO_REUSEPORT`). Default false. */
  readonly reusePort?: boolean;
  /** The reply to a request, with its framing, an octet in each character; never rejects. */
  readonly reply: (request: string) => string | Promise<string>;
  readonly settings: () => ConnectionSettings;
  readonly clock: Clock;
  readonly log: Log;
  /** Told the number of open connections whenever it changes. */
  readonly onConnections?: (open: number) => void;
}

/** A running server. */
export interface SocketmapServer {
  /** Where it listens, in the order of `listen`. */
  readonly addresses: readonly SocketAddress[];
  /**
   * Takes no more connections, answers what was asked; what is still under way after
   * `shutdownTimeoutMs` is told to try later.
   */
  close(): Promise<void>;
}

const STOPPING = netstringText('TEMP POLICY_ANSWER_STOPPED: the service is stopping');
/** How long the last reply may take to leave, milliseconds. */
const LAST_WORDS_MS = 1_000;
/** How often at most the log says that connections are refused, milliseconds. */
const FULL_NOTICE_MS = 60_000;
/** Looks at idle connections in one idle timeout. */
const LOOKS = 4;

/** Starts it. Rejects with a `ListenError` if it cannot listen on every address. */
export async function startSocketmapServer(
  options: SocketmapServerOptions,
): Promise<SocketmapServer> {
  const connections = new Connections(options);
  const servers: Server[] = [];
  try {
    for (const text of options.listen) {
      const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
        connections.take(socket),
      );
      await listen(server, parseSocketAddress(text), options);
      servers.push(server);
      server.on('error', (error) =>
        options.log.error(
          { event: 'socketmap', error: String(error) },
          `${text}: ${error.message}`,
        ),
      );
    }
  } catch (error) {
    await Promise.all(servers.map(closed));
    throw error;
  }
  connections.watch();
  return {
    addresses: servers.map((server, index) => addressOf(server, options.listen[index] ?? '')),
    close: async () => {
      const allClosed = Promise.all(servers.map(closed));
      connections.stop();
      await allClosed;
    },
  };
}

async function listen(
  server: Server,
  address: SocketAddress,
  options: SocketmapServerOptions,
): Promise<void> {
  try {
    if (address.kind === 'unix') {
      await listenOnUnixSocket(server, address.path, { ...options.unix, backlog: BACKLOG });
      return;
    }
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(whereOf(address, options), () => {
        server.off('error', reject);
        resolve();
      });
    });
  } catch (error) {
    if (server.listening) await closed(server);
    throw listenErrorOf(socketAddressText(address), error);
  }
}

/** Connections that come faster than they are taken wait in the kernel. */
const BACKLOG = 1024;

function whereOf(
  address: Exclude<SocketAddress, { kind: 'unix' }>,
  { reusePort = false }: SocketmapServerOptions,
): object {
  switch (address.kind) {
    case 'tcp':
      return { host: address.host, port: address.port, backlog: BACKLOG, reusePort };
    case 'fd':
      return { fd: address.fd };
    default:
      return address satisfies never;
  }
}

function addressOf(server: Server, text: string): SocketAddress {
  const asked = parseSocketAddress(text);
  if (asked.kind === 'unix') return asked;
  const bound = server.address();
  if (typeof bound === 'string') return { kind: 'unix', path: bound };
  return bound === null ? asked : { kind: 'tcp', host: bound.address, port: bound.port };
}

async function closed(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
}

/** A socket and what is said over it. */
interface Connection {
  readonly socket: Socket;
  readonly conversation: Conversation;
  /** Looks since something was last heard. */
  quiet: number;
}

/** All connections of one server. */
class Connections {
  readonly #options: SocketmapServerOptions;
  readonly #open = new Set<Connection>();
  /** Accepted, and not read until there is room: nobody who is being served is dropped for them. */
  readonly #waiting = new Set<Socket>();
  #stopping = false;
  #timer: Timer | undefined;
  #refused = 0;
  #fullNoticeAt = Number.NEGATIVE_INFINITY;

  constructor(options: SocketmapServerOptions) {
    this.#options = options;
  }

  take(socket: Socket): void {
    // A client that goes away is its own affair: what was being found out for it is kept.
    socket.on('error', () => undefined);
    const { maxConnections } = this.#options.settings();
    if (this.#stopping) socket.destroy();
    else if (this.#open.size < maxConnections) this.#serve(socket);
    else if (this.#waiting.size < maxConnections) this.#keepWaiting(socket);
    else {
      this.#noticeFull(maxConnections);
      socket.destroy();
    }
  }

  /** One line now and then, not one for each of thousands. */
  #noticeFull(maxConnections: number): void {
    const now = this.#options.clock.now();
    this.#refused += 1;
    if (Math.abs(now - this.#fullNoticeAt) < FULL_NOTICE_MS) return;
    this.#fullNoticeAt = now;
    this.#options.log.warn(
      { event: 'socketmap-full', maxConnections, refused: this.#refused },
      `more than ${2 * maxConnections} connections: ${this.#refused} refused so far; raise socketmap.max_connections`,
    );
  }

  /** Closes connections on which nothing happens. */
  watch(): void {
    const { idleTimeoutMs } = this.#options.settings();
    this.#timer = this.#options.clock.after(idleTimeoutMs / LOOKS, () => {
      for (const connection of this.#open) this.#look(connection);
      if (!this.#stopping) this.watch();
    });
  }

  stop(): void {
    this.#stopping = true;
    this.#timer?.cancel();
    for (const socket of this.#waiting) socket.destroy();
    for (const { socket, conversation } of this.#open) {
      socket.pause();
      conversation.finish();
    }
    if (this.#open.size > 0) this.#cutShortLater();
  }

  #cutShortLater(): void {
    const { clock } = this.#options;
    this.#timer = clock.after(this.#options.settings().shutdownTimeoutMs, () => {
      for (const { conversation } of this.#open) conversation.cutShort(STOPPING);
      this.#timer = clock.after(LAST_WORDS_MS, () => {
        for (const { socket } of this.#open) socket.destroy();
      });
    });
  }

  #look(connection: Connection): void {
    const { socket, conversation } = connection;
    connection.quiet += 1;
    if (connection.quiet <= LOOKS || conversation.due > 0) return;
    // Who does not even read the replies cannot be said goodbye to.
    if (socket.writableLength > 0) socket.destroy();
    else socket.destroySoon();
  }

  #keepWaiting(socket: Socket): void {
    this.#waiting.add(socket);
    socket.once('close', () => this.#waiting.delete(socket));
    // Half-open sockets do not close by themselves: who leaves without a question makes room.
    socket.once('end', () => {
      if (this.#waiting.has(socket)) socket.destroy();
    });
  }

  #serveNext(): void {
    const [next] = this.#waiting;
    if (next === undefined || this.#stopping) return;
    if (this.#open.size >= this.#options.settings().maxConnections) return;
    this.#waiting.delete(next);
    this.#serve(next);
  }

  #serve(socket: Socket): void {
    if (socket.destroyed || socket.readableEnded) {
      socket.destroy();
      this.#serveNext();
      return;
    }
    const connection: Connection = {
      socket,
      conversation: new Conversation({ reply: this.#options.reply, line: this.#lineOf(socket) }),
      quiet: 0,
    };
    this.#open.add(connection);
    this.#options.onConnections?.(this.#open.size);
    const { conversation } = connection;
    socket.on('data', (octets: Buffer) => {
      connection.quiet = 0;
      conversation.receive(octets);
    });
    socket.on('drain', () => conversation.drained());
    socket.on('end', () => conversation.finish());
    socket.once('close', () => {
      conversation.abandon();
      this.#open.delete(connection);
      if (this.#stopping && this.#open.size === 0) this.#timer?.cancel();
      this.#options.onConnections?.(this.#open.size);
      this.#serveNext();
    });
  }

  #lineOf(socket: Socket): ConstructorParameters<typeof Conversation>[0]['line'] {
    return {
      send: (octets) => socket.write(octets, 'latin1'),
      hold: () => socket.pause(),
      more: () => socket.resume(),
      end: () => socket.destroySoon(),
      broken: (fault) => {
        this.#options.log.debug({ event: 'socketmap-broken', fault }, `no netstring: ${fault}`);
        socket.destroySoon();
      },
    };
  }
}
