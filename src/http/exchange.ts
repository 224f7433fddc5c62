/**
 * One GET over a connection that is already made and verified (RFC 9112).
 *
 * @module
 */
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { fail, ok, type Outcome } from '../failure.ts';
import { quoted } from '../problems.ts';
import { callOnce } from './one-call.ts';

/** What to ask for. */
export interface ExchangeOptions {
  readonly socket: TLSSocket;
  /** For the `Host` header: with the port where it is not 443. */
  readonly authority: string;
  readonly path: string;
  /** Octets of body. */
  readonly maxBytes: number;
}

/** The body of an answer with status 200, whole. */
export interface Reply {
  readonly body: Uint8Array;
  /** Verbatim, '' if absent. */
  readonly contentType: string;
  /** See `FetchedDocument`. */
  readonly endIsCertain: boolean;
}

/**
 * Asks once: no redirect is followed, nothing is cached, no cookie or credential is sent
 * (RFC 8461 §3.3). Ends at the latest when the socket is destroyed.
 */
export async function exchange(options: ExchangeOptions): Promise<Outcome<Reply>> {
  return await callOnce<Reply>({
    ...options,
    method: 'GET',
    headers: { Accept: 'text/plain', 'Accept-Encoding': 'identity' },
    onResponse: (response, settle) => {
      const fault = headFault(response, options);
      if (fault === undefined) readBody(response, options, settle);
      else settle(fault);
    },
  });
}

/** What in the head of the answer makes its body worthless. */
function headFault(
  response: IncomingMessage,
  { authority, maxBytes }: ExchangeOptions,
): Outcome<never> | undefined {
  const status = response.statusCode ?? 0;
  if (status >= 300 && status < 400 && response.headers.location !== undefined) {
    const to = quoted(response.headers.location);
    return fail('HTTP_REDIRECT', `${authority} answered ${status}, a redirect to ${to}`);
  }
  if (status !== 200) {
    const reasonCode = `http-${status}`;
    return fail('HTTP_STATUS', `${authority} answered ${status}, not 200`, { reasonCode });
  }
  const encoding = response.headers['content-encoding'] ?? 'identity';
  const transfer = response.headers['transfer-encoding'] ?? 'chunked';
  if (!/^identity$/i.test(encoding.trim()) || !/^chunked$/i.test(transfer.trim())) {
    const found = /^chunked$/i.test(transfer.trim()) ? encoding : transfer;
    return fail('HTTP_CONTENT_ENCODING', `${authority} sent the encoding ${quoted(found)}`);
  }
  const length = Number(response.headers['content-length'] ?? 0);
  if (length > maxBytes) {
    return fail(
      'HTTP_TOO_LARGE',
      `${authority} announced ${length} octets, allowed are ${maxBytes}`,
    );
  }
  return undefined;
}

function readBody(
  response: IncomingMessage,
  { authority, maxBytes }: ExchangeOptions,
  settle: (outcome: Outcome<Reply>) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  const cutOff = (): void =>
    settle(fail('HTTP_TRUNCATED', `${authority} broke off after ${size} octets of the document`));
  response.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > maxBytes) {
      settle(fail('HTTP_TOO_LARGE', `${authority} sent more than ${maxBytes} octets`));
    } else {
      chunks.push(chunk);
    }
  });
  response.on('error', cutOff);
  response.on('close', cutOff);
  response.on('end', () => {
    if (!response.complete) {
      cutOff();
      return;
    }
    const { headers } = response;
    settle(
      ok({
        body: new Uint8Array(Buffer.concat(chunks)),
        contentType: headers['content-type'] ?? '',
        endIsCertain: (headers['content-length'] ?? headers['transfer-encoding']) !== undefined,
      }),
    );
  });
}
