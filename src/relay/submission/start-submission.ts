/**
 * Starts the server that takes messages.
 *
 * @module
 */
import type { AddressInfo } from 'node:net';
import type { RelaySettings } from '../../config/types.ts';
import { fail, ok } from '../../failure.ts';
import type { Failure, Outcome } from '../../failure.ts';
import type { Log } from '../../log/log.ts';
import { ClientLimits } from './client-limits.ts';
import { loadCertificate } from './certificates.ts';
import { CONTENT_BUDGET, ContentBudget } from './content-budget.ts';
import { Tally, type Entrance, type Ruling } from './entrance.ts';
import {
  checkNotOpen,
  createTrustedNetworks,
  isLoopbackListener,
  publicNetworks,
  trustsOthers,
} from './networks.ts';
import { createDateText } from './received.ts';
import { StrictServer } from './strict-server.ts';
import {
  SubmissionRefused,
  type Submission,
  type SubmissionOptions,
  type SubmissionStats,
} from './types.ts';
import { Users } from './users.ts';

/**
 * Listens on all addresses of the settings.
 *
 * @throws {SubmissionRefused} with the failure: it would be an open relay, an address is taken, a
 * file cannot be used
 */
export async function startSubmission(options: SubmissionOptions): Promise<Submission> {
  const { settings, log, clock } = options;
  const ruling = await rulingOf(settings);
  if (!ruling.ok) throw new SubmissionRefused(ruling.failure);
  warnOfUselessness(settings, log);
  warnOfOutsideOnLoopback(settings, log);
  const entrance: Entrance = {
    ...options,
    ruling: ruling.value,
    isClosing: false,
    limits: new ClientLimits(),
    budget: new ContentBudget(clock, options.contentBudget ?? CONTENT_BUDGET),
    tally: new Tally(),
    dateText: createDateText(),
  };
  const servers: StrictServer[] = [];
  const addresses: string[] = [];
  try {
    for (const { where, implicitTls } of listeners(settings)) {
      const server = new StrictServer({ entrance, implicitTls });
      servers.push(server);
      addresses.push(await listen(server, where));
    }
  } catch (error) {
    await endAll(servers);
    throw error;
  }
  options.metrics.watchConnections(() => entrance.limits.connections);
  return {
    addresses,
    reload: async (next) => await reload(next, { entrance, servers }),
    stats: () => statsOf(entrance, servers),
    close: async ({ graceMs }) => {
      entrance.isClosing = true;
      const ended = endAll(servers);
      for (const server of servers) for (const session of server.sessions) session.goAway();
      const deadline = clock.after(graceMs, () => {
        for (const server of servers) server.cutOff();
      });
      await ended;
      deadline.cancel();
    },
  };
}

/**
 * Checks settings and loads what they name.
 *
 * @param known users of the same file stay who they are: how many are checked at once is theirs
 */
async function rulingOf(settings: RelaySettings, known?: Users): Promise<Outcome<Ruling>> {
  const { trustedNetworks, listenTls, usersFile } = settings;
  const listen = [...settings.listen, ...listenTls];
  const notOpen = checkNotOpen({ trustedNetworks, listen });
  if (!notOpen.ok) return notOpen;
  const certificate = loadCertificate(settings);
  if (!certificate.ok) return certificate;
  if (certificate.value === undefined && listenTls.length > 0) {
    return fail(
      'RELAY_TLS_WITHOUT_CERTIFICATE',
      `relay.listen_tls names ${listenTls.join(', ')}, and relay.cert_file is not set`,
    );
  }
  const users = usersFile === known?.path ? known : usersOf(usersFile);
  const loaded = await users?.load();
  if (loaded !== undefined && !loaded.ok) return loaded;
  return ok({
    settings,
    networks: createTrustedNetworks(trustedNetworks),
    users,
    certificate: certificate.value,
  });
}

function usersOf(path: string | undefined): Users | undefined {
  return path === undefined ? undefined : new Users(path);
}

/** Not wrong, but nobody could send anything from another machine. */
function warnOfUselessness(settings: RelaySettings, log: Log): void {
  const { usersFile, certFile, trustedNetworks } = settings;
  const isReachable = ![...settings.listen, ...settings.listenTls].every(isLoopbackListener);
  if (isReachable && usersFile === undefined && !trustsOthers(trustedNetworks)) {
    log.warn(
      { event: 'relay-for-nobody' },
      'the relay listens beyond loopback, but has neither a users file nor a trusted network there: it will refuse everybody',
    );
  }
  if (usersFile !== undefined && certFile === undefined) {
    log.warn(
      { event: 'auth-without-tls' },
      'relay.users_file is set without relay.cert_file: AUTH is only offered inside TLS, so never',
    );
  }
}

/** Whatever forwards from this machine, a proxy or a tunnel, stands for everybody outside. */
function warnOfOutsideOnLoopback(
  { trustedNetworks, listen, listenTls }: RelaySettings,
  log: Log,
): void {
  const outside = publicNetworks(trustedNetworks);
  if (outside.length === 0 || ![...listen, ...listenTls].every(isLoopbackListener)) return;
  log.warn(
    { event: 'loopback-trusts-outside', networks: outside },
    `the relay listens on loopback alone, but relay.trusted_networks holds public addresses (${outside.slice(0, 5).join(', ')}): ` +
      'behind a proxy on this machine that shows their addresses it would send for all of them; name only your own networks',
  );
}

async function reload(
  settings: RelaySettings,
  { entrance, servers }: { readonly entrance: Entrance; readonly servers: readonly StrictServer[] },
): Promise<Outcome<undefined>> {
  const { log } = entrance;
  const before = entrance.ruling.settings;
  const ruling = await rulingOf(settings, entrance.ruling.users);
  if (!ruling.ok) return refusedReload(ruling.failure, log);
  if (textOf(before) !== textOf(settings)) {
    log.warn(
      { event: 'listen-unchanged' },
      'relay.listen and relay.listen_tls only change with a restart',
    );
  }
  warnOfOutsideOnLoopback(settings, log);
  entrance.ruling = ruling.value;
  for (const server of servers) server.renew(ruling.value.certificate);
  return ok(undefined);
}

function refusedReload(failure: Failure, log: Log): Outcome<never> {
  const { code, detail } = failure;
  log.error(
    { event: 'relay-reload-refused', code, detail },
    `${detail} (${code}); all stays as it was`,
  );
  return { ok: false, failure };
}

function textOf({ listen, listenTls }: RelaySettings): string {
  return `${listen.join(' ')} | ${listenTls.join(' ')}`;
}

interface Listener {
  readonly where: string;
  readonly implicitTls: boolean;
}

function listeners({ listen, listenTls }: RelaySettings): readonly Listener[] {
  return [
    ...listen.map((where) => ({ where, implicitTls: false })),
    ...listenTls.map((where) => ({ where, implicitTls: true })),
  ];
}

async function listen(server: StrictServer, where: string): Promise<string> {
  const colon = where.lastIndexOf(':');
  const host = where.slice(0, colon).replaceAll(/[[\]]/g, '');
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onError = (error: Error): void => {
    const detail = `cannot listen on ${where}: ${error.message}`;
    reject(new SubmissionRefused({ code: 'RELAY_LISTEN_FAILED', detail }));
  };
  server.server.once('error', onError);
  server.server.listen({ port: Number(where.slice(colon + 1)), host, backlog: 511 }, resolve);
  await promise;
  server.server.off('error', onError);
  const { address, family, port } = server.server.address() as AddressInfo;
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;
}

async function endAll(servers: readonly StrictServer[]): Promise<void> {
  await Promise.all(
    servers.map(
      async ({ server }) =>
        await new Promise<void>((resolve) => {
          // Also calls back, with an error, where it does not listen.
          server.close(() => resolve());
        }),
    ),
  );
}

function statsOf(entrance: Entrance, servers: readonly StrictServer[]): SubmissionStats {
  const { limits, tally, budget } = entrance;
  const secure = servers.flatMap(({ sessions }) => sessions).filter(({ isSecure }) => isSecure);
  return {
    connections: limits.connections,
    secure: secure.length,
    accepted: tally.accepted,
    refused: tally.refusals(),
    authFailures: tally.authFailures,
    contentHeld: budget.held,
    tlsVersions: tally.versions(),
  };
}
