/**
 * A policy host that does nothing but serve, so that a benchmark measures us and not it: contexts
 * are made beforehand, one certificate for each name.
 *
 * @module
 */
import { once } from 'node:events';
import { type Server, createServer } from 'node:https';
import { type SecureContext, createSecureContext } from 'node:tls';
import type { LabCa } from '../../src/lab/types.ts';

/** A running policy host. */
export interface PolicySite {
  readonly port: number;
  serve(policyDomain: string, policy: string): void;
}

/** Starts it on the address, on a free port. It lives as long as the process. */
export async function startPolicySite(ca: LabCa, address: string): Promise<PolicySite> {
  const contexts = new Map<string, SecureContext>();
  const policies = new Map<string, string>();
  const server = createServer({
    SNICallback: (servername, done) => {
      const context = contexts.get(servername);
      if (context === undefined) done(new Error(`no site ${servername}`));
      else done(null, context);
    },
  });
  server.on('request', (request, response) => {
    const policy = policies.get(request.headers.host?.split(':')[0] ?? '');
    response.writeHead(policy === undefined ? 404 : 200, { 'content-type': 'text/plain' });
    response.end(policy);
  });
  server.listen(0, address);
  await once(server, 'listening');
  return {
    port: portOf(server),
    serve(policyDomain, policy) {
      const host = `mta-sts.${policyDomain}`;
      const { key, chain } = ca.issue([host]);
      contexts.set(host, createSecureContext({ key, cert: chain }));
      policies.set(host, policy);
    },
  };
}

function portOf(server: Server): number {
  const bound = server.address();
  return typeof bound === 'object' && bound !== null ? bound.port : 0;
}
