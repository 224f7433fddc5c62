/**
 * Can the relay start, may it be used by those who should, and by nobody else, and does it protect?
 *
 * @module
 */
import { ERRORS } from '../errors.ts';
import type { Failure } from '../failure.ts';
import { certificateFindings } from './doctor-relay-certificate.ts';
import { nameFindings } from './doctor-relay-names.ts';
import { queueFindings } from './doctor-relay-queue.ts';
import type { ListenFault } from './doctor-relay-types.ts';
import { failing, fine, type Finding, type Surroundings, warning } from './doctor-types.ts';

/** Public networks that are named. */
const NETWORKS_SHOWN = 5;

/** Looks at the relay; nothing is said of one that is off. */
export async function examineRelay(around: Surroundings): Promise<readonly Finding[]> {
  if (!around.config.relay.enabled) return [];
  return [
    ...certificateFindings(around),
    ...(await usersFindings(around)),
    ...accessFindings(around),
    ...routesFindings(around),
    ...(await listenFindings(around)),
    ...(await nameFindings(around)),
    fine(
      'relay port 25',
      'whether the outside is reached was not tried: `smtp-sts explain DOMAIN --connect` does',
    ),
    ...(await shadowFindings(around)),
    ...(await queueFindings(around)),
  ];
}

/** It stops the service from starting; the register says how to mend it. */
function stopping(check: string, { code, detail }: Failure, mend: string = mendOf(code)): Finding {
  return failing(check, `${detail} (${code}): the service does not start`, mend);
}

/** As sentences of the register, which begin in capitals and end in a full stop. */
function mendOf(code: Failure['code']): string {
  const { action } = ERRORS[code];
  return `${action.charAt(0).toLowerCase()}${action.slice(1)}`.replace(/\.$/, '');
}

async function usersFindings({ config, relay }: Surroundings): Promise<readonly Finding[]> {
  const check = 'relay users';
  const { usersFile: path, certFile } = config.relay;
  if (path === undefined) return [];
  const count = await relay.countUsers(path);
  if (!count.ok) {
    const { failure } = count;
    // Node.js names the path once more behind the reason.
    const detail = failure.detail.replace(/, open '.*'$/, '');
    return [stopping(check, { ...failure, detail }, usersMend(failure, path))];
  }
  if (count.value === 0) {
    return [
      warning(
        check,
        `${path} holds no user: nobody can authenticate`,
        'add one: `smtp-sts user add NAME`, or take relay.users_file out',
      ),
    ];
  }
  if (certFile === undefined) {
    return [
      warning(
        check,
        'there is a users file and no certificate: AUTH is only offered inside TLS, so never',
        'set relay.cert_file and relay.key_file',
      ),
    ];
  }
  return [fine(check, `${count.value} in ${path}`)];
}

function usersMend({ code }: Failure, path: string): string {
  if (code === 'RELAY_USERS_EXPOSED') return `chmod 640 ${path}`;
  return code === 'RELAY_USERS_INVALID'
    ? `take the line out of ${path}, and make it again with \`smtp-sts user add NAME\``
    : `make it with \`smtp-sts user add NAME\`; if it is there, let the user of the service read ${path}`;
}

/** Who may send to everywhere: not everybody, and not nobody. */
function accessFindings({ config, relay }: Surroundings): readonly Finding[] {
  const check = 'relay access';
  const { listen, listenTls, usersFile, certFile, trustedNetworks } = config.relay;
  const listeners = [...listen, ...listenTls];
  const notOpen = relay.checkNotOpen(listeners);
  if (!notOpen.ok) return [stopping(check, notOpen.failure)];
  const isOwnOnly = listeners.every(relay.isLoopbackListener);
  if (listeners.length === 0) {
    return [
      warning(
        check,
        'relay.listen and relay.listen_tls are empty: nobody can hand in mail',
        'name an address in relay.listen',
      ),
    ];
  }
  const hasLogin = usersFile !== undefined && certFile !== undefined;
  const isTrusted = relay.trustsOthers || (isOwnOnly && relay.trustsLoopback);
  if (!hasLogin && !isTrusted) {
    return [
      warning(
        check,
        `nobody who reaches ${listeners.join(', ')} can send: none of them is in relay.trusted_networks, and there is no AUTH`,
        'name your networks in relay.trusted_networks, or set relay.users_file with a certificate',
      ),
    ];
  }
  if (isOwnOnly && relay.publicNetworks.length > 0) {
    return [
      warning(
        check,
        `the relay listens on loopback alone, and relay.trusted_networks holds public addresses (${relay.publicNetworks.slice(0, NETWORKS_SHOWN).join(', ')}): behind a proxy that shows the addresses of its clients it would send for all of them`,
        'name only your own networks in relay.trusted_networks',
      ),
    ];
  }
  const networks = trustedNetworks.length === 0 ? 'no network' : trustedNetworks.join(', ');
  return [fine(check, `${networks} without a password${hasLogin ? ', users with one' : ''}`)];
}

function routesFindings({ config, relay }: Surroundings): readonly Finding[] {
  const check = 'relay routes';
  const count = config.relay.routes.length;
  if (count === 0) return [];
  const loaded = relay.loadRoutes();
  if (!loaded.ok) return [stopping(check, loaded.failure)];
  return [fine(check, count === 1 ? '1 route' : `${count} routes, their passwords are readable`)];
}

/** While the service runs its addresses are taken, by itself. */
async function listenFindings({
  config,
  relay,
  askHttp,
}: Surroundings): Promise<readonly Finding[]> {
  const check = 'relay listener';
  const listeners = [...config.relay.listen, ...config.relay.listenTls];
  const { status } = await askHttp('/readyz');
  if (status !== 0 || listeners.length === 0) return [];
  const findings: Finding[] = [];
  for (const where of listeners) {
    const fault = await relay.tryListen(where);
    findings.push(
      fault === undefined ? fine(check, `${where} is free`) : listenFinding(where, fault),
    );
  }
  return findings;
}

function listenFinding(where: string, fault: ListenFault): Finding {
  const check = 'relay listener';
  const port = where.slice(where.lastIndexOf(':') + 1);
  switch (fault) {
    case 'taken':
      return failing(
        check,
        `${where} is taken by another program: the service does not start`,
        `\`ss -ltnp sport = :${port}\` says which; stop it, or choose another port in relay.listen`,
      );
    case 'not-here':
      return failing(
        check,
        `${where} is no address of this machine: the service does not start`,
        'correct relay.listen',
      );
    case 'denied':
      return warning(
        check,
        `this user may not listen at ${where}; the service may if its unit lets it`,
        'under systemd see deploy/systemd/relay.conf; ask again as root to know whether the port is free',
      );
    case 'failed':
      return failing(
        check,
        `nobody can listen at ${where}: the service does not start`,
        'correct relay.listen',
      );
  }
}

/** What the running service does counts, not only what the file says. */
async function shadowFindings({ config, askHttp }: Surroundings): Promise<readonly Finding[]> {
  const check = 'relay shadow';
  const { status, body } = await askHttp('/metrics');
  const numberOf = (name: string): number | undefined => {
    const text = new RegExp(`^${name} (?<value>\\S+)$`, 'm').exec(body)?.groups?.['value'];
    return status !== 200 || text === undefined ? undefined : Number(text);
  };
  const running = numberOf('smtp_sts_relay_shadow');
  if (config.relay.shadow) {
    const count = numberOf('smtp_sts_relay_would_wait_total');
    const counted =
      count === undefined
        ? ''
        : `; since the service started ${count} deliveries went that a policy would have kept waiting`;
    return [
      warning(
        check,
        `shadow mode is on: mail is delivered as if there were no policies${counted}`,
        'look at the lines `would-wait` of the log, then set relay.shadow: false and reload',
      ),
    ];
  }
  if (running === 1) {
    return [
      warning(
        check,
        'the running service is still in shadow mode, which the configuration is not: no policy is enforced',
        'run `smtp-sts reload`',
      ),
    ];
  }
  return [fine(check, 'off: policies are enforced')];
}
