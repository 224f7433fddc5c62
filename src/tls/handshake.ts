/**
 * The TLS handshake: takes any certificate, reads the chain once, and leaves judgement to others.
 *
 * @module
 */
import type { X509Certificate } from 'node:crypto';
import { isIP, type Socket } from 'node:net';
import { connect, type SecureVersion, type TLSSocket } from 'node:tls';
import type { Clock } from '../clock.ts';
import { fail, ok, type Outcome } from '../failure.ts';
import { clientContext, type KeyExchange } from './client-context.ts';
import { asciiName } from './identity.ts';
import { pkixVerdict } from './pkix.ts';
import { tlsFailure } from './tls-failure.ts';
import type { PeerTls, TlsConnection, TlsTrust } from './types.ts';

/** How long a handshake may take by default. */
const DEFAULT_TIMEOUT_MS = 60_000;

/** How to shake hands. */
export interface HandshakeOptions extends TlsTrust {
  /** SNI name, and what a person calls the peer. Undefined, or an address: no SNI is sent (RFC 6066 §3). */
  readonly servername: string | undefined;
  readonly clock: Clock;
  /** Milliseconds; default 60,000. */
  readonly timeoutMs?: number;
  /**
   * Default TLSv1.2 (RFC 8461 §7.2, RFC 8996). A lower one also lowers OpenSSL's security level:
   * only for opportunistic TLS, where the alternative is clear text (RFC 9325 §3.1).
   */
  readonly minVersion?: SecureVersion;
  /** Default `recorders`. */
  readonly keyExchange?: KeyExchange;
  readonly signal?: AbortSignal;
}

/**
 * Starts TLS over a connected socket, fresh or after STARTTLS.
 *
 * Any certificate is taken; `peer.pkix` says what the web PKI thinks of it, and nothing has looked
 * at the names yet. Revocation is not checked (a MAY: RFC 8461 §4.2, §10.5). Sessions are never
 * resumed, because a resumed session shows no chain.
 *
 * @param socket without unread data and without listeners that expect more of it; destroyed on failure
 * @returns the connection, or a failure with a result type of RFC 8460 §4.3. What breaks later, such
 *   as a demand for a client certificate under TLS 1.3, comes as an `error` event of the socket,
 *   which `tlsFailure` names
 */
export async function handshake(
  socket: Socket,
  options: HandshakeOptions,
): Promise<Outcome<TlsConnection>> {
  const peer = peerText(socket, options.servername);
  if (options.signal?.aborted === true) return abandon(socket, peer);
  if (socket.destroyed || socket.readableEnded) {
    socket.destroy();
    return closed(peer);
  }
  // The plain socket keeps its own errors; they reach us through the TLS socket as well.
  socket.on('error', () => {});
  return await secured(startTls(socket, options), peer, options);
}

function startTls(socket: Socket, options: HandshakeOptions): TLSSocket {
  const { ca, minVersion = 'TLSv1.2', keyExchange = 'recorders' } = options;
  const servername = sniName(options.servername);
  const secure = connect({
    socket,
    // No `session` goes along: that, not the context, is what would resume one.
    secureContext: clientContext(ca, minVersion, keyExchange),
    rejectUnauthorized: false,
    // Node's own check takes common names and partial wildcards (against RFC 9525 §6.3).
    checkServerIdentity: () => undefined,
    ...(servername === undefined ? {} : { servername }),
  });
  // For that check Node.js would spell out the whole chain, which takes longer than to verify it.
  Object.defineProperty(secure, 'getPeerCertificate', { value: () => ({}) });
  return secure;
}

/** The name as SNI carries it: an A-label name without trailing dot; nothing for an address (RFC 6066 §3). */
function sniName(name: string | undefined): string | undefined {
  return name === undefined || isIP(name) !== 0 ? undefined : asciiName(name);
}

/** Waits for whichever comes first: the end of the handshake, an error, the deadline, or the signal. */
function secured(
  socket: TLSSocket,
  peer: string,
  options: HandshakeOptions,
): Promise<Outcome<TlsConnection>> {
  const { clock, timeoutMs = DEFAULT_TIMEOUT_MS, signal } = options;
  return new Promise((resolve) => {
    const settle = (outcome: Outcome<TlsConnection>): void => {
      deadline.cancel();
      signal?.removeEventListener('abort', onAbort);
      socket.off('secureConnect', onSecure);
      socket.off('close', onClose);
      socket.off('error', onError);
      // An alert may come at any time; without a listener it would end the process.
      socket.on('error', () => {});
      if (!outcome.ok) socket.destroy();
      resolve(outcome);
    };
    const onSecure = (): void => settle(connection(socket, peer, options.servername));
    const onError = (error: Error): void => settle({ ok: false, failure: tlsFailure(error, peer) });
    const onClose = (): void => settle(closed(peer));
    const onAbort = (): void => settle(abandon(socket, peer));
    const deadline = clock.after(timeoutMs, () => {
      const detail = `${peer} did not finish the TLS handshake within ${timeoutMs} ms`;
      const more = { resultType: 'validation-failure', reasonCode: 'handshake-timeout' } as const;
      settle(fail('TLS_HANDSHAKE_TIMEOUT', detail, more));
    });
    socket.once('secureConnect', onSecure);
    socket.once('error', onError);
    socket.once('close', onClose);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

function connection(
  socket: TLSSocket,
  peer: string,
  servername: string | undefined,
): Outcome<TlsConnection> {
  const chain = chainOf(socket);
  const leaf = chain[0];
  if (leaf === undefined) {
    const more = { resultType: 'validation-failure', reasonCode: 'no-certificate' } as const;
    return fail('TLS_NO_CERTIFICATE', `${peer} presented no certificate`, more);
  }
  const seen: PeerTls = {
    protocol: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().standardName,
    servername: sniName(servername),
    chain,
    pkix: pkixVerdict(verifyError(socket), leaf, peer),
  };
  return ok({ socket, peer: seen });
}

/**
 * The chain as it was sent. To be called once, right after the handshake: in Node.js before 26.10
 * a second call gives nothing (nodejs/node#65579). The legacy `getPeerCertificate(true)` would
 * re-order, drop and add certificates.
 */
function chainOf(socket: TLSSocket): readonly X509Certificate[] {
  const chain: X509Certificate[] = [];
  let next = socket.getPeerX509Certificate();
  while (next !== undefined && !chain.includes(next)) {
    chain.push(next);
    next = next.issuerCertificate;
  }
  return chain;
}

/** OpenSSL's verdict as its constant's name, or undefined. Declared as Error, but a string in fact. */
function verifyError(socket: TLSSocket): string | undefined {
  if (socket.authorized) return undefined;
  const error: unknown = socket.authorizationError;
  if (error instanceof Error) return (error as NodeJS.ErrnoException).code ?? error.message;
  return typeof error === 'string' ? error : 'UNKNOWN';
}

function closed(peer: string): Outcome<never> {
  const detail = `${peer} closed the connection during the TLS handshake`;
  const more = { resultType: 'validation-failure', reasonCode: 'handshake-closed' } as const;
  return fail('TLS_HANDSHAKE_CLOSED', detail, more);
}

function abandon(socket: Socket, peer: string): Outcome<never> {
  socket.destroy();
  return fail('TLS_ABORTED', `TLS handshake with ${peer} called off`);
}

function peerText(socket: Socket, servername: string | undefined): string {
  const address = socket.remoteAddress;
  if (servername === undefined || servername === address) return address ?? 'the server';
  return address === undefined ? servername : `${servername} (${address})`;
}
