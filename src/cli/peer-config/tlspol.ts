/**
 * The configuration of postfix-tlspol, after the example that it comes with.
 *
 * @module
 */
import { isIP } from 'node:net';
import { isListenAddress } from '../../config/values.ts';
import {
  Converter,
  mapOf,
  modeText,
  textOf,
  valueText,
  type Conversion,
  type Tree,
} from './types.ts';

const SERVER_KEYS = [
  'address',
  'port',
  'metrics-address',
  'socket-permissions',
  'log-level',
  'log-format',
  'prefetch',
  'cache-file',
  'tlsrpt',
];

/** What marks a file as one of this program. */
export const TLSPOL_MARKS: readonly string[] = ['server', 'dns', 'redis'];

const DEFAULT_ADDRESS = '127.0.0.1:8642';
const LOG_LEVELS: readonly unknown[] = ['debug', 'info', 'warn', 'error'];

/** Converts the file. */
export function fromTlspol(tree: Tree): Conversion {
  const converter = new Converter();
  const server = mapOf(tree['server']);
  takeListener(server, converter);
  takeMetrics(server['metrics-address'], converter);
  takeLog(server, converter);
  takeRest(server, converter);
  converter.leaveUnknown(server, SERVER_KEYS, 'server.');
  takeDns(mapOf(tree['dns']), converter);
  if (tree['redis'] !== undefined) {
    converter.leave(
      'redis',
      'policies are kept in SQLite, or in PostgreSQL for several nodes: store.url',
    );
  }
  converter.leaveUnknown(tree, TLSPOL_MARKS);
  return converter.conversion;
}

function takeListener(server: Tree, converter: Converter): void {
  const { address = DEFAULT_ADDRESS, port } = server;
  const text = textOf(address);
  if (text.startsWith('unix:')) {
    converter.take('socketmap.listen', [text], `server.address: ${text}`);
    const mode = modeText(server['socket-permissions']);
    if (mode !== undefined) {
      converter.take('socketmap.unix_mode', mode, `server.socket-permissions: ${mode}`);
    }
    return;
  }
  const full = port === undefined ? text : `${text}:${textOf(port)}`;
  const where = listenAddress(full);
  if (where === undefined) {
    converter.leave(
      'server.address',
      `${valueText(address)}: write an address into socketmap.listen`,
    );
    return;
  }
  converter.take('socketmap.listen', [where], `server.address: ${full}`);
}

/** Go takes `:8642` for every address, and names. */
function listenAddress(text: string): string | undefined {
  if (/^:\d+$/.test(text)) return `[::]${text}`;
  const named = text.replace(/^localhost:/, '127.0.0.1:');
  return isListenAddress(named) ? named : undefined;
}

function takeMetrics(address: unknown, converter: Converter): void {
  if (address === undefined || address === null) return;
  const where = listenAddress(textOf(address));
  if (where === undefined) {
    converter.leave(
      'server.metrics-address',
      'metrics are on the TCP port of http.listen, path /metrics',
    );
    return;
  }
  converter.take('http.listen', where, 'server.metrics-address; /metrics is there');
}

function takeLog(server: Tree, converter: Converter): void {
  const level = server['log-level'];
  if (LOG_LEVELS.includes(level)) {
    converter.take('log.level', level as string, `server.log-level: ${textOf(level)}`);
  } else if (level !== undefined) {
    converter.leave('server.log-level', `${valueText(level)} is none of ${LOG_LEVELS.join(', ')}`);
  }
  if (server['log-format'] !== undefined) {
    converter.leave('server.log-format', 'the service logs lines of JSON');
  }
}

function takeRest(server: Tree, converter: Converter): void {
  if (server['tlsrpt'] === true) {
    converter.take('socketmap.default_dialect', 'postfix-tlsrpt', 'server.tlsrpt: true');
  }
  if (server['prefetch'] !== undefined) {
    converter.leave('server.prefetch', 'policies in use are always renewed before they end');
  }
  if (server['cache-file'] !== undefined) {
    converter.leave(
      'server.cache-file',
      `${valueText(server['cache-file'])} cannot be read here; fill our store with \`smtp-sts policies warm\``,
    );
  }
}

function takeDns(dns: Tree, converter: Converter): void {
  const { address, port } = dns;
  converter.leaveUnknown(dns, ['address', 'port'], 'dns.');
  if (address === undefined || address === null) return;
  const text = textOf(address);
  const full =
    port === undefined ? text : `${isIP(text) === 6 ? `[${text}]` : text}:${textOf(port)}`;
  if (isIP(full) === 0 && !isListenAddress(full)) {
    converter.leave('dns.address', `${valueText(full)}: write the address into dns.resolvers`);
    return;
  }
  converter.take('dns.resolvers', [full], `dns.address: ${full}`);
  if (!/^(?:127\.|\[?::1)/.test(full)) {
    converter.leave(
      'dns.address',
      'it is not on this machine: without dns.trusted: true its word on DNSSEC is not believed, and DANE is off',
    );
  }
}
