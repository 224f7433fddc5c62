/**
 * The socketmap tables in `smtp_tls_policy_maps`, and the lines that name one.
 *
 * @module
 */
import { bestMapName, HAS_MX_PATTERNS, isAtLeast } from './postfix-version.ts';
import type { PostfixSettings } from './postfix-settings.ts';

/** A table of type socketmap. */
export interface SocketmapTable {
  /** As it stands in main.cf. */
  readonly text: string;
  /** As in `socketmap.listen`, seen from outside the chroot. */
  readonly address: string;
  readonly mapName: string;
}

/** Tables that are asked, in order; other types of tables are left out. */
export function socketmapTables(settings: PostfixSettings): readonly SocketmapTable[] {
  const entries = settings.values.smtp_tls_policy_maps.split(/[\s,]+/);
  return entries.flatMap((text) => {
    const { type, where, mapName } =
      /^(?:proxy:)?socketmap:(?<type>inet|unix):(?<where>.+):(?<mapName>[^:]+)$/.exec(text)
        ?.groups ?? {};
    if (where === undefined || mapName === undefined) return [];
    const address = type === 'unix' ? `unix:${outside(where, settings)}` : where;
    return [{ text, address, mapName }];
  });
}

/** Postfix works in its queue folder, which a chroot makes the root of everything. */
function outside(path: string, { chroot, values }: PostfixSettings): string {
  const queue = values.queue_directory.replace(/\/$/, '');
  if (!path.startsWith('/')) return `${queue}/${path}`;
  return chroot ? `${queue}${path}` : path;
}

/** How this Postfix must name a server that listens on one of `listen`; undefined: it reaches none. */
export function tableFor(
  settings: PostfixSettings,
  listen: readonly string[],
  mapName: string,
): string | undefined {
  const names = listen.map((address) => tableText(settings, address, mapName));
  return names.find((name) => name !== undefined);
}

function tableText(
  { chroot, values }: PostfixSettings,
  address: string,
  mapName: string,
): string | undefined {
  if (address.startsWith('fd:')) return undefined;
  if (!address.startsWith('unix:')) return `socketmap:inet:${reachable(address)}:${mapName}`;
  const path = address.slice('unix:'.length);
  const queue = `${values.queue_directory.replace(/\/$/, '')}/`;
  // A path from the queue folder is right inside a chroot and outside of it.
  if (path.startsWith(queue)) return `socketmap:unix:${path.slice(queue.length)}:${mapName}`;
  return chroot ? undefined : `socketmap:unix:${path}:${mapName}`;
}

/** A server that listens everywhere is reached on loopback. */
function reachable(address: string): string {
  return address.replace(/^0\.0\.0\.0:/, '127.0.0.1:').replace(/^\[::\]:/, '[::1]:');
}

/** Where `socketmap.listen` names nothing that Postfix could reach. */
const DEFAULT_LISTEN = '127.0.0.1:8461';

/** The lines of main.cf that this Postfix needs. */
export function mainCfLines(
  settings: PostfixSettings,
  listen: readonly string[],
): readonly string[] {
  const { version, values } = settings;
  const mapName = bestMapName(version);
  const table =
    tableFor(settings, listen, mapName) ?? `socketmap:inet:${DEFAULT_LISTEN}:${mapName}`;
  return [
    'smtp_dns_support_level = dnssec',
    ...(hasDns(values.smtp_host_lookup) ? [] : ['smtp_host_lookup = dns']),
    'smtp_tls_security_level = dane',
    ...(hasRoots(values) ? [] : ['smtp_tls_CAfile = /etc/ssl/certs/ca-certificates.crt']),
    `smtp_tls_policy_maps = ${table}`,
    ...(isAtLeast(version, HAS_MX_PATTERNS) ? ['smtp_tls_enforce_sts_mx_patterns = yes'] : []),
  ];
}

/** Does the delivery agent ask DNS? */
export function hasDns(hostLookup: string): boolean {
  return hostLookup === '' || /\bdns\b/.test(hostLookup);
}

/** Does it trust anybody? */
export function hasRoots(values: PostfixSettings['values']): boolean {
  return (
    values.smtp_tls_CAfile !== '' ||
    values.smtp_tls_CApath !== '' ||
    values.tls_append_default_CA === 'yes'
  );
}
