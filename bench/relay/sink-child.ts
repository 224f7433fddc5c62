/**
 * Where all messages of the benchmark end: the least that a mail server with STARTTLS can do. It
 * remembers which messages came, so that a lost or a doubled one is seen.
 *
 * Arguments: files of key and chain, address, port.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { preciseNow, serveOrders } from './children.ts';
import { ID_FIELD } from './message.ts';

/** What the parent orders: begin anew; tell once so many messages of the run are there, or none comes any more. */
export type SinkOrder =
  | { readonly kind: 'reset' }
  | { readonly kind: 'await'; readonly run: string; readonly messages: number };

/** What came. */
export interface SinkNumbers {
  /** Different messages of the run. */
  readonly messages: number;
  readonly doubled: number;
  readonly inCleartext: number;
  readonly sessions: number;
  /** Of these, with a TLS session that was resumed. */
  readonly resumed: number;
  readonly protocols: readonly string[];
  readonly firstAt: number;
  readonly lastAt: number;
}

const END = '\r\n.\r\n';
/** A sink that waits for so long for its next message waits in vain, milliseconds. */
const IN_VAIN_MS = 30_000;
const GREETING = '220 sink.bench.test ESMTP\r\n';
const BEFORE_TLS = '250-sink.bench.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 STARTTLS\r\n';
const INSIDE_TLS =
  '250-sink.bench.test\r\n250-PIPELINING\r\n250-SIZE 104857600\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n';

const [keyFile = '', chainFile = '', address = '', port = ''] = process.argv.slice(2);
const secureContext = createSecureContext({
  key: readFileSync(keyFile),
  cert: readFileSync(chainFile),
  minVersion: 'TLSv1.3',
  ecdhCurve: 'X25519',
});

const seen = new Map<string, Set<string>>();
let numbers = nothing();
/** Whoever waits looks again at each message. */
let look = (): void => undefined;

function nothing(): { -readonly [Key in keyof SinkNumbers]: SinkNumbers[Key] } {
  const counts = { messages: 0, doubled: 0, inCleartext: 0, sessions: 0, resumed: 0 };
  return { ...counts, protocols: [], firstAt: 0, lastAt: 0 };
}

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  socket.write(GREETING);
  serve(socket, false);
});
server.listen({ port: Number(port), host: address, backlog: 511 }, () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});

serveOrders(async (order: SinkOrder) => {
  if (order.kind === 'reset') {
    seen.clear();
    numbers = nothing();
    return {};
  }
  return await arrived(order.run, order.messages);
});

async function arrived(run: string, messages: number): Promise<SinkNumbers> {
  const count = (): number => seen.get(run)?.size ?? 0;
  await new Promise<void>((resolve) => {
    let timer = setTimeout(resolve, IN_VAIN_MS);
    look = () => {
      clearTimeout(timer);
      if (count() >= messages) resolve();
      else timer = setTimeout(resolve, IN_VAIN_MS);
    };
    look();
  });
  look = () => undefined;
  return { ...numbers, messages: count() };
}

function came(id: string, secure: boolean): void {
  const [run = '', number = ''] = id.split('.');
  const ids = seen.get(run) ?? new Set();
  seen.set(run, ids);
  if (ids.has(number)) numbers.doubled += 1;
  ids.add(number);
  if (!secure) numbers.inCleartext += 1;
  numbers.lastAt = preciseNow();
  if (numbers.firstAt === 0) numbers.firstAt = numbers.lastAt;
  look();
}

/** One connection; after STARTTLS its TLS layer is served as another. */
function serve(socket: Socket, secure: boolean): void {
  let rest = '';
  let content: string | undefined;
  let head = '';
  const onData = (chunk: Buffer): void => {
    // Octets as characters: one search for the end, whatever the message holds.
    rest += chunk.toString('latin1');
    let replies = '';
    for (;;) {
      if (content !== undefined) {
        const end = rest.indexOf(END);
        if (head.length < 4_096) head += rest.slice(0, 4_096);
        if (end === -1) {
          // The end may be cut in two.
          rest = rest.slice(-(END.length - 1));
          break;
        }
        rest = rest.slice(end + END.length);
        content = undefined;
        const at = head.indexOf(ID_FIELD);
        came(head.slice(at + ID_FIELD.length, head.indexOf('\r', at)), secure);
        head = '';
        replies += '250 2.0.0 taken\r\n';
        continue;
      }
      const end = rest.indexOf('\r\n');
      if (end === -1) break;
      const command = rest.slice(0, 4).toUpperCase();
      rest = rest.slice(end + 2);
      if (command === 'STAR') {
        socket.off('data', onData);
        secured(socket);
        return;
      }
      if (command === 'DATA') content = '';
      replies += replyTo(command, secure);
      if (command === 'QUIT') {
        socket.end(replies);
        return;
      }
    }
    if (replies !== '') socket.write(replies, 'latin1');
  };
  socket.on('data', onData);
}

function replyTo(command: string, secure: boolean): string {
  switch (command) {
    case 'EHLO':
      return secure ? INSIDE_TLS : BEFORE_TLS;
    case 'DATA':
      return '354 go ahead\r\n';
    case 'QUIT':
      return '221 2.0.0 bye\r\n';
    default:
      return '250 2.1.0 ok\r\n';
  }
}

function secured(socket: Socket): void {
  socket.write('220 2.0.0 go ahead\r\n');
  const tls = new TLSSocket(socket, { isServer: true, secureContext });
  tls.on('error', () => socket.destroy());
  tls.once('secure', () => {
    numbers.sessions += 1;
    if (tls.isSessionReused()) numbers.resumed += 1;
    const protocol = tls.getProtocol() ?? 'none';
    if (!numbers.protocols.includes(protocol)) numbers.protocols = [...numbers.protocols, protocol];
  });
  serve(tls, true);
}
