/**
 * One UDP socket with several questions to one upstream on their way.
 *
 * @module
 */
import type { Socket } from 'node:dgram';
import type { Clock, Timer } from '../clock.ts';
import type { Exchanged, ExchangeOptions, Lifetime } from './exchange.ts';
import { failedExchange, socketFailure } from './exchange.ts';
import { readReply } from './reply.ts';
import { closeQuietly, openTo } from './udp.ts';
import type { OpenUdp } from './udp.ts';
import type { Upstream } from './upstream.ts';

/** What a line needs. */
export interface UdpLineOptions {
  readonly upstream: Upstream;
  readonly clock: Clock;
  /** Closes the line with the resolver. */
  readonly lifetime: Lifetime;
  readonly open: OpenUdp;
  /** Told once, when the line takes no more questions. */
  readonly onClosed: (line: UdpLine) => void;
}

/** A question on its way. */
interface Flight {
  readonly options: ExchangeOptions;
  readonly timer: Timer;
  readonly resolve: (result: Exchanged) => void;
  /** Why the last answer with its identifier did not count. */
  mismatch?: string;
}

/** Questions on their way at once: their answers fit many times over into what the kernel holds for a socket. */
const MOST_FLIGHTS = 32;
/** A line without questions is closed after this time, in milliseconds. */
const IDLE_MS = 10_000;

/**
 * A connected socket. Answers find their question by the identifier, and then have to repeat the
 * question as ever; an identifier that nobody waits for belongs to an answer that came too late.
 */
export class UdpLine {
  readonly #options: UdpLineOptions;
  readonly #socket: Socket;
  readonly #flights = new Map<number, Flight>();
  /** Octets that wait for the socket to be connected; undefined once it is. */
  #unsent: Uint8Array[] | undefined = [];
  #idle: Timer | undefined;
  #closed = false;

  /** @throws {NodeJS.ErrnoException} if there is no socket to be had */
  constructor(options: UdpLineOptions) {
    this.#options = options;
    const { upstream, open, lifetime } = options;
    this.#socket = openTo(upstream, open);
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('message', (octets) => this.#onMessage(octets));
    try {
      this.#socket.connect(upstream.port, upstream.address, () => this.#onConnected());
    } catch (error) {
      closeQuietly(this.#socket);
      throw error;
    }
    lifetime.add(this.#stop);
  }

  /** Whether a question with this identifier may be put. */
  takes(id: number): boolean {
    return !this.#closed && this.#flights.size < MOST_FLIGHTS && !this.#flights.has(id);
  }

  /** Puts a question that the line {@link takes}. */
  ask(options: ExchangeOptions): Promise<Exchanged> {
    const { query, timeoutMs } = options;
    return new Promise((resolve) => {
      const timer = this.#options.clock.after(timeoutMs, () => this.#onTimeout(query.id));
      if (this.#flights.size === 0) this.#wake();
      this.#flights.set(query.id, { options, timer, resolve });
      if (this.#unsent === undefined) this.#send(query.octets);
      else this.#unsent.push(query.octets);
    });
  }

  #onConnected(): void {
    if (this.#closed) return;
    const unsent = this.#unsent ?? [];
    this.#unsent = undefined;
    for (const octets of unsent) this.#send(octets);
  }

  #send(octets: Uint8Array): void {
    try {
      this.#socket.send(octets, this.#onSent);
    } catch (error) {
      this.#fail(error as NodeJS.ErrnoException);
    }
  }

  readonly #onSent = (error: Error | null): void => {
    if (error !== null) this.#fail(error);
  };

  #onMessage(octets: Buffer): void {
    const flight = octets.length < 2 ? undefined : this.#flights.get(octets.readUInt16BE(0));
    if (flight === undefined) return;
    const { options } = flight;
    const reply = readReply(octets, options.query);
    switch (reply.kind) {
      case 'mismatch':
        // The wait goes on, so that a forger cannot end it.
        flight.mismatch = reply.why;
        return;
      case 'malformed':
        this.#settle(flight, failedExchange(options, 'DNS_ANSWER_MALFORMED', reply.why));
        return;
      case 'message':
      case 'truncated':
        this.#settle(flight, { ok: true, reply });
        return;
      default:
        reply satisfies never;
    }
  }

  #onTimeout(id: number): void {
    const flight = this.#flights.get(id);
    if (flight === undefined) return;
    const { options, mismatch } = flight;
    this.#settle(
      flight,
      mismatch === undefined
        ? failedExchange(options, 'DNS_TIMEOUT', `no answer in ${options.timeoutMs} ms`)
        : failedExchange(options, 'DNS_ANSWER_MISMATCH', `only ${mismatch} came`),
    );
  }

  #settle({ options, timer, resolve }: Flight, result: Exchanged): void {
    timer.cancel();
    this.#flights.delete(options.query.id);
    resolve(result);
    if (this.#flights.size === 0) this.#rest();
  }

  /** An error is the socket's, and so of all that are on their way. */
  #fail(error: NodeJS.ErrnoException): void {
    this.#end((options) => socketFailure(options, error));
  }

  readonly #stop = (): void => {
    this.#end((options) => failedExchange(options, 'DNS_CLOSED', 'the resolver closes'));
  };

  #end(resultOf: (options: ExchangeOptions) => Exchanged): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.lifetime.remove(this.#stop);
    this.#options.onClosed(this);
    for (const flight of this.#flights.values()) this.#settle(flight, resultOf(flight.options));
    this.#idle?.cancel();
    closeQuietly(this.#socket);
  }

  /** Only questions on their way keep the process alive. */
  #rest(): void {
    if (this.#closed) return;
    this.#socket.unref();
    this.#idle = this.#options.clock.after(IDLE_MS, this.#stop);
  }

  #wake(): void {
    this.#idle?.cancel();
    this.#idle = undefined;
    this.#socket.ref();
  }
}
