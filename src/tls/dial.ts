/**
 * Opens a TCP connection to an address. Never to a name: who is dialled was decided before.
 *
 * @module
 */
import { connect, isIP, type Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import type { ErrorCode } from '../errors.ts';
import { fail, ok, type Outcome } from '../failure.ts';

/** How long a connection attempt may take by default. */
const DEFAULT_TIMEOUT_MS = 30_000;

/** Where to connect to, and how. */
export interface DialOptions {
  /** IPv4 or IPv6 address, without brackets. */
  readonly address: string;
  readonly port: number;
  readonly clock: Clock;
  /** Milliseconds; default 30,000. */
  readonly timeoutMs?: number;
  /** Address of this machine to connect from; default: the system chooses. */
  readonly localAddress?: string;
  readonly signal?: AbortSignal;
}

/** System errors of a connection attempt, and what they are called here. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  ECONNREFUSED: 'DIAL_REFUSED',
  ETIMEDOUT: 'DIAL_TIMEOUT',
  EHOSTUNREACH: 'DIAL_UNREACHABLE',
  ENETUNREACH: 'DIAL_UNREACHABLE',
  EHOSTDOWN: 'DIAL_UNREACHABLE',
  ENETDOWN: 'DIAL_UNREACHABLE',
  ECONNRESET: 'DIAL_RESET',
  EPIPE: 'DIAL_RESET',
  EADDRNOTAVAIL: 'DIAL_LOCAL_ADDRESS',
};

/**
 * Connects, with a deadline by the given clock.
 *
 * @returns a connected socket without listeners of ours, or a failure with a `DIAL_` code. Such
 *   failures have no result type: TLS reports are about TLS (RFC 8460 §4.3)
 */
export async function dial(options: DialOptions): Promise<Outcome<Socket>> {
  const { address, port, localAddress, signal } = options;
  const target = `${isIP(address) === 6 ? `[${address}]` : address}:${port}`;
  if (isIP(address) === 0) return fail('DIAL_NOT_AN_ADDRESS', `"${address}" is not an IP address`);
  if (localAddress !== undefined && isIP(localAddress) !== isIP(address)) {
    const detail = `cannot connect to ${target} from ${localAddress}: not of the same family`;
    return fail('DIAL_LOCAL_ADDRESS', detail);
  }
  if (signal?.aborted === true) return fail('DIAL_ABORTED', `connection to ${target} called off`);
  const socket = connect({
    host: address,
    port,
    ...(localAddress === undefined ? {} : { localAddress }),
  });
  return await connected(socket, target, options);
}

/** Waits for whichever comes first: the connection, an error, the deadline, or the signal. */
function connected(socket: Socket, target: string, options: DialOptions): Promise<Outcome<Socket>> {
  const { clock, timeoutMs = DEFAULT_TIMEOUT_MS, signal } = options;
  return new Promise((resolve) => {
    const settle = (outcome: Outcome<Socket>): void => {
      deadline.cancel();
      signal?.removeEventListener('abort', onAbort);
      socket.off('connect', onConnect);
      socket.off('error', onError);
      if (!outcome.ok) {
        socket.on('error', () => {});
        socket.destroy();
      }
      resolve(outcome);
    };
    const onConnect = (): void => settle(ok(socket));
    const onError = (error: NodeJS.ErrnoException): void => settle(dialFailure(error, target));
    const onAbort = (): void => settle(fail('DIAL_ABORTED', `connection to ${target} called off`));
    const deadline = clock.after(timeoutMs, () => {
      settle(fail('DIAL_TIMEOUT', `no connection to ${target} within ${timeoutMs} ms`));
    });
    socket.once('connect', onConnect);
    socket.once('error', onError);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

function dialFailure(error: NodeJS.ErrnoException, target: string): Outcome<Socket> {
  const name = error.code ?? error.message;
  const code = CODES[name] ?? 'DIAL_FAILED';
  return fail(code, `cannot connect to ${target}: ${name}`, { reasonCode: name });
}
