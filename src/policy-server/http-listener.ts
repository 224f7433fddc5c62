/**
 * A place where HTTP requests are answered, and its orderly end.
 *
 * @module
 */
import type { AddressInfo } from 'node:net';
import { createAdaptorServer, type ServerType } from '@hono/node-server';
import type { Clock } from '../clock.ts';

/** How long requests under way may take to end, milliseconds. */
const CLOSE_GRACE_MS = 5_000;

/** Where to listen and who answers. */
export interface HttpListenerOptions {
  /** `127.0.0.1:8462`, `[::1]:8462`. */
  readonly where: string;
  readonly fetch: (request: Request) => Response | Promise<Response>;
  readonly clock: Clock;
}

/** The open listener. */
export interface HttpListener {
  /** With the real port: `http://127.0.0.1:8462`. */
  readonly url: string;
  /** Lets requests under way end; who never finishes one does not hold the service up. */
  close(): Promise<void>;
}

/** Rejects with the system's error (`EADDRINUSE`) when the port is taken. */
export async function startHttpListener(options: HttpListenerOptions): Promise<HttpListener> {
  const { where, fetch, clock } = options;
  const { host, port } = splitAddress(where);
  const server = createAdaptorServer({ fetch });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return { url: urlOf(server), close: async () => await closeServer(server, clock) };
}

function splitAddress(where: string): { readonly host: string; readonly port: number } {
  const colon = where.lastIndexOf(':');
  return {
    host: where.slice(0, colon).replace(/^\[|\]$/g, ''),
    port: Number(where.slice(colon + 1)),
  };
}

function urlOf(server: ServerType): string {
  const { address, port, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

async function closeServer(server: ServerType, clock: Clock): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = clock.after(CLOSE_GRACE_MS, () => {
      if ('closeAllConnections' in server) server.closeAllConnections();
    });
    server.close(() => {
      timer.cancel();
      resolve();
    });
    if ('closeIdleConnections' in server) server.closeIdleConnections();
  });
}
