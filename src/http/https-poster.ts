/**
 * A guarded HTTPS POST: own look-up, checked addresses, one request, hard limits.
 *
 * @module
 */
import { isIP } from 'node:net';
import type { Clock } from '../clock.ts';
import type { Resolver } from '../dns/types.ts';
import { fail, ok, type Outcome } from '../failure.ts';
import type { TlsTrust } from '../tls/types.ts';
import { createAddressGuard, type AddressGuard } from './address-guard.ts';
import { connectHttps } from './https-connect.ts';
import { postExchange, type PostReply } from './post-exchange.ts';
import { targetAddresses } from './target-addresses.ts';
import { type Course, inTime } from './in-time.ts';

/** What the poster is given once. */
export interface HttpsPosterOptions extends TlsTrust {
  readonly resolver: Resolver;
  readonly clock: Clock;
  /** Milliseconds from the first DNS question to the answer. Default 30,000. */
  readonly timeoutMs?: number;
  /** Octets of the answer that are read. Default 65,536. */
  readonly maxBytes?: number;
  readonly localAddress?: string;
}

/** What to post. */
export interface PostRequest {
  /** An https URL. */
  readonly url: URL;
  readonly contentType: string;
  readonly body: Uint8Array;
  /** CIDR blocks that may be reached although they are private, loopback or reserved. */
  readonly allowAddresses: readonly string[];
  /** `ignore`: any certificate is taken. */
  readonly certificates: 'strict' | 'ignore';
  readonly signal?: AbortSignal;
}

/** Posts to places that strangers name. */
export interface HttpsPoster {
  /** The answer, whatever its status. Never rejects for a reason of the network. */
  post(request: PostRequest): Promise<Outcome<PostReply>>;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_BYTES = 65_536;

interface Run extends Omit<PostRequest, 'signal'> {
  readonly options: HttpsPosterOptions;
  readonly host: string;
  readonly course: Course;
}

/** Makes a poster. Keeps no connection, session, cookie or answer between two requests. */
export function createHttpsPoster(options: HttpsPosterOptions): HttpsPoster {
  return { post: async (request) => await postInTime(request, options) };
}

/** One deadline over everything. */
async function postInTime(
  { signal, ...request }: PostRequest,
  options: HttpsPosterOptions,
): Promise<Outcome<PostReply>> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, clock } = options;
  const host = request.url.hostname.replace(/^\[(.*)\]$/, '$1');
  return await inTime(
    { host, timeoutMs, clock, signal, stage: 'looking it up' },
    async (course) => await postNow({ ...request, options, host, course }),
  );
}

async function postNow(run: Run): Promise<Outcome<PostReply>> {
  const { options, url, host, course } = run;
  const { signal } = course;
  const port = url.port === '' ? 443 : Number(url.port);
  const addresses = await addressesOf(run, createAddressGuard(run.allowAddresses));
  if (!addresses.ok) return addresses;
  const { timeoutMs = DEFAULT_TIMEOUT_MS, maxBytes = DEFAULT_MAX_BYTES } = options;
  const connected = await connectHttps({
    ...options,
    host,
    port,
    timeoutMs,
    signal,
    addresses: addresses.value,
    proxy: undefined,
    certificates: run.certificates,
    onStage: (stage) => {
      course.stage = stage;
    },
  });
  if (!connected.ok) return connected;
  const { socket } = connected.value.connection;
  course.stage = `waiting for the answer of ${connected.value.address}`;
  const drop = (): void => void socket.destroy();
  if (signal.aborted) drop();
  signal.addEventListener('abort', drop, { once: true });
  const reply = await postExchange({
    socket,
    authority: url.host,
    path: `${url.pathname}${url.search}`,
    contentType: run.contentType,
    body: run.body,
    maxBytes,
  });
  signal.removeEventListener('abort', drop);
  return reply;
}

/** A host may be an address: then there is nothing to look up, and as much to check. */
async function addressesOf(run: Run, guard: AddressGuard): Promise<Outcome<readonly string[]>> {
  const { options, host, course } = run;
  if (isIP(host) === 0)
    return await targetAddresses({ ...options, guard, host, signal: course.signal });
  const why = guard.why(host);
  if (why === undefined) return ok([host]);
  return fail('HTTP_ADDRESS_REFUSED', `${host} may not be reached (${why})`);
}
