/**
 * One GET over a connection that is already made and verified (RFC 9112).
 *
 * @module
 */
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { fail, ok, type Outcome } from '../failure.ts';
import { quoted } from '../problems.ts';
import { tlsFailure } from '../tls/tls-failure.ts';

/** The largest header that is read, in octets. */
export const MAX_HEADER = 16_384;

/** 1xx answers before the one that counts (RFC 9110 §15.2); a flood of them is work without end. */
export const MAX_INFORMATIONAL = 5;

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
export function exchange(options: ExchangeOptions): Promise<Outcome<Reply>> {
  const { socket, authority } = options;
  return new Promise((resolve) => {
    const call = get(options);
    const settle = (outcome: Outcome<Reply>): void => {
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
      const fault = headFault(response, options);
      if (fault === undefined) readBody(response, options, settle);
      else settle(fault);
    });
  });
}

function get({ socket, authority, path }: ExchangeOptions): ClientRequest {
  const call = request({
    // Without `agent`: with `agent: false` Node.js would ignore our socket and look the name up itself.
    createConnection: () => socket,
    method: 'GET',
    path,
    setHost: false,
    maxHeaderSize: MAX_HEADER,
    insecureHTTPParser: false,
    headers: {
      Host: authority,
      Accept: 'text/plain',
      'Accept-Encoding': 'identity',
      'User-Agent': 'smtp-sts',
      Connection: 'close',
    },
  });
  call.end();
  return call;
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

/** What an error of the request means. */
export function callFailure(
  error: NodeJS.ErrnoException,
  options: Pick<ExchangeOptions, 'authority' | 'socket'>,
): Outcome<never> {
  const { authority, socket } = options;
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
