/**
 * The relay as the doctor sees it.
 *
 * @module
 */
import { createSocket } from 'node:dgram';
import { Resolver as SystemResolver } from 'node:dns/promises';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { ListenFault, QueueState, RelaySurroundings } from '../check/doctor-relay-types.ts';
import { systemClock } from '../clock.ts';
import type { Config } from '../config/types.ts';
import type { DnsResolver } from '../dns/resolver.ts';
import { fail, ok, type Outcome } from '../failure.ts';
import { addressBytes } from '../http/cidr.ts';
import { silentLog } from '../log/log.ts';
import { limitsOf } from '../relay/queue/limits.ts';
import { createNumbers } from '../relay/queue/numbers.ts';
import { createSpaceGuard } from '../relay/queue/space-guard.ts';
import { createRoutes } from '../relay/routes/create-routes.ts';
import { loadCertificate } from '../relay/submission/certificates.ts';
import {
  checkNotOpen,
  createTrustedNetworks,
  isLoopbackListener,
  publicNetworks,
  trustsOthers,
} from '../relay/submission/networks.ts';
import { Users } from '../relay/submission/users.ts';
import { openStore } from '../store/open-store.ts';
import { StoreError } from '../store/store-error.ts';

/** How long the reverse DNS may take, milliseconds. */
const PATIENCE_MS = 3_000;

/** No packet is sent there: these addresses stand for "outside" (RFC 5737 §3, RFC 3849 §2). */
const OUTSIDE = { udp4: '192.0.2.1', udp6: '2001:db8::1' } as const;

/** The real thing. */
export function realRelay(config: Config, resolver: DnsResolver): RelaySurroundings {
  const { relay, smtp } = config;
  const { trustedNetworks } = relay;
  return {
    readPem,
    loadCertificate: () => loadCertificate(relay),
    countUsers: async (path) => {
      const users = await new Users(path).load();
      return users.ok ? ok(users.value.size) : users;
    },
    loadRoutes: () => createRoutes(relay.routes, { port: smtp.port }),
    checkNotOpen: (listen) => checkNotOpen({ trustedNetworks, listen }),
    isLoopbackListener,
    trustsOthers: trustsOthers(trustedNetworks),
    trustsLoopback: ['127.0.0.1', '::1'].some((address) =>
      createTrustedNetworks(trustedNetworks).holds(address),
    ),
    publicNetworks: publicNetworks(trustedNetworks),
    tryListen,
    dns: resolver,
    namesOf: async (address) => await namesOf(address, resolver),
    sourceAddresses: async () =>
      (await Promise.all([sourceOf('udp4'), sourceOf('udp6')])).filter(
        (address) => address !== undefined,
      ),
    readQueue: async () => await readQueue(config),
  };
}

function readPem(path: string): Outcome<string> {
  try {
    return ok(readFileSync(path, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : (code ?? String(error));
    return fail('RELAY_CERTIFICATE_INVALID', `${path} cannot be read: ${why}`);
  }
}

/** Takes the address for a moment; nobody can be served in it. */
async function tryListen(listen: string): Promise<ListenFault | undefined> {
  const colon = listen.lastIndexOf(':');
  const host = listen.slice(0, colon).replaceAll(/[[\]]/g, '');
  const server = createServer((socket) => socket.destroy());
  const { promise, resolve } = Promise.withResolvers<ListenFault | undefined>();
  server.once('error', (error: NodeJS.ErrnoException) =>
    resolve(LISTEN_FAULTS.get(error.code) ?? 'failed'),
  );
  server.listen({ port: Number(listen.slice(colon + 1)), host, exclusive: true }, () => {
    server.close(() => resolve(undefined));
  });
  return await promise;
}

const LISTEN_FAULTS: ReadonlyMap<string | undefined, ListenFault> = new Map([
  ['EADDRINUSE', 'taken'],
  ['EADDRNOTAVAIL', 'not-here'],
  ['EACCES', 'denied'],
  ['EPERM', 'denied'],
]);

/** Asks the resolvers of the configuration: the product itself never needs a PTR record. */
async function namesOf(
  address: string,
  { upstreams }: DnsResolver,
): Promise<readonly string[] | undefined> {
  const servers = upstreams.filter(({ used }) => used);
  if (servers.length === 0) return undefined;
  const resolver = new SystemResolver({ timeout: PATIENCE_MS, tries: 1 });
  try {
    resolver.setServers(
      servers.map((each) => {
        const host = each.address.includes(':') ? `[${each.address}]` : each.address;
        return `${host}:${each.port}`;
      }),
    );
    // Not reverse(): that would look into /etc/hosts, which no receiver sees.
    return await resolver.resolvePtr(reverseName(address));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOTFOUND' || code === 'ENODATA' ? [] : undefined;
  }
}

/** RFC 1035 §3.5, RFC 3596 §2.5. */
function reverseName(address: string): string {
  const bytes = addressBytes(address) ?? new Uint8Array();
  if (bytes.length === 4) return `${[...bytes].toReversed().join('.')}.in-addr.arpa`;
  const nibbles = Buffer.from(bytes).toString('hex').split('');
  return `${nibbles.toReversed().join('.')}.ip6.arpa`;
}

/** What the system would put on a connection to the outside; undefined where there is no way. */
async function sourceOf(family: 'udp4' | 'udp6'): Promise<string | undefined> {
  const socket = createSocket(family);
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  socket.once('error', () => resolve(undefined));
  socket.connect(25, OUTSIDE[family], () => resolve(socket.address().address));
  try {
    return await promise;
  } finally {
    socket.close();
  }
}

async function readQueue(config: Config): Promise<Outcome<QueueState | undefined>> {
  const { url } = config.store;
  const path = /^sqlite:(?<path>.+)$/.exec(url)?.groups?.['path'];
  if (path !== undefined && !existsSync(path)) return ok(undefined);
  try {
    const store = await openStore(url, { log: silentLog, onDamage: 'refuse' });
    try {
      const { messages, waiting, held, oldestAcceptedAt } = await createNumbers(
        store,
        systemClock,
      )();
      const guard = createSpaceGuard({
        space: store.space,
        floor: () => limitsOf(config.relay).minFreeOctets,
        clock: systemClock,
        log: silentLog,
      });
      return ok({ messages, waiting, held, oldestAcceptedAt, full: await guard.refusal(0) });
    } finally {
      await store.close();
    }
  } catch (error) {
    if (error instanceof StoreError) return { ok: false, failure: error.failure };
    return fail('STORE_UNAVAILABLE', (error as Error).message);
  }
}
