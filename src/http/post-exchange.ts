/**
 * One POST over a connection that is already made (RFC 9112): what counts is the status.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { ok, type Outcome } from '../failure.ts';
import { callOnce } from './one-call.ts';

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
export async function postExchange(options: PostExchangeOptions): Promise<Outcome<PostReply>> {
  const { contentType, body, maxBytes } = options;
  return await callOnce<PostReply>({
    ...options,
    method: 'POST',
    headers: { 'Content-Type': contentType, 'Content-Length': body.length },
    onResponse: (response, settle) => readReply(response, maxBytes, settle),
  });
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
