/**
 * Finds a port that is free on several loopback addresses at once.
 *
 * @module
 */
import { createServer } from 'node:net';

const ATTEMPTS = 50;
/** Below the range from which systems take ports for outgoing connections. */
const FIRST = 20_000;
const COUNT = 10_000;

/** A TCP port that nobody listens on at any of the addresses right now. */
export async function freePort(addresses: readonly string[]): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    const free = await Promise.all(addresses.map((address) => isFree(address, port)));
    if (free.every(Boolean)) return port;
  }
  throw new Error(`no port is free on ${addresses.length} addresses`);
}

async function isFree(address: string, port: number): Promise<boolean> {
  return await new Promise<boolean>((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, address, () => {
      probe.close(() => resolve(true));
    });
  });
}
