/**
 * A TLS connection to a web server at addresses that were checked before.
 *
 * @module
 */
import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import type { Resolver } from '../dns/types.ts';
import { fail, ok, type Outcome } from '../failure.ts';
import { dial } from '../tls/dial.ts';
import { handshake } from '../tls/handshake.ts';
import { matchIdentity, nameMismatch } from '../tls/identity.ts';
import type { TlsConnection, TlsTrust } from '../tls/types.ts';
import { connectFirst } from './connect-first.ts';
import { openTunnel, type ProxyAddress } from './connect-proxy.ts';

/** A TLS handshake is cut to this many milliseconds while other addresses wait for their turn. */
const HANDSHAKE_MS = 10_000;

/** Where to connect, and what is asked of the server. */
export interface HttpsConnectOptions extends TlsTrust {
  /** The name for SNI and the certificate. */
  readonly host: string;
  /** In order; nothing looks the name up again. Not empty. */
  readonly addresses: readonly string[];
  readonly port: number;
  readonly clock: Clock;
  /** Milliseconds for each step. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly localAddress?: string;
  readonly proxy: ProxyAddress | undefined;
  /** For the name of the proxy. */
  readonly resolver: Resolver;
  /** `ignore`: any certificate is taken. */
  readonly certificates: 'strict' | 'ignore';
  /** What is being done, for the failure at a deadline. */
  readonly onStage: (stage: string) => void;
}

/** A connection to a server that is good enough. */
export interface HttpsConnection {
  readonly connection: TlsConnection;
  readonly address: string;
}

/** Tries one address after the other until one shows a certificate that is right; tells the first fault. */
export async function connectHttps(
  options: HttpsConnectOptions,
): Promise<Outcome<HttpsConnection>> {
  const { host, clock, signal, onStage } = options;
  const open = (address: string, signal: AbortSignal): Promise<Outcome<Socket>> =>
    openSocket(address, signal, options);
  let firstFault: Outcome<never> | undefined;
  let waiting = options.addresses;
  while (waiting.length > 0 && !signal.aborted) {
    onStage(`connecting to ${waiting.join(', ')}`);
    const first = await connectFirst({ addresses: waiting, clock, signal, open });
    if (!first.ok) return firstFault ?? first;
    const { socket, address, refused } = first.value;
    waiting = waiting.filter((other) => other !== address && !refused.includes(other));
    onStage(`shaking hands with ${address}`);
    const connection = await secure(socket, waiting.length > 0, options);
    if (connection.ok) return ok({ connection: connection.value, address });
    firstFault ??= connection;
  }
  return firstFault ?? fail('HTTP_ABORTED', `${host}: the request was called off`);
}

/** The address is the one that was checked: nothing looks the name up again. */
function openSocket(
  address: string,
  signal: AbortSignal,
  options: HttpsConnectOptions,
): Promise<Outcome<Socket>> {
  const { clock, timeoutMs, port, localAddress, resolver, proxy } = options;
  const common = {
    address,
    port,
    clock,
    timeoutMs,
    signal,
    ...(localAddress === undefined ? {} : { localAddress }),
  };
  return proxy === undefined ? dial(common) : openTunnel({ ...common, proxy, resolver });
}

/** TLS 1.2 or later, a chain that the web PKI trusts, and the host as a DNS name (RFC 8461 §3.3). */
async function secure(
  socket: Socket,
  othersWait: boolean,
  options: HttpsConnectOptions,
): Promise<Outcome<TlsConnection>> {
  const { clock, timeoutMs, ca, host, signal, certificates } = options;
  const shaken = await handshake(socket, {
    servername: host,
    clock,
    timeoutMs: othersWait ? Math.min(HANDSHAKE_MS, timeoutMs) : timeoutMs,
    signal,
    // What is fetched is public, and so is whose it is: SNI and DNS name the host.
    keyExchange: 'today',
    ...(ca === undefined ? {} : { ca }),
  });
  if (!shaken.ok || certificates === 'ignore') return shaken;
  const { peer } = shaken.value;
  const leaf = peer.chain[0]!;
  const fault = !peer.pkix.trusted
    ? peer.pkix.failure
    : matchIdentity(leaf, [host]) === undefined
      ? nameMismatch(leaf, [host], host)
      : undefined;
  if (fault === undefined) return shaken;
  shaken.value.socket.destroy();
  return { ok: false, failure: fault };
}
