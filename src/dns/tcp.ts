/**
 * One question over TCP, where the answer does not fit UDP.
 *
 * @module
 */
import { connect } from 'node:net';
import type { Exchanged, ExchangeOptions } from './exchange.ts';
import { failedExchange, socketFailure } from './exchange.ts';
import { readReply } from './reply.ts';

/** Cuts a stream into messages: two octets of length before each (RFC 1035 §4.2.2). */
export class FrameReader {
  #held: Buffer = Buffer.alloc(0);

  /** Takes octets, in whatever pieces they come, and gives the messages that are complete. */
  push(chunk: Uint8Array): readonly Uint8Array[] {
    this.#held = this.#held.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#held, chunk]);
    const messages: Uint8Array[] = [];
    while (this.#held.length >= 2) {
      const end = 2 + this.#held.readUInt16BE(0);
      if (this.#held.length < end) break;
      messages.push(this.#held.subarray(2, end));
      this.#held = this.#held.subarray(end);
    }
    return messages;
  }
}

/** A message with its length before it, in one piece: some servers want both in one packet (RFC 7766 §8). */
export function frame(octets: Uint8Array): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(octets.length);
  return Buffer.concat([length, octets]);
}

/** Asks over a connection of its own. */
export function askTcp(options: ExchangeOptions): Promise<Exchanged> {
  const { upstream, query, clock, lifetime } = options;
  return new Promise((resolve) => {
    const frames = new FrameReader();
    const socket = connect({
      host: upstream.address,
      port: upstream.port,
      autoSelectFamily: false,
    });
    let settled = false;
    const settle = (result: Exchanged): void => {
      if (settled) return;
      settled = true;
      timer.cancel();
      lifetime.remove(stop);
      socket.destroy();
      resolve(result);
    };
    const stop = (): void => settle(failedExchange(options, 'DNS_CLOSED', 'the resolver closes'));
    const timer = clock.after(options.timeoutMs, () => {
      settle(failedExchange(options, 'DNS_TIMEOUT', `no answer in ${options.timeoutMs} ms by TCP`));
    });
    lifetime.add(stop);
    socket.on('connect', () => socket.write(frame(query.octets)));
    socket.on('data', (chunk) => {
      const [octets] = frames.push(chunk);
      if (octets !== undefined) settle(judge(options, octets));
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const reset = error.code === 'ECONNRESET' || error.code === 'EPIPE';
      settle(
        reset
          ? failedExchange(options, 'DNS_TCP_CLOSED', 'the connection was reset')
          : socketFailure(options, error),
      );
    });
    socket.on('close', () => {
      settle(failedExchange(options, 'DNS_TCP_CLOSED', 'closed before the answer was complete'));
    });
  });
}

function judge(options: ExchangeOptions, octets: Uint8Array): Exchanged {
  const reply = readReply(octets, options.query);
  switch (reply.kind) {
    case 'message':
      return { ok: true, reply };
    case 'truncated':
      return failedExchange(options, 'DNS_ANSWER_TRUNCATED', 'truncated even over TCP');
    case 'malformed':
      return failedExchange(options, 'DNS_ANSWER_MALFORMED', reply.why);
    case 'mismatch':
      return failedExchange(options, 'DNS_ANSWER_MISMATCH', reply.why);
    default:
      return reply satisfies never;
  }
}
