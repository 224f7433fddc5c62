/**
 * A mail server at which letters end, with a manner of its own.
 *
 * @module
 */
import { createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { LabCertificate } from '../../src/lab/types.ts';
import type { Delivery } from './ledger.ts';

/** How a sink behaves. */
export type Manner =
  | 'takes'
  /** 451 to each recipient, or behind the content, the first time. */
  | 'later'
  /** Answers the content after a while: there is always something in flight. */
  | 'slow'
  | 'refuses'
  /** 451 to every recipient, whenever. */
  | 'defers'
  /** Takes the content and never answers the final dot. */
  | 'never-ends'
  /** One octet of each reply at a time. */
  | 'drips'
  /** Never says a word. */
  | 'silent';

/** How a sink is made. */
export interface SinkOptions {
  readonly address: string;
  readonly port: number;
  readonly manner: Manner;
  /** Offers STARTTLS with it. */
  readonly certificate?: LabCertificate;
  readonly onDelivery: (delivery: Delivery) => void;
}

/** A running sink. */
export interface Sink {
  manner: Manner;
  readonly connections: number;
  /** Contents that were taken whole, answered or not. */
  readonly contents: number;
  close(): Promise<void>;
}

const END = '\r\n.\r\n';
const DRIP_MS = 30;
const SLOW_MS = 120;

interface Running {
  manner: Manner;
  readonly options: SinkOptions;
  readonly open: Set<Socket>;
  contents: number;
  /** Who was put off already. */
  readonly putOff: Set<string>;
}

/** Starts one. */
export async function startSink(options: SinkOptions): Promise<Sink> {
  const running: Running = {
    manner: options.manner,
    options,
    open: new Set(),
    contents: 0,
    putOff: new Set(),
  };
  const server = createServer({ noDelay: true }, (socket) => {
    running.open.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => running.open.delete(socket));
    if (running.manner === 'silent') {
      socket.resume();
      return;
    }
    void write(running, socket, '220 sink.proof.test ESMTP\r\n');
    converse(running, socket, false);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: options.address, port: options.port, backlog: 511 }, resolve);
  });
  return {
    get manner() {
      return running.manner;
    },
    set manner(manner) {
      running.manner = manner;
    },
    get connections() {
      return running.open.size;
    },
    get contents() {
      return running.contents;
    },
    async close() {
      for (const socket of running.open) socket.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

interface Transaction {
  from: string;
  recipients: string[];
  begunAt: number;
}

/** Serves one layer of a connection: plain, or the TLS inside it. */
function converse(running: Running, socket: Socket, secure: boolean): void {
  let rest = '';
  let content: string[] | undefined;
  let tail = '';
  let transaction: Transaction = { from: '', recipients: [], begunAt: 0 };
  let turn = Promise.resolve();

  const say = async (text: string): Promise<void> => await write(running, socket, text);

  const endContent = async (text: string): Promise<void> => {
    const { manner } = running;
    const done = transaction;
    transaction = { from: '', recipients: [], begunAt: 0 };
    running.contents += 1;
    if (manner === 'never-ends') return;
    if (manner === 'slow') await sleep(SLOW_MS);
    const key = `dot ${done.recipients.join(' ')}`;
    if (manner === 'later' && !running.putOff.has(key) && text.length % 2 === 0) {
      running.putOff.add(key);
      await say('451 4.3.0 not now\r\n');
      return;
    }
    running.options.onDelivery({ ...done, content: text, endedAt: performance.now() });
    await say('250 2.0.0 taken\r\n');
  };

  const command = async (line: string): Promise<'upgrade' | 'content' | undefined> => {
    const verb = line.slice(0, 4).toUpperCase();
    switch (verb) {
      case 'EHLO': {
        const starttls =
          secure || running.options.certificate === undefined ? '' : '250-STARTTLS\r\n';
        await say(
          `250-sink.proof.test\r\n${starttls}250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n`,
        );
        return undefined;
      }
      case 'STAR':
        return 'upgrade';
      case 'MAIL':
        transaction = { from: pathOf(line), recipients: [], begunAt: performance.now() };
        await say('250 2.1.0 ok\r\n');
        return undefined;
      case 'RCPT':
        await say(recipientReply(running, pathOf(line), transaction));
        return undefined;
      case 'DATA':
        if (transaction.recipients.length === 0) {
          await say('503 5.5.1 nobody to send it to\r\n');
          return undefined;
        }
        await say('354 go ahead\r\n');
        return 'content';
      case 'QUIT':
        await say('221 2.0.0 bye\r\n');
        socket.end();
        return undefined;
      default:
        await say('250 2.0.0 ok\r\n');
        return undefined;
    }
  };

  const work = async (chunk: string): Promise<void> => {
    rest += chunk;
    for (;;) {
      if (content !== undefined) {
        // The end may be cut in two; the first line may be the dot itself.
        const seen = tail + rest;
        const end = seen.indexOf(END);
        if (end === -1) {
          const keep = Math.min(seen.length, END.length - 1);
          content.push(seen.slice(0, seen.length - keep));
          tail = seen.slice(seen.length - keep);
          rest = '';
          return;
        }
        content.push(seen.slice(0, end + 2));
        rest = seen.slice(end + END.length);
        const text = content.join('').replaceAll('\r\n..', '\r\n.');
        content = undefined;
        tail = '';
        await endContent(text);
        continue;
      }
      const end = rest.indexOf('\r\n');
      if (end === -1) return;
      const line = rest.slice(0, end);
      rest = rest.slice(end + 2);
      const next = await command(line);
      if (next === 'content') content = [];
      if (next === 'upgrade') {
        socket.off('data', onData);
        upgrade(running, socket);
        return;
      }
    }
  };
  const onData = (chunk: Buffer): void => {
    turn = turn
      .then(async () => await work(chunk.toString('latin1')))
      .catch(() => {
        socket.destroy();
      });
  };
  socket.on('data', onData);
}

function recipientReply({ manner, putOff }: Running, to: string, transaction: Transaction): string {
  if (manner === 'refuses') return '550 5.1.1 nobody of that name\r\n';
  if (manner === 'defers') return '451 4.3.0 not today\r\n';
  const isOdd = (Number(/-(\d+)@/.exec(to)?.[1] ?? 0) & 1) === 1;
  if (manner === 'later' && isOdd && !putOff.has(to)) {
    putOff.add(to);
    return '451 4.7.1 come back later\r\n';
  }
  transaction.recipients.push(to);
  return '250 2.1.5 ok\r\n';
}

function pathOf(line: string): string {
  return /<([^>]*)>/.exec(line)?.[1] ?? '';
}

function upgrade(running: Running, socket: Socket): void {
  const { certificate } = running.options;
  if (certificate === undefined) {
    socket.destroy();
    return;
  }
  socket.write('220 2.0.0 go ahead\r\n');
  const secureContext = createSecureContext({ key: certificate.key, cert: certificate.chain });
  const tls = new TLSSocket(socket, { isServer: true, secureContext });
  tls.on('error', () => socket.destroy());
  converse(running, tls, true);
}

async function write({ manner }: Running, socket: Socket, text: string): Promise<void> {
  if (manner !== 'drips') {
    socket.write(text, 'latin1');
    return;
  }
  for (const octet of text) {
    if (socket.destroyed) return;
    socket.write(octet, 'latin1');
    await sleep(DRIP_MS);
  }
}
