/**
 * A name server for tests: UDP and TCP on one loopback port, saying whatever the test wants.
 *
 * @module
 */
import { createSocket } from 'node:dgram';
import type { Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { decode, encode } from 'dns-packet';
import type { Answer, OptAnswer, Packet } from 'dns-packet';
import { FrameReader, frame } from './tcp.ts';

/** A question that arrived. */
export interface SeenQuery {
  readonly name: string;
  readonly type: string;
  readonly id: number;
  readonly transport: 'udp' | 'tcp';
  readonly edns: boolean;
  readonly packet: Packet & { readonly flag_ad?: boolean; readonly flag_cd?: boolean };
  /** Source port. */
  readonly port: number;
}

/** What to answer. Records are as `dns-packet` writes them. */
export interface Reaction {
  readonly rcode?: number;
  /** The upper eight bits, in OPT (RFC 6891 §6.1.3). */
  readonly upperRcode?: number;
  readonly ad?: boolean;
  readonly tc?: boolean;
  readonly aa?: boolean;
  readonly answers?: readonly Answer[];
  readonly authorities?: readonly Answer[];
  /** RFC 8914 info codes. */
  readonly ede?: readonly { readonly code: number; readonly text?: string }[];
  /** Repeat this question instead of the one asked. */
  readonly question?: { readonly name: string; readonly type: string };
  readonly id?: number;
}

/** A reaction, datagrams or stream pieces as they are, or silence. */
export type Said = Reaction | readonly Uint8Array[] | 'silence' | 'close';

/** Decides what to answer. May be replaced while the server runs. */
export type Handler = (query: SeenQuery) => Said;

/** The running server. */
export interface FakeDns extends AsyncDisposable {
  /** `127.0.0.1:port` */
  readonly address: string;
  readonly port: number;
  readonly seen: SeenQuery[];
  handler: Handler;
  /** `name/TYPE` of each question, in order. */
  asked(): string[];
  /** Resolves once `count` questions in all have arrived. */
  arrived(count: number): Promise<void>;
  close(): Promise<void>;
}

/** Starts a server on an ephemeral port. */
export async function startFakeDns(
  handler: Handler,
  { host = '127.0.0.1' }: { readonly host?: string } = {},
): Promise<FakeDns> {
  const { udp, tcp, port } = await bindBoth(host);
  const open = new Set<Socket>();
  const waiters = new Set<() => void>();
  const fake: FakeDns = {
    address: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
    port,
    seen: [],
    handler,
    asked: () => fake.seen.map((query) => `${query.name}/${query.type}`),
    async arrived(count) {
      while (fake.seen.length < count) {
        await new Promise<void>((resolve) => {
          waiters.add(resolve);
        });
      }
    },
    async close() {
      for (const socket of open) socket.destroy();
      const closed = Promise.all([once(udp, 'close'), once(tcp, 'close')]);
      udp.close();
      tcp.close();
      await closed;
    },
    [Symbol.asyncDispose]: () => fake.close(),
  };
  const answer = (octets: Uint8Array, transport: 'udp' | 'tcp', from: number): Said => {
    const query = readQuery(octets, transport, from);
    fake.seen.push(query);
    for (const wake of waiters) wake();
    waiters.clear();
    const said = fake.handler(query);
    return typeof said === 'string' || Array.isArray(said)
      ? said
      : [writeReply(query, said as Reaction)];
  };
  udp.on('message', (octets, from) => {
    const said = answer(octets, 'udp', from.port);
    if (typeof said === 'string') return;
    for (const part of said as readonly Uint8Array[]) udp.send(part, from.port, from.address);
  });
  tcp.on('connection', (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    const frames = new FrameReader();
    socket.on('data', (chunk) => {
      for (const octets of frames.push(chunk)) {
        const said = answer(octets, 'tcp', socket.remotePort ?? 0);
        if (said === 'close') socket.end();
        else if (said !== 'silence') void writePieces(socket, said as readonly Uint8Array[]);
      }
    });
  });
  return fake;
}

/** Puts the TCP length before a reply and cuts the whole into pieces of `size` octets. */
export function framed(query: SeenQuery, reaction: Reaction, size: number): readonly Uint8Array[] {
  const whole = frame(writeReply(query, reaction));
  return Array.from({ length: Math.ceil(whole.length / size) }, (_, index) =>
    whole.subarray(index * size, (index + 1) * size),
  );
}

/** The octets of a reply. */
export function writeReply(query: SeenQuery, reaction: Reaction): Buffer {
  const flags =
    0x0180 |
    (reaction.rcode ?? 0) |
    (reaction.ad === true ? 0x20 : 0) |
    (reaction.tc === true ? 0x200 : 0) |
    (reaction.aa === true ? 0x400 : 0);
  const question = reaction.question ?? query;
  return encode({
    type: 'response',
    id: reaction.id ?? query.id,
    flags,
    questions: [{ name: question.name, type: question.type as 'A', class: 'IN' }],
    answers: [...(reaction.answers ?? [])],
    authorities: [...(reaction.authorities ?? [])],
    additionals: query.edns ? [opt(reaction)] : [],
  });
}

/** A SOA record for the authority section of a denial. */
export function soa(zone: string, ttl: number, minimum: number): Answer {
  return {
    type: 'SOA',
    name: zone,
    ttl,
    data: { mname: `ns.${zone}`, rname: `hostmaster.${zone}`, serial: 1, minimum },
  };
}

/** Answers from a table of `name/TYPE`; anything else is NXDOMAIN with a SOA. */
export function table(entries: Readonly<Record<string, Said>>): Handler {
  return (query) =>
    entries[`${query.name}/${query.type}`] ?? {
      rcode: 3,
      authorities: [soa('test', 60, 60)],
    };
}

function opt({ ede = [], upperRcode = 0 }: Reaction): OptAnswer {
  return {
    type: 'OPT',
    name: '.',
    udpPayloadSize: 1232,
    extendedRcode: upperRcode,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: ede.map(({ code, text = '' }) => ({
      code: 15,
      data: Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(text)]),
    })),
  } as unknown as OptAnswer;
}

function readQuery(octets: Uint8Array, transport: 'udp' | 'tcp', port: number): SeenQuery {
  const packet = decode(Buffer.from(octets));
  const { name, type } = packet.questions![0]!;
  const edns = packet.additionals!.some((record) => record.type === 'OPT');
  return { name, type, id: packet.id!, transport, edns, packet, port };
}

/** Each piece in a packet of its own, as far as one can make it so. */
async function writePieces(socket: Socket, pieces: readonly Uint8Array[]): Promise<void> {
  socket.setNoDelay(true);
  for (const piece of pieces) {
    if (socket.destroyed) return;
    socket.write(piece);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

/** The same port for both: another process may hold one of the two, so try a few. */
async function bindBoth(
  host: string,
): Promise<{ readonly udp: UdpSocket; readonly tcp: Server; readonly port: number }> {
  for (let attempt = 0; ; attempt += 1) {
    const tcp = createServer();
    tcp.listen(0, host);
    await once(tcp, 'listening');
    const { port } = tcp.address() as AddressInfo;
    const udp = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    try {
      udp.bind(port, host);
      await once(udp, 'listening');
      return { udp, tcp, port };
    } catch (error) {
      tcp.close();
      if (attempt === 10) throw error;
    }
  }
}
