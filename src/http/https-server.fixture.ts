/**
 * HTTPS servers on loopback for tests, which say exactly what a test wants them to.
 *
 * @module
 */
import {
  createServer as createTcpServer,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net';
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls';

/** A server, and what it has seen. */
export interface TestServer {
  readonly port: number;
  /** SNI names of finished handshakes. */
  readonly names: (string | false)[];
  /** Heads of requests, verbatim. */
  readonly requests: string[];
  /** Connections taken, of whatever kind. */
  readonly connections: () => number;
  close(): Promise<void>;
}

/** How a test server acts. */
export interface TestServerOptions {
  /** PEM. */
  readonly certificate: { readonly key: string; readonly chain: string };
  /** Answers one request: writes whatever it likes. */
  readonly answer: (socket: TLSSocket, head: string) => void;
  /** Default 127.0.0.1. */
  readonly address?: string;
  readonly port?: number;
  readonly tls?: TlsOptions;
}

/** Starts a server that reads the head of one request on each connection and lets the test answer. */
export async function startTestServer(options: TestServerOptions): Promise<TestServer> {
  const names: (string | false)[] = [];
  const requests: string[] = [];
  const { certificate } = options;
  const server = createServer(
    { key: certificate.key, cert: certificate.chain, ...options.tls },
    (socket) => {
      names.push((socket as TLSSocket & { servername: string | false }).servername);
      let head = '';
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        head += chunk.toString('latin1');
        if (!head.endsWith('\r\n\r\n')) return;
        requests.push(head);
        options.answer(socket, head);
        head = '';
      });
    },
  );
  server.on('tlsClientError', () => undefined);
  return listen(server, { names, requests, ...options });
}

/** Starts a TCP server that hands each connection to the test. */
export async function startTcpServer(
  onSocket: (socket: Socket) => void,
  address = '127.0.0.1',
): Promise<TestServer> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  return listen(server, { names: [], requests: [], address });
}

async function listen(
  server: Server,
  options: {
    readonly names: (string | false)[];
    readonly requests: string[];
    readonly address?: string;
    readonly port?: number;
  },
): Promise<TestServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, options.address ?? '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    names: options.names,
    requests: options.requests,
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** A response with the right length. */
export function response(body: string, head = 'Content-Type: text/plain'): string {
  return `HTTP/1.1 200 OK\r\n${head}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}
