/**
 * The load generator, a process of its own: hands in messages over sessions that stay, as fast as
 * they are taken. Envelope commands go out together (PIPELINING, RFC 2920), as every mail server
 * and library with a pool does it.
 *
 * @module
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { preciseNow, serveOrders } from './children.ts';
import { bodyOf, headOf } from './message.ts';

/** What to hand in. */
export interface LoadOrder {
  readonly run: string;
  readonly host: string;
  readonly port: number;
  readonly sessions: number;
  /** Of one message. */
  readonly octets: number;
  /** Taken in turn, one for each message. */
  readonly recipients: readonly string[];
  /** How long, or how many. */
  readonly until: { readonly ms: number } | { readonly messages: number };
}

/** What came of it. */
export interface LoadResult {
  readonly accepted: number;
  readonly startedAt: number;
  readonly endedAt: number;
  /** From MAIL FROM to the `250` behind the content, milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

const TLS_NAME = 'relay.bench.test';

process.send?.({});
serveOrders(load);

async function load(order: LoadOrder): Promise<LoadResult> {
  const sessions = await Promise.all(Array.from({ length: order.sessions }, () => open(order)));
  const body = Buffer.from(`${bodyOf(order.octets)}.\r\n`, 'latin1');
  const latencies: number[] = [];
  let next = 0;
  const startedAt = preciseNow();
  const over = (): boolean =>
    'ms' in order.until ? preciseNow() - startedAt >= order.until.ms : next >= order.until.messages;
  await Promise.all(
    sessions.map(async (session) => {
      while (!over()) {
        const number = next;
        next += 1;
        const recipient = order.recipients[number % order.recipients.length] ?? '';
        const begun = performance.now();
        await session.say(
          `MAIL FROM:<alice@sender.lab.test>\r\nRCPT TO:<${recipient}>\r\nDATA\r\n`,
          ['250', '250', '354'],
        );
        await session.say(Buffer.concat([Buffer.from(headOf(order.run, number)), body]), ['250']);
        latencies.push(performance.now() - begun);
      }
    }),
  );
  const endedAt = preciseNow();
  for (const session of sessions) session.close();
  const sorted = Float64Array.from(latencies).sort();
  return {
    accepted: sorted.length,
    startedAt,
    endedAt,
    p50: sorted[Math.floor(sorted.length * 0.5)] ?? 0,
    p99: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
  };
}

interface Session {
  /** Sends, and waits for replies that begin so; any other is an error. */
  say(what: string | Buffer, wanted: readonly string[]): Promise<void>;
  close(): void;
}

async function open({ host, port }: LoadOrder): Promise<Session> {
  const socket = connect({ host, port, noDelay: true });
  await once(socket, 'connect');
  const plain = converse(socket);
  await plain.say('', ['220']);
  await plain.say('EHLO sender.lab.test\r\n', ['250']);
  await plain.say('STARTTLS\r\n', ['220']);
  plain.leave();
  const tls = connectTls({
    socket,
    servername: TLS_NAME,
    // Who it is plays no part here, and costs the same with all.
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
    ecdhCurve: 'X25519',
  });
  await once(tls, 'secureConnect');
  const session = converse(tls);
  await session.say('EHLO sender.lab.test\r\n', ['250']);
  return session;
}

function converse(socket: Socket): Session & { leave(): void } {
  let text = '';
  let waiting: { wanted: readonly string[]; done: PromiseWithResolvers<void> } | undefined;
  const look = (): void => {
    if (waiting === undefined) return;
    const { wanted, done } = waiting;
    const lines = text.split('\r\n');
    const replies = lines.slice(0, -1).filter((line) => line[3] !== '-');
    const wrong = replies.find((line, index) => !line.startsWith(wanted[index] ?? '?'));
    if (wrong === undefined && replies.length < wanted.length) return;
    text = '';
    waiting = undefined;
    if (wrong === undefined) done.resolve();
    else done.reject(new Error(`the server says ${wrong} instead of ${wanted.join(', ')}`));
  };
  const onData = (chunk: Buffer): void => {
    text += chunk.toString('latin1');
    look();
  };
  const onEnd = (): void => waiting?.done.reject(new Error('the server has hung up'));
  socket.on('data', onData);
  socket.on('error', onEnd);
  socket.on('close', onEnd);
  return {
    async say(what, wanted) {
      const done = Promise.withResolvers<void>();
      waiting = { wanted, done };
      if (what.length > 0) socket.write(what);
      look();
      await done.promise;
    },
    leave() {
      socket.off('data', onData);
    },
    close() {
      socket.off('close', onEnd);
      socket.end('QUIT\r\n');
    },
  };
}
