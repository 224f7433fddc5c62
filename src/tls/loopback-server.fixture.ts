/**
 * Servers on loopback for tests of connections.
 *
 * @module
 */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls';

/** A running server. */
export interface LoopbackServer {
  readonly port: number;
  close(): Promise<void>;
}

/** A TCP server; `serve` is called for each connection. */
export async function startTcpServer(serve: (socket: Socket) => void): Promise<LoopbackServer> {
  return await listening(createServer(serve), 'connection');
}

/** A TLS server; `serve` is called after each handshake. */
export async function startTlsServer(
  options: TlsOptions,
  serve: (socket: TLSSocket) => void = () => {},
): Promise<LoopbackServer> {
  const server = createTlsServer(options, serve);
  server.on('secureConnection', (socket: TLSSocket) => socket.on('error', () => {}));
  return await listening(server, 'connection');
}

async function listening(server: Server, event: 'connection'): Promise<LoopbackServer> {
  const sockets = new Set<Socket>();
  server.on(event, (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
