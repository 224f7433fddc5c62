/**
 * One POST over a connection that is already made (RFC 9112): what counts is the status.
 *
 * @module
 */
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { fail, ok, type Outcome } from '../failure.ts';
import { callFailure, MAX_HEADER, MAX_INFORMATIONAL } from './exchange.ts';

/** What to send. */
export interface PostExchangeOptions {
  readonly socket: TLSSocket;
  /** For the `Host` header: with the port where it is not 443. */
  readonly authority: string;
  /** Path and query. */
  readonly path: string;
  readonly contentType: string;
  readonly body: Uint8Array;
  /** Octets of the answer that are read. */
  readonly maxBytes: number;
}

/** The answer. */
export interface PostReply {
  readonly status: number;
  /** Verbatim, '' if absent. */
  readonly retryAfter: string;
  /** Verbatim, '' if absent. */
  readonly location: string;
  /** The beginning of the body, as far as it came; '' after a success, whose body nobody needs. */
  readonly text: string;
}

/**
 * Sends once: no redirect is followed, nothing is kept. A success counts as soon as its status is
 * there. Ends at the latest when the socket is destroyed.
 */
export function postExchange(options: PostExchangeOptions): Promise<Outcome<PostReply>> {
  const { socket, authority } = options;
  return new Promise((resolve) => {
    const call = post(options);
    const settle = (outcome: Outcome<PostReply>): void => {
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
      // From here on the response tells how it ends.
      call.off('close', noAnswer);
      readReply(response, options.maxBytes, settle);
    });
  });
}

function post({ socket, authority, path, contentType, body }: PostExchangeOptions): ClientRequest {
  const call = request({
    // Without `agent`: with `agent: false` Node.js would ignore our socket and look the name up itself.
    createConnection: () => socket,
    method: 'POST',
    path,
    setHost: false,
    maxHeaderSize: MAX_HEADER,
    insecureHTTPParser: false,
    headers: {
      Host: authority,
      'Content-Type': contentType,
      'Content-Length': body.length,
      'User-Agent': 'smtp-sts',
      Connection: 'close',
    },
  });
  call.end(body);
  return call;
}

function readReply(
  response: IncomingMessage,
  maxBytes: number,
  settle: (outcome: Outcome<PostReply>) => void,
): void {
  const status = response.statusCode ?? 0;
  const chunks: Buffer[] = [];
  let size = 0;
  const done = (): void =>
    settle(
      ok({
        status,
        retryAfter: response.headers['retry-after'] ?? '',
        location: response.headers.location ?? '',
        text: Buffer.concat(chunks).subarray(0, maxBytes).toString('utf8'),
      }),
    );
  if (status >= 200 && status < 300) {
    done();
    return;
  }
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= maxBytes) done();
  });
  // The status is known: an answer that breaks off says as much.
  response.on('error', done);
  response.on('close', done);
}
