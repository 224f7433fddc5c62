/**
 * The configuration of postfix-mta-sts-resolver, after its manual page mta-sts-daemon.yml(5).
 *
 * @module
 */
import { isIP } from 'node:net';
import { isStoreUrl } from '../../config/values.ts';
import {
  Converter,
  mapOf,
  modeText,
  secondsText,
  textOf,
  valueText,
  type Conversion,
  type Tree,
} from './types.ts';

const KNOWN = [
  'host',
  'port',
  'path',
  'mode',
  'reuse_port',
  'shutdown_timeout',
  'cache_grace',
  'cache',
  'proactive_policy_fetching',
  'default_zone',
  'zones',
  'tlsrpt',
];

/** What marks a file as one of this program. */
export const RESOLVER_MARKS: readonly string[] = KNOWN;

const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = 8461;
/** Our jitter is up to three hours each way and stays below the interval. */
const JITTER_SHARE = 8;
const DEFAULT_JITTER_S = 10_800;

/** Converts the file. */
export function fromResolver(tree: Tree): Conversion {
  const converter = new Converter();
  takeListener(tree, converter);
  takeTimes(tree, converter);
  takeProactive(sectionOf(tree, 'proactive_policy_fetching', converter), converter);
  takeCache(sectionOf(tree, 'cache', converter), converter);
  takeDefaultZone(sectionOf(tree, 'default_zone', converter), converter);
  takeZones(sectionOf(tree, 'zones', converter), converter);
  if (isOn(tree['tlsrpt'], 'tlsrpt', converter)) {
    converter.take('socketmap.default_dialect', 'postfix-tlsrpt', 'tlsrpt: true');
  }
  converter.leaveUnknown(tree, KNOWN);
  return converter.conversion;
}

/** A section; what is none is said, not dropped in silence. */
function sectionOf(tree: Tree, key: string, converter: Converter): Tree {
  const value = tree[key];
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (value !== undefined && !isMap) converter.leave(key, `${valueText(value)} is no section`);
  return mapOf(value);
}

/** A time; what is none is said. */
function timeOf(value: unknown, key: string, converter: Converter): string | undefined {
  const text = secondsText(value);
  if (value !== undefined && text === undefined) {
    converter.leave(key, `${valueText(value)} is no number of seconds`);
  }
  return text;
}

/** A switch; what is neither on nor off is said: the other program may take it for on. */
function isOn(value: unknown, key: string, converter: Converter): boolean {
  if (value !== undefined && typeof value !== 'boolean') {
    converter.leave(key, `${valueText(value)} is neither true nor false: write one of them`);
  }
  return value === true;
}

function takeListener(tree: Tree, converter: Converter): void {
  const { host, port, path, mode } = tree;
  if (typeof path === 'string' && path !== '') {
    converter.take('socketmap.listen', [`unix:${path}`], `path: ${valueText(path)}`);
    takeMode(mode, converter);
  } else {
    takeAddress(host ?? DEFAULT_HOST, port ?? DEFAULT_PORT, converter);
    if (mode !== undefined) converter.leave('mode', 'it is for a UNIX socket, and there is none');
  }
  if (isOn(tree['reuse_port'], 'reuse_port', converter)) {
    converter.take('socketmap.reuse_port', true, 'reuse_port: true');
  }
}

function takeMode(mode: unknown, converter: Converter): void {
  if (mode === undefined) {
    converter.leave(
      'mode',
      'not set: the socket gets 0660 here; socketmap.unix_owner says whose it is',
    );
    return;
  }
  const text = modeText(mode);
  if (text === undefined) converter.leave('mode', `${valueText(mode)} is no file mode`);
  else converter.take('socketmap.unix_mode', text, `mode: ${text}`);
}

function takeAddress(host: unknown, port: unknown, converter: Converter): void {
  const name = host === 'localhost' ? DEFAULT_HOST : textOf(host);
  const family = isIP(name);
  if (family === 0) {
    converter.leave('host', `${valueText(host)}: write an address into socketmap.listen`);
    return;
  }
  const where = family === 6 ? `[${name}]:${textOf(port)}` : `${name}:${textOf(port)}`;
  converter.take('socketmap.listen', [where], `host: ${name}, port: ${textOf(port)}`);
}

function takeTimes(tree: Tree, converter: Converter): void {
  const grace = timeOf(tree['cache_grace'], 'cache_grace', converter);
  if (grace !== undefined) {
    converter.take('mta_sts.recheck', grace, `cache_grace: ${valueText(tree['cache_grace'])}`);
  }
  const shutdown = timeOf(tree['shutdown_timeout'], 'shutdown_timeout', converter);
  if (shutdown !== undefined) {
    const from = `shutdown_timeout: ${valueText(tree['shutdown_timeout'])}`;
    converter.take('socketmap.shutdown_timeout', shutdown, from);
  }
}

function takeProactive(section: Tree, converter: Converter): void {
  const { enabled, interval, concurrency_limit: limit, grace_ratio: ratio } = section;
  const at = 'proactive_policy_fetching';
  if (enabled !== undefined) {
    converter.leave(`${at}.enabled`, 'policies in use are always renewed before they end');
  }
  const every = timeOf(interval, `${at}.interval`, converter);
  if (every !== undefined && typeof interval === 'number') {
    // The jitter first: an interval shorter than it would be refused.
    if (interval <= DEFAULT_JITTER_S) {
      const jitter = `${Math.floor((interval * 1000) / JITTER_SHARE)}ms`;
      converter.take('mta_sts.refresh_jitter', jitter, 'less than the interval');
    }
    converter.take('mta_sts.refresh', every, `${at}.interval: ${interval}`);
  }
  if (limit !== undefined) {
    converter.take('policy_fetch.concurrency', Number(limit), `${at}.concurrency_limit`);
  }
  if (ratio !== undefined) {
    converter.leave(`${at}.grace_ratio`, 'each policy has its own time for a refresh');
  }
  converter.leaveUnknown(
    section,
    ['enabled', 'interval', 'concurrency_limit', 'grace_ratio'],
    `${at}.`,
  );
}

function takeCache(cache: Tree, converter: Converter): void {
  const options = mapOf(cache['options']);
  const { type } = cache;
  switch (type) {
    case undefined:
      return;
    case 'internal':
      converter.leave(
        'cache.type',
        'internal: policies are kept in a database here, over restarts',
      );
      if (options['cache_size'] !== undefined) {
        const size = Number(options['cache_size']);
        converter.take('mta_sts.max_entries', size, 'cache.options.cache_size');
      }
      return;
    case 'sqlite':
      converter.leave(
        'cache.options.filename',
        `${valueText(options['filename'])} cannot be read here; store.url names our own file`,
      );
      return;
    case 'postgres':
      takeDsn(options['dsn'], converter);
      return;
    default:
      converter.leave(
        'cache.type',
        `${valueText(type)} is not supported; several nodes share PostgreSQL: store.url`,
      );
  }
}

function takeDsn(dsn: unknown, converter: Converter): void {
  if (typeof dsn === 'string' && isStoreUrl(dsn) && dsn.startsWith('postgres')) {
    converter.take('store.url', dsn, 'cache.options.dsn; our tables have names of their own');
  } else {
    converter.leave(
      'cache.options.dsn',
      'write it into store.url as postgres://user@host/database',
    );
  }
}

function takeDefaultZone(zone: Tree, converter: Converter): void {
  if (isOn(zone['strict_testing'], 'default_zone.strict_testing', converter)) {
    converter.take('policy.enforce_testing', true, 'default_zone.strict_testing: true');
  }
  const timeout = timeOf(zone['timeout'], 'default_zone.timeout', converter);
  if (timeout !== undefined) {
    const from = `default_zone.timeout: ${valueText(zone['timeout'])}, the wait for an unknown policy`;
    converter.take('mta_sts.first_contact', timeout, from);
  }
  leaveSni(zone, 'default_zone', converter);
  converter.leaveUnknown(zone, ZONE_KEYS, 'default_zone.');
}

const ZONE_KEYS = ['strict_testing', 'timeout', 'require_sni'];

/** A zone there is a map name; here the name chooses the form of the answer, and settings are for all. */
function takeZones(zones: Tree, converter: Converter): void {
  for (const [name, value] of Object.entries(zones)) {
    const zone = mapOf(value);
    const strict = isOn(zone['strict_testing'], `zones.${name}.strict_testing`, converter);
    converter.leave(
      `zones.${name}`,
      strict
        ? 'strict_testing for one map: use `smtp-sts overrides add DOMAIN --enforce-testing` per domain'
        : 'settings are for all maps; the map name is answered by socketmap.default_dialect',
    );
    leaveSni(zone, `zones.${name}`, converter);
  }
}

function leaveSni(zone: Tree, at: string, converter: Converter): void {
  if (zone['require_sni'] !== false) return;
  converter.leave(
    `${at}.require_sni`,
    'false is for Postfix before 3.4; answers carry servername=hostname always: upgrade Postfix first',
  );
}
