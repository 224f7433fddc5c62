/**
 * Posting reports, and speaking HTTP octet for octet, in tests.
 *
 * @module
 */
import { request as plainRequest, type Agent, type IncomingHttpHeaders } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { connect, type Socket } from 'node:net';

/** What came back. */
export interface Posted {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** How it is posted. */
export interface PostOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly agent?: Agent;
  readonly ca?: string;
}

/** Sends one request; pieces go out as chunks, a single body with its length. */
export async function post(
  url: string,
  body: Uint8Array | string | readonly Uint8Array[] = '',
  { method = 'POST', headers = {}, agent, ca }: PostOptions = {},
): Promise<Posted> {
  const send = url.startsWith('https:') ? tlsRequest : plainRequest;
  return await new Promise<Posted>((resolve, reject) => {
    const outgoing = send(url, {
      method,
      headers,
      agent: agent ?? false,
      ...(ca !== undefined && { ca, servername: 'localhost' }),
    });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          text: Buffer.concat(pieces).toString(),
        }),
      );
    });
    if (headers['expect'] !== undefined) {
      outgoing.on('continue', () => outgoing.end(body as Uint8Array));
      outgoing.flushHeaders();
    } else if (Array.isArray(body)) {
      for (const piece of body as readonly Uint8Array[]) outgoing.write(piece);
      outgoing.end();
    } else outgoing.end(body as Uint8Array);
  });
}

/** The code of an error in an answer. */
export function codeOf({ text }: Posted): string {
  return (JSON.parse(text) as { readonly error: { readonly code: string } }).error.code;
}

/** A connection that sends what it is told. */
export interface RawClient extends Disposable {
  readonly socket: Socket;
  send(text: string | Uint8Array): void;
  /** Resolves as soon as what was heard holds the text. */
  until(text: string): Promise<string>;
  /** All that comes until the server ends the connection. */
  rest(): Promise<string>;
}

/** Connects to the port of a URL. */
export function rawClient(url: string): RawClient {
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname.replaceAll(/[[\]]/g, ''));
  let heard = '';
  let ended = false;
  let wake = (): void => undefined;
  const over = Promise.withResolvers<void>();
  socket.on('data', (bytes: Buffer) => {
    heard += bytes.toString('latin1');
    wake();
  });
  for (const event of ['end', 'close', 'error']) {
    socket.on(event, () => {
      ended = true;
      over.resolve();
      wake();
    });
  }
  const more = async (): Promise<void> =>
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  return {
    socket,
    send: (text) => void socket.write(text),
    async until(text) {
      while (!heard.includes(text)) {
        if (ended) throw new Error(`the server ended the connection: "${heard}"`);
        await more();
      }
      return heard;
    },
    async rest() {
      await over.promise;
      return heard;
    },
    [Symbol.dispose]: () => void socket.destroy(),
  };
}
