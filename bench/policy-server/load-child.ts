/**
 * The load generator, a process of its own: asks a socketmap server as fast as it answers. The
 * instructions come as a message, the result goes back as one.
 *
 * @module
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** What to ask. */
export interface LoadOrder {
  readonly port: number;
  readonly connections: number;
  /** Requests that are sent together and waited for together. */
  readonly depth: number;
  /** Map name and key of each request; taken in turn. */
  readonly requests: readonly string[];
  /** How long; absent: until each request has been asked once. */
  readonly ms?: number;
}

/** What came of it. */
export interface LoadResult {
  readonly answersPerSecond: number;
  /** From sending to the last reply of what was sent together, milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Replies that did not begin with `OK`. */
  readonly notOk: number;
}

const COLON = 0x3a;
const LETTER_O = 0x4f;

process.on('message', (order: LoadOrder) => {
  void load(order).then((result) => process.send?.(result));
});
process.on('disconnect', () => process.exit());

async function load(order: LoadOrder): Promise<LoadResult> {
  const { port, connections, depth, ms } = order;
  const requests = order.requests.map((text) => `${text.length}:${text},`);
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)));
  const latencies: number[] = [];
  let [next, answers, notOk] = [0, 0, 0];
  const start = performance.now();
  const more = (): string => {
    if (ms !== undefined && performance.now() - start >= ms) return '';
    let batch = '';
    for (let count = 0; count < depth; count += 1) {
      if (ms === undefined && next >= requests.length) break;
      batch += requests[next % requests.length];
      next += 1;
    }
    return batch;
  };
  await Promise.all(
    sockets.map((socket) =>
      talk(socket, more, (count, bad, took) => {
        answers += count;
        notOk += bad;
        latencies.push(took);
      }),
    ),
  );
  const elapsed = performance.now() - start;
  const sorted = Float64Array.from(latencies).sort();
  return {
    answersPerSecond: (answers / elapsed) * 1000,
    p50: sorted[Math.floor(sorted.length * 0.5)] ?? 0,
    p99: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
    notOk,
  };
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  return socket;
}

/** Sends what `more` gives, waits for its replies, and again, until there is no more. */
async function talk(
  socket: Socket,
  more: () => string,
  done: (answers: number, notOk: number, ms: number) => void,
): Promise<void> {
  await new Promise<void>((resolve) => {
    let [wanted, got, notOk, sentAt] = [0, 0, 0, 0];
    let rest: Buffer | undefined;
    const send = (): void => {
      const batch = more();
      if (batch === '') {
        socket.destroy();
        resolve();
        return;
      }
      wanted = batch.split(',').length - 1;
      got = 0;
      notOk = 0;
      sentAt = performance.now();
      socket.write(batch, 'latin1');
    };
    socket.on('data', (chunk: Buffer) => {
      const octets = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
      let at = 0;
      for (;;) {
        const end = endOf(octets, at);
        if (end === undefined) break;
        if (octets[octets.indexOf(COLON, at) + 1] !== LETTER_O) notOk += 1;
        got += 1;
        at = end;
      }
      rest = at < octets.length ? octets.subarray(at) : undefined;
      if (got < wanted) return;
      done(got, notOk, performance.now() - sentAt);
      send();
    });
    socket.on('error', () => resolve());
    send();
  });
}

/** Where the netstring that begins at `from` ends, if all of it is here. */
function endOf(octets: Buffer, from: number): number | undefined {
  let length = 0;
  for (let at = from; at < octets.length; at += 1) {
    if (octets[at] === COLON) {
      const end = at + 1 + length + 1;
      return end <= octets.length ? end : undefined;
    }
    length = length * 10 + octets[at]! - 0x30;
  }
  return undefined;
}
