/**
 * Shared UDP sockets towards resolvers on this machine.
 *
 * @module
 */
import { createSocket } from 'node:dgram';
import type { Clock } from '../clock.ts';
import type { Exchanged, ExchangeOptions, Lifetime } from './exchange.ts';
import { socketFailure } from './exchange.ts';
import { UdpLine } from './udp-line.ts';
import type { OpenUdp } from './udp.ts';
import { upstreamText } from './upstream.ts';

/** What the lines need. */
export interface UdpLinesOptions {
  readonly clock: Clock;
  /** Closes all lines with the resolver. */
  readonly lifetime: Lifetime;
  readonly open?: OpenUdp;
}

/**
 * Asks over few sockets. Only for upstreams on loopback: a source port for each question hinders
 * forgers out on the wire (RFC 5452 §9.2), and no packet from there can carry a loopback address
 * (RFC 1122 §3.2.1.3). A socket for each question costs more than the question.
 */
export class UdpLines {
  readonly #options: UdpLinesOptions;
  readonly #lines = new Map<string, Set<UdpLine>>();

  constructor(options: UdpLinesOptions) {
    this.#options = options;
  }

  /** Asks over a line that is not full and on which no other question has this identifier. */
  ask(options: ExchangeOptions): Promise<Exchanged> {
    let line: UdpLine;
    try {
      line = this.#lineFor(options);
    } catch (error) {
      return Promise.resolve(socketFailure(options, error as NodeJS.ErrnoException));
    }
    return line.ask(options);
  }

  #lineFor({ upstream, query }: ExchangeOptions): UdpLine {
    const key = upstreamText(upstream);
    const lines = this.#lines.get(key) ?? new Set<UdpLine>();
    for (const line of lines) if (line.takes(query.id)) return line;
    const { clock, lifetime, open = createSocket } = this.#options;
    const onClosed = (closed: UdpLine): void => {
      lines.delete(closed);
      if (lines.size === 0) this.#lines.delete(key);
    };
    const line = new UdpLine({ upstream, clock, lifetime, open, onClosed });
    this.#lines.set(key, lines.add(line));
    return line;
  }
}
