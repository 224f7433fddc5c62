/**
 * One question over a UDP socket of its own.
 *
 * @module
 */
import { createSocket } from 'node:dgram';
import type { Socket, SocketOptions } from 'node:dgram';
import type { Exchanged, ExchangeOptions } from './exchange.ts';
import { failedExchange, socketFailure } from './exchange.ts';
import { readReply } from './reply.ts';
import { isV4 } from './upstream.ts';
import type { Upstream } from './upstream.ts';

/** Opens a socket; tests put a failing one in its place. */
export type OpenUdp = (options: SocketOptions) => Socket;

/**
 * Asks over a socket of its own: a fresh random source port for each question is what makes a
 * forged answer hard to guess (RFC 5452 §9.2), a late answer to an earlier question finds nobody,
 * and since the socket is connected the kernel drops what comes from elsewhere and reports a port
 * where nobody listens at once (ECONNREFUSED). An answer that does not fit the question is passed
 * over and the wait goes on, so that a forger cannot end it.
 */
export function askUdp(options: ExchangeOptions, open: OpenUdp = createSocket): Promise<Exchanged> {
  const { upstream, query, clock, lifetime } = options;
  return new Promise((resolve) => {
    let mismatch: string | undefined;
    let socket: Socket | undefined;
    let settled = false;
    const settle = (result: Exchanged): void => {
      if (settled) return;
      settled = true;
      timer.cancel();
      lifetime.remove(stop);
      closeQuietly(socket);
      resolve(result);
    };
    const stop = (): void => settle(failedExchange(options, 'DNS_CLOSED', 'the resolver closes'));
    const onTimeout = (): void => {
      if (mismatch === undefined) {
        settle(failedExchange(options, 'DNS_TIMEOUT', `no answer in ${options.timeoutMs} ms`));
      } else {
        settle(failedExchange(options, 'DNS_ANSWER_MISMATCH', `only ${mismatch} came`));
      }
    };
    const timer = clock.after(options.timeoutMs, onTimeout);
    lifetime.add(stop);
    try {
      const opened = openTo(upstream, open);
      socket = opened;
      opened.on('error', (error) => settle(socketFailure(options, error)));
      opened.on('message', (octets) => {
        const reply = readReply(octets, query);
        switch (reply.kind) {
          case 'mismatch':
            mismatch = reply.why;
            return;
          case 'malformed':
            settle(failedExchange(options, 'DNS_ANSWER_MALFORMED', reply.why));
            return;
          case 'message':
          case 'truncated':
            settle({ ok: true, reply });
            return;
          default:
            reply satisfies never;
        }
      });
      opened.connect(upstream.port, upstream.address, () => {
        if (settled) return;
        opened.send(query.octets, (error) => {
          if (error !== null) settle(socketFailure(options, error));
        });
      });
    } catch (error) {
      settle(socketFailure(options, error as NodeJS.ErrnoException));
    }
  });
}

/** A socket of the upstream's family, not yet connected. @throws {NodeJS.ErrnoException} */
export function openTo(upstream: Upstream, open: OpenUdp): Socket {
  return open({ type: isV4(upstream) ? 'udp4' : 'udp6', lookup: addressOnly(upstream) });
}

/** Closes a socket in whatever state it is. */
export function closeQuietly(socket: Socket | undefined): void {
  try {
    socket?.close();
  } catch {
    // It never opened, or its error closed it.
  }
}

/** The upstream is an address already: nothing is looked up. */
function addressOnly(upstream: Upstream): NonNullable<SocketOptions['lookup']> {
  return (address, _options, callback) => {
    callback(null, address, isV4(upstream) ? 4 : 6);
  };
}
