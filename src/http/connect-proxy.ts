/**
 * A way through a CONNECT proxy. It carries bytes; what they mean is between us and the host.
 *
 * @module
 */
import { isIP, type Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import type { Resolver } from '../dns/types.ts';
import { fail, ok, type Outcome } from '../failure.ts';
import { quoted } from '../problems.ts';
import { dial } from '../tls/dial.ts';

/** Where the proxy is. */
export interface ProxyAddress {
  /** Name or address, without brackets. */
  readonly host: string;
  readonly port: number;
}

/** The longest header that is read from the proxy, in octets. */
const MAX_HEADER = 16_384;

/** Reads `http://host:port`. */
export function parseProxy(text: string): Outcome<ProxyAddress> {
  const url = URL.parse(text);
  const isPlain =
    url !== null &&
    url.protocol === 'http:' &&
    url.hostname !== '' &&
    [url.username, url.password, url.search, url.hash].every((part) => part === '') &&
    url.pathname === '/';
  if (!isPlain) {
    return fail('HTTP_PROXY_INVALID', `${quoted(text)} is not of the form http://host:port`);
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return ok({ host, port: url.port === '' ? 80 : Number(url.port) });
}

/** How to go through a proxy. */
export interface TunnelOptions {
  readonly proxy: ProxyAddress;
  readonly resolver: Resolver;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly localAddress?: string;
  readonly signal: AbortSignal;
  /** The address that was checked: an address, never a name for the proxy to look up. */
  readonly address: string;
  readonly port: number;
}

/** A socket that ends at the address. */
export async function openTunnel(options: TunnelOptions): Promise<Outcome<Socket>> {
  const { proxy, address, port, signal } = options;
  const proxyAddress = await addressOfProxy(options);
  if (!proxyAddress.ok) return proxyAddress;
  const dialled = await dial({
    address: proxyAddress.value,
    port: proxy.port,
    clock: options.clock,
    timeoutMs: options.timeoutMs,
    signal,
    ...(options.localAddress === undefined ? {} : { localAddress: options.localAddress }),
  });
  if (!dialled.ok) return fail('HTTP_PROXY_FAILED', `proxy: ${dialled.failure.detail}`);
  const socket = dialled.value;
  const target = `${isIP(address) === 6 ? `[${address}]` : address}:${port}`;
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
  const header = await readHeader(socket, signal);
  const fault = header === undefined ? 'no whole answer' : headerFault(header);
  if (fault === undefined) return ok(socket);
  socket.destroy();
  return fail('HTTP_PROXY_FAILED', `proxy ${proxy.host}:${proxy.port} to ${target}: ${fault}`);
}

/** The operator named the proxy, so that its address is not guarded. */
async function addressOfProxy(options: TunnelOptions): Promise<Outcome<string>> {
  const { proxy, resolver, signal } = options;
  if (isIP(proxy.host) !== 0) return ok(proxy.host);
  for (const type of ['A', 'AAAA'] as const) {
    const answer = await resolver.lookup(proxy.host, type, { signal });
    if (answer.kind === 'records') return ok(answer.records[0]!);
  }
  return fail('HTTP_PROXY_FAILED', `the proxy ${proxy.host} has no address`);
}

function headerFault(header: string): string | undefined {
  const status = /^HTTP\/1\.[01] (\d{3})(?: |\r)/.exec(header)?.[1];
  if (status === undefined) return 'not an HTTP answer';
  return status.startsWith('2') ? undefined : `status ${status}`;
}

/** Everything up to the blank line; undefined if the stream ends, grows too long, or says more than it may. */
function readHeader(socket: Socket, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = '';
    const finish = (header: string | undefined): void => {
      socket.off('readable', onReadable);
      socket.off('end', onEnd);
      socket.off('error', onEnd);
      socket.off('close', onEnd);
      signal.removeEventListener('abort', onEnd);
      if (header === undefined) {
        socket.on('error', () => undefined);
        socket.destroy();
      }
      resolve(header);
    };
    const onEnd = (): void => finish(undefined);
    const onReadable = (): void => {
      for (;;) {
        const chunk = socket.read() as Buffer | null;
        if (chunk === null) return;
        text += chunk.toString('latin1');
        const end = text.indexOf('\r\n\r\n');
        if (end !== -1) {
          // In TLS the client speaks first: more bytes would be the proxy's own.
          finish(end + 4 === text.length ? text : undefined);
          return;
        }
        if (text.length > MAX_HEADER) {
          finish(undefined);
          return;
        }
      }
    };
    socket.on('readable', onReadable);
    socket.once('end', onEnd);
    socket.once('error', onEnd);
    socket.once('close', onEnd);
    signal.addEventListener('abort', onEnd, { once: true });
  });
}
