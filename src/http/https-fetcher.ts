/**
 * A guarded HTTPS GET: own look-up, checked addresses, verified certificate, one request, hard limits.
 *
 * @module
 */
import { ok, type Outcome } from '../failure.ts';
import { excerpt } from '../tls/certificate-text.ts';
import type { TlsConnection } from '../tls/types.ts';
import { createAddressGuard, type AddressGuard } from './address-guard.ts';
import { parseProxy, type ProxyAddress } from './connect-proxy.ts';
import { exchange } from './exchange.ts';
import { connectHttps } from './https-connect.ts';
import { targetAddresses } from './target-addresses.ts';
import type { FetchedDocument, HttpsFetcherOptions } from './types.ts';
import { type Course, inTime } from './in-time.ts';

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
  readonly course: Course;
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

/** One deadline over everything (RFC 8461 §3.3). */
async function fetchInTime(
  { host, path, signal }: FetchRequest,
  setup: Setup,
): Promise<Outcome<FetchedDocument>> {
  const { clock, timeoutMs } = setup;
  const deadline = { host, timeoutMs, clock, signal, stage: 'looking up its addresses' };
  return await inTime(
    deadline,
    async (course) => await fetchDocument({ setup, host, path, course }),
  );
}

async function fetchDocument({
  setup,
  host,
  path,
  course,
}: Run): Promise<Outcome<FetchedDocument>> {
  const { signal } = course;
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
      course.stage = stage;
    },
  });
  if (!verified.ok) return verified;
  const { connection, address } = verified.value;
  course.stage = `waiting for the document from ${address}`;
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
