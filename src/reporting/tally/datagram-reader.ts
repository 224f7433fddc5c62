/**
 * The program that reads a datagram socket, in a process of its own: Node.js can read one only by
 * standing still, and such a thread can only be ended from outside. One thread reads, the other
 * passes frames on to standard output; between them is room for what comes while nobody listens.
 *
 * `node datagram-reader.ts FD`. The letter `q` on standard input asks it to pass on what is there
 * and end; the end of standard input means that whoever started it is gone.
 *
 * @module
 */
import { readSync } from 'node:fs';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { systemClock } from '../../clock.ts';
import { FRAME_HEADER, writeFrameHeader } from './datagram-frames.ts';
import {
  ringInput,
  ringMemory,
  ringOutput,
  type RingInput,
  type RingMemory,
  type RingOutput,
} from './datagram-ring.ts';

/** Longer datagrams are cut by the kernel; one octet more shows that. */
const MOST_OCTETS = 262_144 + 1;
/** Forty thousand common datagrams: a second of a busy mail server. */
const RING_OCTETS = 16 * 1024 * 1024;
const MOST_AT_ONCE = 64 * 1024;
/** So long nothing has come when all is taken for read, milliseconds. */
const QUIET_MS = 30;

interface ReaderData {
  readonly fd: number;
  readonly memory: RingMemory;
}

if (isMainThread) {
  passOn(Number(process.argv[2]));
} else {
  const { fd, memory } = workerData as ReaderData;
  readForever(
    fd,
    ringInput(memory, () => parentPort?.postMessage('more', [])),
  );
}

/** Reads and never returns. */
function readForever(fd: number, ring: RingInput): never {
  const buffer = Buffer.alloc(FRAME_HEADER + MOST_OCTETS);
  const put = (kind: 'datagram' | 'ready' | 'stalled', length: number): void => {
    writeFrameHeader(buffer, kind, length, systemClock.now());
    ring.put(buffer.subarray(0, FRAME_HEADER + length));
  };
  put('ready', 0);
  const nothing = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    const length = readOne(fd, buffer);
    if (length === undefined) {
      // A socket that somebody set so does not wait by itself.
      Atomics.wait(nothing, 0, 0, 1);
      continue;
    }
    const isFull = !ring.hasRoom(FRAME_HEADER + length);
    put('datagram', length);
    if (isFull) put('stalled', 0);
  }
}

/** The length of the next datagram; undefined where there is none yet. */
function readOne(fd: number, buffer: Buffer): number | undefined {
  try {
    return readSync(fd, buffer, FRAME_HEADER, MOST_OCTETS, null);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'EAGAIN' || code === 'EINTR') return undefined;
    throw error;
  }
}

function passOn(fd: number): void {
  const memory = ringMemory(RING_OCTETS);
  const ring = ringOutput(memory);
  const end = (): void => void process.kill(process.pid, 'SIGKILL');
  const workerOptions = { workerData: { fd, memory } satisfies ReaderData };
  const worker = new Worker(new URL(import.meta.url), workerOptions);
  // One at a time: two would pass the same octets on.
  let draining: Promise<void> = Promise.resolve();
  const drain = async (): Promise<void> => {
    draining = draining.then(async () => await drainRing(ring));
    await draining;
  };
  const drainOrEnd = (): void => void drain().catch(end);
  /** The other thread reads as fast as it can: what has not come after a while was not there. */
  const drainAndEnd = (): void => void systemClock.sleep(QUIET_MS).then(drain).finally(end);
  worker.on('message', drainOrEnd);
  // Until somebody has looked for the first time, nobody is woken.
  drainOrEnd();
  worker.on('error', (error) => {
    process.stderr.write(`reader ${(error as NodeJS.ErrnoException).code ?? error.message}\n`, end);
  });
  // A signal to the whole family is for the parent, which then ends this process in order.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => undefined);
  process.stdout.on('error', end);
  process.stdin.on('data', drainAndEnd);
  process.stdin.on('end', end);
}

async function drainRing(ring: RingOutput): Promise<void> {
  for (;;) {
    const octets = ring.peek(MOST_AT_ONCE);
    if (octets.length === 0) return;
    await new Promise<void>((resolve, reject) => {
      process.stdout.write(octets, (error) => (error ? reject(error) : resolve()));
    });
    ring.drop(octets.length);
  }
}
