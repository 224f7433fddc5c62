/**
 * A guarded HTTPS GET: own look-up, checked addresses, verified certificate, one request, hard limits.
 *
 * @module
 */
import { fail, ok, type Outcome } from '../failure.ts';
import { excerpt } from '../tls/certificate-text.ts';
import type { TlsConnection } from '../tls/types.ts';
import { createAddressGuard, type AddressGuard } from './address-guard.ts';
import { parseProxy, type ProxyAddress } from './connect-proxy.ts';
import { exchange } from './exchange.ts';
import { connectHttps } from './https-connect.ts';
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
  const verified = await connectHttps({
    ...setup,
    host,
    signal,
    addresses: addresses.value,
    proxy: setup.via.value,
    certificates: 'strict',
    onStage: (stage) => {
      run.stage = stage;
    },
  });
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
