/**
 * Shaking hands with servers on loopback, as a sender would.
 *
 * @module
 */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { systemClock } from '../clock.ts';
import type { Failure, Outcome } from '../failure.ts';
import { dial } from './dial.ts';
import { handshake, type HandshakeOptions } from './handshake.ts';
import { startTlsServer } from './loopback-server.fixture.ts';
import type { TlsConnection } from './types.ts';

/** The host of all tests. */
export const HOST = 'mx1.example.test';

/** A connection to a port on loopback. */
export async function connected(port: number): Promise<Socket> {
  const outcome = await dial({ address: '127.0.0.1', port, clock: systemClock });
  assert.ok(outcome.ok);
  return outcome.value;
}

/** Shakes hands with whatever listens on the port. */
export async function meet(
  port: number,
  options: Partial<HandshakeOptions> = {},
): Promise<Outcome<TlsConnection>> {
  const socket = await connected(port);
  return await handshake(socket, { servername: HOST, clock: systemClock, ...options });
}

/** Shakes hands with a TLS server that is started for this one handshake. */
export async function meetServer(
  server: TlsOptions,
  options: Partial<HandshakeOptions> = {},
): Promise<Outcome<TlsConnection>> {
  const running = await startTlsServer(server);
  const outcome = await meet(running.port, options);
  if (outcome.ok) outcome.value.socket.destroy();
  await running.close();
  return outcome;
}

/** Why there is no trusted connection. */
export function failureOf(outcome: Outcome<TlsConnection>): Failure | undefined {
  if (!outcome.ok) return outcome.failure;
  const { pkix } = outcome.value.peer;
  return pkix.trusted ? undefined : pkix.failure;
}

/** What a server needs to present a certificate. */
export function serving(certificate: { readonly key: string; readonly chain: string }): TlsOptions {
  return { key: certificate.key, cert: certificate.chain };
}
