/**
 * Ports for daemons that cannot choose one by themselves.
 *
 * @module
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** A port of the address that was free for UDP and TCP a moment ago. */
export async function freePort(address: string): Promise<number> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const server = createServer().listen(0, address);
    await once(server, 'listening');
    const bound = server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    const freeForUdp = await bindsUdp(address, port);
    server.close();
    await once(server, 'close');
    if (freeForUdp) return port;
  }
  throw new Error(`no port of ${address} is free for UDP and TCP`);
}

async function bindsUdp(address: string, port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  return await new Promise((resolve) => {
    socket.once('error', () => {
      socket.close();
      resolve(false);
    });
    socket.bind(port, address, () => {
      socket.close();
      resolve(true);
    });
  });
}
