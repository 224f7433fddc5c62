/**
 * The lab's DNS on UDP and TCP: authoritative for its zones and, towards the resolver that asks,
 * the validator that has already checked them.
 *
 * @module
 */
import { createSocket } from 'node:dgram';
import type { Socket as UdpSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { answerMessage } from './dns-message.ts';
import type { LabQuestion } from './dns-message.ts';
import type { LabDns } from './types.ts';
import { createZoneData } from './zone-data.ts';

/** Where the DNS stand-in listens. */
export interface LabDnsOptions {
  /** Default 0: a free one, the same for UDP and TCP. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly address?: string;
}

type Query = LabDns['queries'][number];
type Handle = (message: Buffer, transport: Query['transport']) => Uint8Array | undefined;

const BIND_ATTEMPTS = 20;

/** Starts it. Rejects if the port is taken. */
export async function startLabDns(options: LabDnsOptions = {}): Promise<LabDns> {
  const zones = createZoneData();
  let queries: Query[] = [];
  const note = (question: LabQuestion, transport: Query['transport']): void => {
    queries.push({ ...question, transport });
  };
  const handle: Handle = (message, transport) => {
    const { question, bytes } = answerMessage(zones, message, transport);
    if (question !== undefined) note(question, transport);
    return bytes;
  };
  const address = options.address ?? '127.0.0.1';
  const sockets = await bindBoth(address, options.port ?? 0, handle);

  return {
    address,
    port: sockets.port,
    zone: (apex, mode) => zones.setZone(apex, mode),
    override: (name, mode, type) => zones.setOverride(name, mode, type),
    add: (...records) => zones.add(records),
    remove: (name, type) => zones.remove(name, type),
    get queries() {
      return queries;
    },
    forget() {
      queries = [];
    },
    close: sockets.close,
  };
}

interface Sockets {
  readonly port: number;
  readonly close: () => Promise<void>;
}

/** UDP chooses the port, TCP takes the same one; another try if somebody else has it. */
async function bindBoth(address: string, port: number, handle: Handle): Promise<Sockets> {
  for (let attempt = 1; ; attempt += 1) {
    const udp = await bindUdp(address, port, handle);
    try {
      const tcp = await bindTcp(address, udp.address().port, handle);
      return { port: udp.address().port, close: () => closeBoth(udp, tcp) };
    } catch (error) {
      udp.close();
      if (port !== 0 || attempt === BIND_ATTEMPTS) throw error;
    }
  }
}

async function bindUdp(address: string, port: number, handle: Handle): Promise<UdpSocket> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.on('message', (message, from) => {
    const reply = handle(message, 'udp');
    // Whether it arrives is the asker's concern; a failed send must not end the lab.
    if (reply !== undefined) socket.send(reply, from.port, from.address, () => undefined);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, address, () => {
      socket.off('error', reject);
      socket.on('error', () => undefined);
      resolve();
    });
  });
  return socket;
}

interface TcpServer {
  readonly server: Server;
  readonly open: Set<Socket>;
}

async function bindTcp(address: string, port: number, handle: Handle): Promise<TcpServer> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    serveTcp(socket, handle);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, resolve);
  });
  return { server, open };
}

/** Messages with a length in front (RFC 1035 §4.2.2), as many as the connection carries. */
function serveTcp(socket: Socket, handle: Handle): void {
  let buffered = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk]);
    while (buffered.length >= 2 && buffered.length >= 2 + buffered.readUInt16BE(0)) {
      const length = buffered.readUInt16BE(0);
      const reply = handle(buffered.subarray(2, 2 + length), 'tcp');
      buffered = buffered.subarray(2 + length);
      if (reply === undefined) continue;
      const prefix = Buffer.alloc(2);
      prefix.writeUInt16BE(reply.length);
      socket.write(Buffer.concat([prefix, reply]));
    }
  });
}

async function closeBoth(udp: UdpSocket, tcp: TcpServer): Promise<void> {
  for (const socket of tcp.open) socket.destroy();
  await Promise.all([
    new Promise<void>((resolve) => {
      udp.close(() => resolve());
    }),
    new Promise<void>((resolve) => {
      tcp.server.close(() => resolve());
    }),
  ]);
}
