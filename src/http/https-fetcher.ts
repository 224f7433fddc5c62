/**
 * A guarded HTTPS GET: own look-up, checked addresses, verified certificate, one request, hard limits.
 *
 * @module
 */
import type { Socket } from 'node:net';
import { fail, ok, type Outcome } from '../failure.ts';
import { excerpt } from '../tls/certificate-text.ts';
import { dial } from '../tls/dial.ts';
import { handshake } from '../tls/handshake.ts';
import { matchIdentity, nameMismatch } from '../tls/identity.ts';
import type { TlsConnection } from '../tls/types.ts';
import { createAddressGuard, type AddressGuard } from './address-guard.ts';
import { connectFirst } from './connect-first.ts';
import { openTunnel, parseProxy, type ProxyAddress } from './connect-proxy.ts';
import { exchange } from './exchange.ts';
import { targetAddresses } from './target-addresses.ts';
import type { FetchedDocument, HttpsFetcherOptions } from './types.ts';

/** What to fetch. */
export interface FetchRequest {
  /** The name that DNS, SNI, the certificate and the `Host` header are about. */
  readonly host: string;
  /** Begins with `/`. */
  readonly path: string;
  readonly signal?: AbortSignal;
}

/** Fetches documents over HTTPS from hosts that strangers name. */
export interface HttpsFetcher {
  /**
   * Never rejects for a reason of the network. `TLS_` codes: the host could not be authenticated.
   * `HTTP_` codes: everything else.
   */
  fetch(request: FetchRequest): Promise<Outcome<FetchedDocument>>;
}

/** A TLS handshake is cut to this many milliseconds while other addresses wait for their turn. */
const HANDSHAKE_MS = 10_000;

/** Why what is left of a fetch is called off. Nobody reads it; the default would cost a stack trace. */
const ENDED = 'the fetch has ended';

/** {@link HttpsFetcherOptions} with every default filled in. */
interface Setup extends HttpsFetcherOptions {
  readonly port: number;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly guard: AddressGuard;
  readonly via: Outcome<ProxyAddress | undefined>;
}

/** One fetch under way. */
interface Run {
  readonly setup: Setup;
  readonly host: string;
  readonly path: string;
  readonly signal: AbortSignal;
  /** What is being done, for the failure at the deadline. */
  stage: string;
}

/** A verified connection. */
interface Verified {
  readonly connection: TlsConnection;
  readonly address: string;
}

/** Makes a fetcher. Keeps no connection, session, cookie or answer between two fetches. */
export function createHttpsFetcher(options: HttpsFetcherOptions): HttpsFetcher {
  const setup: Setup = {
    ...options,
    port: options.port ?? 443,
    timeoutMs: options.timeoutMs ?? 60_000,
    maxBytes: options.maxBytes ?? 65_536,
    guard: createAddressGuard(options.allowAddresses ?? []),
    via: options.proxy === undefined ? ok(undefined) : parseProxy(options.proxy),
  };
  return { fetch: (request) => fetchInTime(request, setup) };
}

/** One deadline over everything, from the first DNS question to the last octet (RFC 8461 §3.3). */
async function fetchInTime(
  { host, path, signal }: FetchRequest,
  setup: Setup,
): Promise<Outcome<FetchedDocument>> {
  const { clock, timeoutMs } = setup;
  if (signal?.aborted === true) return calledOff(host);
  const stop = new AbortController();
  const run: Run = { setup, host, path, signal: stop.signal, stage: 'looking up its addresses' };
  const stopped = Promise.withResolvers<Outcome<never>>();
  const end = (outcome: Outcome<never>): void => {
    stopped.resolve(outcome);
    stop.abort(ENDED);
  };
  const onAbort = (): void => end(calledOff(host));
  const timer = clock.after(timeoutMs, () =>
    end(fail('HTTP_TIMEOUT', `${host}: not done within ${timeoutMs} ms, while ${run.stage}`)),
  );
  signal?.addEventListener('abort', onAbort, { once: true });
  let done = false;
  try {
    const outcome = await Promise.race([stopped.promise, fetchDocument(run)]);
    done = outcome.ok;
    return outcome;
  } finally {
    timer.cancel();
    signal?.removeEventListener('abort', onAbort);
    // With the document at hand, nothing is left that could be called off.
    if (!done) stop.abort(ENDED);
  }
}

function calledOff(host: string): Outcome<never> {
  return fail('HTTP_ABORTED', `${host}: the request was called off`);
}

async function fetchDocument(run: Run): Promise<Outcome<FetchedDocument>> {
  const { setup, host, path, signal } = run;
  const startedAt = setup.clock.now();
  if (!setup.via.ok) return setup.via;
  const addresses = await targetAddresses({ ...setup, host, signal });
  if (!addresses.ok) return addresses;
  const verified = await connectVerified(run, addresses.value, setup.via.value);
  if (!verified.ok) return verified;
  const { connection, address } = verified.value;
  run.stage = `waiting for the document from ${address}`;
  const { socket } = connection;
  const drop = (): void => void socket.destroy();
  if (signal.aborted) drop();
  signal.addEventListener('abort', drop, { once: true });
  const authority = setup.port === 443 ? host : `${host}:${setup.port}`;
  const reply = await exchange({ socket, authority, path, maxBytes: setup.maxBytes });
  signal.removeEventListener('abort', drop);
  if (!reply.ok) {
    const { failure } = reply;
    return { ok: false, failure: { ...failure, detail: `${failure.detail} (at ${address})` } };
  }
  return ok({
    ...reply.value,
    address: setup.via.value === undefined ? address : setup.via.value.host,
    tookMs: setup.clock.now() - startedAt,
    // Few want to know, and a name takes long to write out.
    get certificate() {
      return certificateWords(connection);
    },
  });
}

/** Tries one address after the other until one shows a certificate that is right; tells the first fault. */
async function connectVerified(
  run: Run,
  addresses: readonly string[],
  proxy: ProxyAddress | undefined,
): Promise<Outcome<Verified>> {
  const { setup, signal } = run;
  const open = (address: string, signal: AbortSignal): Promise<Outcome<Socket>> =>
    openSocket({ setup, address, signal, proxy });
  let firstFault: Outcome<never> | undefined;
  let waiting = addresses;
  while (waiting.length > 0 && !signal.aborted) {
    run.stage = `connecting to ${waiting.join(', ')}`;
    const first = await connectFirst({ addresses: waiting, clock: setup.clock, signal, open });
    if (!first.ok) return firstFault ?? first;
    const { socket, address, refused } = first.value;
    waiting = waiting.filter((other) => other !== address && !refused.includes(other));
    run.stage = `shaking hands with ${address}`;
    const connection = await secure(run, socket, waiting.length > 0);
    if (connection.ok) return ok({ connection: connection.value, address });
    firstFault ??= connection;
  }
  return firstFault ?? calledOff(run.host);
}

interface OpenOptions {
  readonly setup: Setup;
  readonly address: string;
  readonly signal: AbortSignal;
  readonly proxy: ProxyAddress | undefined;
}

/** The address is the one that was checked: nothing looks the name up again. */
function openSocket({ setup, address, signal, proxy }: OpenOptions): Promise<Outcome<Socket>> {
  const { clock, timeoutMs, port, localAddress, resolver } = setup;
  const common = {
    address,
    port,
    clock,
    timeoutMs,
    signal,
    ...(localAddress === undefined ? {} : { localAddress }),
  };
  return proxy === undefined ? dial(common) : openTunnel({ ...common, proxy, resolver });
}

/** TLS 1.2 or later, a chain that the web PKI trusts, and the host as a DNS name (RFC 8461 §3.3). */
async function secure(
  { setup, host, signal }: Run,
  socket: Socket,
  othersWait: boolean,
): Promise<Outcome<TlsConnection>> {
  const { clock, timeoutMs, ca } = setup;
  const shaken = await handshake(socket, {
    servername: host,
    clock,
    timeoutMs: othersWait ? Math.min(HANDSHAKE_MS, timeoutMs) : timeoutMs,
    signal,
    // What is fetched is public, and so is whose it is: SNI and DNS name the host.
    keyExchange: 'today',
    ...(ca === undefined ? {} : { ca }),
  });
  if (!shaken.ok) return shaken;
  const { peer } = shaken.value;
  const leaf = peer.chain[0]!;
  const fault = !peer.pkix.trusted
    ? peer.pkix.failure
    : matchIdentity(leaf, [host]) === undefined
      ? nameMismatch(leaf, [host], host)
      : undefined;
  if (fault === undefined) return shaken;
  shaken.value.socket.destroy();
  return { ok: false, failure: fault };
}

function certificateWords({ peer }: TlsConnection): FetchedDocument['certificate'] {
  const leaf = peer.chain[0]!;
  return {
    subject: oneLine(leaf.subject),
    issuer: oneLine(leaf.issuer),
    validTo: leaf.validToDate.toISOString(),
  };
}

/** Node.js writes one attribute of a name on each line. */
function oneLine(name: string | undefined): string {
  return excerpt((name ?? '').replaceAll('\n', ', '));
}
