/**
 * A lab policy host: HTTPS for many policy domains, told apart by SNI, each able to misbehave.
 *
 * @module
 */
import type { IncomingMessage, RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Server as HttpsServer } from 'node:https';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { systemClock } from '../clock.ts';
import type { Clock } from '../clock.ts';
import { serverNameOf } from './client-hello.ts';
import { respond } from './policy-response.ts';
import type { LabCa, LabCertificate, LabPolicyHost, PolicyFault } from './types.ts';
import { labName } from './zone-data.ts';

/** Where the policy host stands. */
export interface LabPolicyHostOptions {
  readonly ca: LabCa;
  readonly address: string;
  /** 0: a free one. */
  readonly port: number;
  /** For what drips. Default: the machine's clock. */
  readonly clock?: Clock;
}

interface Site {
  readonly policy: string;
  readonly certificate: LabCertificate;
  fault: PolicyFault;
}

type Request = LabPolicyHost['requests'][number];

/** Starts it. Rejects if its address and port are taken. */
export async function startLabPolicyHost(options: LabPolicyHostOptions): Promise<LabPolicyHost> {
  const { ca, address, clock = systemClock } = options;
  const sites = new Map<string, Site>();
  const requests: Request[] = [];
  const open = new Set<Socket>();

  const onRequest: RequestListener = (message, response) => {
    const sni = sniOf(message);
    requests.push(requestOf(message, sni));
    response.on('error', () => undefined);
    const site = sites.get(sni);
    if (site === undefined) message.socket.destroy();
    else respond(response, { path: message.url ?? '', ...site, clock });
  };
  const modern = tlsServer(sites, onRequest, { minVersion: 'TLSv1.2' });
  // OpenSSL 3 refuses TLS 1.1 altogether above security level 0.
  const old = tlsServer(sites, onRequest, {
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  });

  const front = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    sortByName(socket, (name) => {
      const site = name === undefined ? undefined : sites.get(name);
      if (site?.fault === 'down') socket.resetAndDestroy();
      else (site?.fault === 'tls-1.1' ? old : modern).emit('connection', socket);
    });
  });
  await new Promise<void>((resolve, reject) => {
    front.once('error', reject);
    front.listen(options.port, address, resolve);
  });
  const bound = front.address();

  return {
    address,
    port: typeof bound === 'object' && bound !== null ? bound.port : options.port,
    requests,
    serve(policyDomain, policy, certificate) {
      const host = hostOf(policyDomain);
      sites.set(host, {
        policy,
        certificate: certificate ?? sites.get(host)?.certificate ?? ca.issue([host]),
        fault: sites.get(host)?.fault ?? 'none',
      });
    },
    setFault(policyDomain, fault) {
      const site = sites.get(hostOf(policyDomain));
      if (site === undefined) throw new RangeError(`no policy is served for ${policyDomain}`);
      site.fault = fault;
    },
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => {
        front.close(() => resolve());
      });
    },
  };
}

/** RFC 8461 §3.3. */
function hostOf(policyDomain: string): string {
  return `mta-sts.${labName(policyDomain)}`;
}

function sniOf(message: IncomingMessage): string {
  const { servername } = message.socket as TLSSocket & { readonly servername?: string | false };
  return typeof servername === 'string' ? servername.toLowerCase() : '';
}

function requestOf(message: IncomingMessage, sni: string): Request {
  const headers = Object.entries(message.headers).map(([name, value]) => [name, String(value)]);
  return {
    host: message.headers.host ?? '',
    path: message.url ?? '',
    sni,
    headers: Object.fromEntries(headers) as Record<string, string>,
  };
}

interface Versions {
  readonly minVersion: 'TLSv1' | 'TLSv1.2';
  readonly maxVersion?: 'TLSv1.1';
  readonly ciphers?: string;
}

/** Without a certificate of its own: an unknown name ends the handshake (RFC 8461 §7.1). */
function tlsServer(
  sites: ReadonlyMap<string, Site>,
  onRequest: RequestListener,
  versions: Versions,
): HttpsServer {
  const server = createHttpsServer(
    {
      ...versions,
      SNICallback(servername, done) {
        const site = sites.get(servername.toLowerCase());
        if (site === undefined) done(new Error(`no site ${servername}`));
        else {
          const { key, chain } = site.certificate;
          done(null, createSecureContext({ key, cert: chain, ...versions }));
        }
      },
    },
    onRequest,
  );
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return server;
}

/** Calls back with the SNI name once it is there, and puts what was read back onto the socket. */
function sortByName(socket: Socket, route: (name: string | undefined) => void): void {
  let read = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    read = Buffer.concat([read, chunk]);
    const hello = serverNameOf(read);
    if (hello.kind === 'incomplete') return;
    socket.off('data', onData);
    socket.pause();
    socket.unshift(read);
    route(hello.kind === 'name' ? hello.name : undefined);
  };
  socket.on('data', onData);
}
