/**
 * One request over a connection that is already made, and how it can go wrong (RFC 9112).
 *
 * @module
 */
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { fail, type Outcome } from '../failure.ts';
import { tlsFailure } from '../tls/tls-failure.ts';

/** The largest header that is read, in octets. */
const MAX_HEADER = 16_384;

/** 1xx answers before the one that counts (RFC 9110 §15.2); a flood of them is work without end. */
const MAX_INFORMATIONAL = 5;

/** What to ask, and what to make of the answer. */
export interface OneCallOptions<T> {
  readonly socket: TLSSocket;
  /** For the `Host` header: with the port where it is not 443. */
  readonly authority: string;
  readonly method: 'GET' | 'POST';
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body?: Uint8Array;
  /** From here on the response tells how it ends. */
  readonly onResponse: (response: IncomingMessage, settle: (outcome: Outcome<T>) => void) => void;
}

/**
 * Asks once: no redirect is followed, nothing is kept. The socket is destroyed at the end, and the
 * end is there at the latest when the socket is destroyed.
 */
export function callOnce<T>(options: OneCallOptions<T>): Promise<Outcome<T>> {
  const { socket, authority } = options;
  return new Promise((resolve) => {
    const call = begin(options);
    const settle = (outcome: Outcome<T>): void => {
      resolve(outcome);
      call.destroy();
      socket.destroy();
    };
    const noAnswer = (): void =>
      settle(fail('HTTP_TRUNCATED', `${authority} closed the connection without an answer`));
    // Listens to the end: an error after the outcome must not end the process.
    call.on('error', (error) => settle(callFailure(error, options)));
    call.on('close', noAnswer);
    let informational = 0;
    call.on('information', () => {
      informational += 1;
      if (informational <= MAX_INFORMATIONAL) return;
      settle(fail('HTTP_STATUS', `${authority} sent more than ${MAX_INFORMATIONAL} 1xx answers`));
    });
    call.on('response', (response) => {
      call.off('close', noAnswer);
      options.onResponse(response, settle);
    });
  });
}

function begin<T>({
  socket,
  authority,
  method,
  path,
  headers,
  body,
}: OneCallOptions<T>): ClientRequest {
  const call = request({
    // Without `agent`: with `agent: false` Node.js would ignore our socket and look the name up itself.
    createConnection: () => socket,
    method,
    path,
    setHost: false,
    maxHeaderSize: MAX_HEADER,
    insecureHTTPParser: false,
    headers: { Host: authority, ...headers, 'User-Agent': 'smtp-sts', Connection: 'close' },
  });
  call.end(body);
  return call;
}

/** What an error of the request means. */
function callFailure(
  error: NodeJS.ErrnoException,
  { authority, socket }: Pick<OneCallOptions<unknown>, 'authority' | 'socket'>,
): Outcome<never> {
  const code = error.code ?? '';
  if (code === 'HPE_HEADER_OVERFLOW') {
    return fail(
      'HTTP_RESPONSE_INVALID',
      `${authority} sent a header of more than ${MAX_HEADER} octets`,
    );
  }
  if (code.startsWith('HPE_')) {
    return fail('HTTP_RESPONSE_INVALID', `${authority} sent no valid HTTP answer (${code})`);
  }
  const tlsError = [error, socket.errored].find((each) => isTlsError(each));
  if (tlsError instanceof Error) return { ok: false, failure: tlsFailure(tlsError, authority) };
  return fail('HTTP_TRUNCATED', `${authority} broke the connection off (${code})`);
}

function isTlsError(error: NodeJS.ErrnoException | null): boolean {
  return error?.code?.startsWith('ERR_SSL_') ?? false;
}
