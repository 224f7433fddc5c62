/**
 * A policy host that does nothing but serve, so that a benchmark measures us and not it: contexts
 * and answers are made beforehand, one certificate for each name.
 *
 * @module
 */
import { once } from 'node:events';
import { type SecureContext, type Server, type TLSSocket } from 'node:tls';
import { createSecureContext, createServer } from 'node:tls';
import type { LabCa } from '../../src/lab/types.ts';

/** A running policy host. */
export interface PolicySite {
  readonly port: number;
  serve(policyDomain: string, policy: string): void;
}

/** The exchange of keys that most hosts choose; the other one on offer costs both sides more. */
const GROUP = 'X25519';
const REQUEST = 'GET /.well-known/mta-sts.txt HTTP/1.1\r\n';
const NOT_FOUND = 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';

/** Starts it on the address, on a free port unless one is named. It lives as long as the process. */
export async function startPolicySite(
  ca: LabCa,
  address: string,
  port: number = 0,
): Promise<PolicySite> {
  const contexts = new Map<string, SecureContext>();
  const answers = new Map<string, string>();
  const server = createServer({
    ecdhCurve: GROUP,
    SNICallback: (servername, done) => {
      const context = contexts.get(servername);
      if (context === undefined) done(new Error(`no site ${servername}`));
      else done(null, context);
    },
  });
  server.on('secureConnection', (socket) => serveOne(socket, answers));
  server.listen(port, address);
  await once(server, 'listening');
  return {
    port: portOf(server),
    serve(policyDomain, policy) {
      const host = `mta-sts.${policyDomain}`;
      const { key, chain } = ca.issue([host]);
      contexts.set(host, createSecureContext({ key, cert: chain }));
      answers.set(host, answerWith(policy));
    },
  };
}

/** One request a connection, which is what a fetcher sends. */
function serveOne(socket: TLSSocket, answers: ReadonlyMap<string, string>): void {
  let request = '';
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    request += chunk.toString('latin1');
    if (!request.endsWith('\r\n\r\n')) return;
    const host = /^Host: (?<host>[^:\r]+)/im.exec(request)?.groups?.['host'] ?? '';
    const answer = request.startsWith(REQUEST) ? answers.get(host) : undefined;
    socket.end(answer ?? NOT_FOUND, 'latin1');
  });
}

function answerWith(policy: string): string {
  const head = [
    'HTTP/1.1 200 OK',
    'Content-Type: text/plain',
    `Content-Length: ${policy.length}`,
    'Connection: close',
  ];
  return `${head.join('\r\n')}\r\n\r\n${policy}`;
}

function portOf(server: Server): number {
  const bound = server.address();
  return typeof bound === 'object' && bound !== null ? bound.port : 0;
}
