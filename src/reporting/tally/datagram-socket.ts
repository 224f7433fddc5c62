/**
 * Receives what Postfix ≥ 3.10 tells of its TLS sessions by libtlsrpt, in the place of
 * tlsrpt-collectd.
 *
 * What can be lost, and what of it can be known: a sender never waits. When the kernel holds as many
 * datagrams as `net.unix.max_dgram_qlen` says (10 on most machines), the next one is gone, and the
 * kernel counts that nowhere: the trace is a line in the mail server's log, "Could not report TLS
 * handshake result to tlsrpt library" with errno 13011. The length of that queue is looked at when
 * the socket is opened, and a short one is named. What is known here are the moments in which the
 * reader had to wait for this process (`stalls`), the times without a reader (`restarts`), and
 * datagrams that cannot be read.
 *
 * @module
 */
import type { ChildProcess } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Clock, Timer } from '../../clock.ts';
import { fail, type Failure, type Outcome } from '../../failure.ts';
import type { SocketAccess } from '../../listen/socket-access.ts';
import type { Log } from '../../log/log.ts';
import { readDatagram } from '../../tlsrpt/datagram.ts';
import type { SessionResult } from '../../tlsrpt/session-result.ts';
import { createFrameFinder } from './datagram-frames.ts';
import { checkSocketPath, openToSenders, refusalFailure, socketInode } from './socket-file.ts';
import { launchReader, refusalOf, type SocketSource } from './socket-launcher.ts';

/** How datagrams are received. */
export interface DatagramSocketOptions extends SocketAccess {
  /** Where the socket is made; may be relative. Only its name counts where `fd` is given. */
  readonly path: string;
  /** A descriptor of a socket that is bound already, by systemd: nothing is lost while we restart. */
  readonly fd?: number;
  /** All that a chunk of datagrams told. */
  readonly onResults: (results: readonly SessionResult[]) => void;
  /** A datagram that cannot be read. */
  readonly onInvalid: (failure: Failure) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** What came through the socket since the start. */
export interface DatagramNumbers {
  readonly datagrams: number;
  /** Of those, not readable. */
  readonly invalid: number;
  /** How often the reader had to wait for us: then datagrams may have been lost. */
  readonly stalls: number;
  /** How often the socket or its reader had to be made anew: then datagrams were lost. */
  readonly restarts: number;
  /** Datagrams that the kernel keeps; undefined where it does not say. */
  readonly queueLength: number | undefined;
  readonly isOpen: boolean;
}

/** A socket that is being read. */
export interface DatagramSocket {
  stats(): DatagramNumbers;
  /** Takes no more datagrams, hands over all that were sent before, removes the file. */
  close(): Promise<void>;
}

/** Thrown where the socket cannot be opened. */
export class DatagramSocketError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.detail);
    this.name = 'DatagramSocketError';
    this.failure = failure;
  }
}

/** How often it is looked whether the file is still there. */
const LOOK_MS = 5_000;
/** After a start that failed; doubles up to the second. */
const FIRST_RETRY_MS = 200;
const LONGEST_RETRY_MS = 30_000;
/** A reader whose parent was killed needs a moment to notice. */
const TRIES_IF_TAKEN = 8;
/** A shorter queue loses datagrams in a burst. */
const GOOD_QUEUE = 100;
/** So long a reader may take to hand over what it has, milliseconds. */
const LAST_WORDS_MS = 5_000;

/**
 * Opens the socket, or reads one that is open. Rejects with a {@link DatagramSocketError}. A reader
 * that dies and a file that vanishes are replaced and told in the log.
 */
export async function startDatagramSocket(options: DatagramSocketOptions): Promise<DatagramSocket> {
  const socket = new ReadSocket(options);
  await socket.open();
  return socket;
}

/** A reader that reads. */
interface Reader {
  readonly child: ChildProcess;
  /** Resolves when it has ended and all of its frames were taken. */
  readonly ended: Promise<void>;
  readonly inode: number | undefined;
}

class ReadSocket implements DatagramSocket {
  readonly #options: DatagramSocketOptions;
  readonly #path: string;
  readonly #source: SocketSource;
  readonly #numbers = { datagrams: 0, invalid: 0, stalls: 0, restarts: 0 };
  #queueLength: number | undefined;
  #reader: Reader | undefined;
  #timer: Timer | undefined;
  #work: Promise<void> = Promise.resolve();
  #isClosing = false;

  constructor(options: DatagramSocketOptions) {
    this.#options = options;
    this.#path = resolve(options.path);
    this.#source =
      options.fd === undefined
        ? { kind: 'path', path: this.#path }
        : { kind: 'fd', fd: options.fd };
  }

  async open(): Promise<void> {
    const { clock, log } = this.#options;
    for (let tries = 1; ; tries += 1) {
      const started = await this.#start();
      if (started.ok) break;
      const { failure } = started;
      const mayPass = failure.code === 'DATAGRAM_SOCKET_IN_USE' && tries < TRIES_IF_TAKEN;
      if (!mayPass) throw new DatagramSocketError(failure);
      await clock.sleep(FIRST_RETRY_MS);
    }
    this.#queueLength = kernelQueueLength();
    if ((this.#queueLength ?? GOOD_QUEUE) < GOOD_QUEUE) {
      log.info(
        { code: 'DATAGRAM_QUEUE_SHORT', length: this.#queueLength },
        `the kernel keeps ${this.#queueLength} datagrams: in a burst the mail server loses some; ` +
          'set net.unix.max_dgram_qlen=512 before the socket is made',
      );
    }
    this.#look();
  }

  stats(): DatagramNumbers {
    const isOpen = this.#reader !== undefined;
    return { ...this.#numbers, queueLength: this.#queueLength, isOpen };
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#timer?.cancel();
    await this.#work;
    await this.#stop();
  }

  /** Ends the reader in order: first nobody finds the socket any more, then it is read to its end. */
  async #stop(): Promise<void> {
    const reader = this.#reader;
    if (reader === undefined) return;
    this.#reader = undefined;
    if (this.#source.kind === 'path' && socketInode(this.#path) === reader.inode) {
      rmSync(this.#path, { force: true });
    }
    const timer = this.#options.clock.after(LAST_WORDS_MS, () => reader.child.kill('SIGKILL'));
    reader.child.stdin?.write('q');
    await reader.ended;
    timer.cancel();
  }

  async #start(): Promise<Outcome<void>> {
    const { path } = this.#options;
    if (this.#source.kind === 'path') {
      const place = checkSocketPath(this.#path);
      if (!place.ok) return place;
    }
    const child = launchReader(this.#source);
    // Whatever becomes of it is seen by its end; a pipe without a reader has nothing to add.
    child.stdin?.on('error', () => undefined);
    let errors = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-1_000);
    });
    const ready = Promise.withResolvers<boolean>();
    const ended = Promise.withResolvers<void>();
    let spawnError: NodeJS.ErrnoException | undefined;
    child.on('error', (error) => (spawnError = error));
    child.on('close', () => {
      ready.resolve(false);
      ended.resolve();
    });
    this.#listen(child, () => ready.resolve(true));
    if (!(await ready.promise)) {
      const why = spawnError?.code ?? '';
      if (why === 'ENOENT' && this.#source.kind === 'path') return NO_PERL;
      return refusalFailure(refusalOf(errors), path);
    }
    const inode = this.#source.kind === 'path' ? socketInode(this.#path) : undefined;
    const opened =
      this.#source.kind === 'path' ? openToSenders(this.#path, this.#options) : undefined;
    this.#reader = { child, ended: ended.promise, inode };
    if (opened?.ok === false) {
      await this.#stop();
      return opened;
    }
    void ended.promise.then(() => this.#onEnd(child, errors));
    return { ok: true, value: undefined };
  }

  #listen(child: ChildProcess, onReady: () => void): void {
    const finder = createFrameFinder();
    child.stdout?.on('data', (chunk: Buffer) => {
      const results: SessionResult[] = [];
      for (const { kind, at, content } of finder.take(chunk)) {
        if (kind === 'datagram') this.#read(content, at, results);
        else if (kind === 'ready') onReady();
        else this.#numbers.stalls += 1;
      }
      if (results.length > 0) this.#options.onResults(results);
    });
  }

  #read(content: Uint8Array, at: number, results: SessionResult[]): void {
    this.#numbers.datagrams += 1;
    const reading = readDatagram(content, at);
    if (reading.kind === 'results') {
      results.push(...reading.results);
      return;
    }
    this.#numbers.invalid += 1;
    this.#options.onInvalid(reading.failure);
  }

  #onEnd(child: ChildProcess, errors: string): void {
    if (this.#reader?.child !== child) return;
    this.#reader = undefined;
    const { signalCode, exitCode } = child;
    const reason = errors.trim() || `signal ${signalCode ?? 'none'}, status ${exitCode ?? 'none'}`;
    this.#options.log.error(
      { code: 'DATAGRAM_READER_DIED', reason },
      `the reader of ${this.#options.path} has died and is started again: ${reason}`,
    );
    this.#again();
  }

  #look(): void {
    this.#timer = this.#options.clock.after(LOOK_MS, () => {
      const { path, log } = this.#options;
      const isOurs = this.#source.kind === 'fd' || socketInode(this.#path) === this.#reader?.inode;
      if (isOurs || this.#reader === undefined) {
        this.#look();
        return;
      }
      log.error(
        { code: 'DATAGRAM_SOCKET_VANISHED', path },
        `somebody removed ${path} or put another file there; the socket is made anew`,
      );
      this.#work = this.#stop();
      this.#again();
    });
  }

  /** Starts until it works. */
  #again(): void {
    if (this.#isClosing) return;
    this.#timer?.cancel();
    this.#numbers.restarts += 1;
    this.#work = this.#work.then(async () => await this.#attempt(FIRST_RETRY_MS));
  }

  async #attempt(waitMs: number): Promise<void> {
    if (this.#isClosing) return;
    const started = await this.#start();
    if (started.ok) {
      this.#look();
      return;
    }
    const { failure } = started;
    this.#options.log.error({ ...failure }, `no session results are received: ${failure.detail}`);
    this.#timer = this.#options.clock.after(waitMs, () => {
      this.#work = this.#attempt(Math.min(2 * waitMs, LONGEST_RETRY_MS));
    });
  }
}

const NO_PERL: Outcome<never> = fail(
  'DATAGRAM_NO_LAUNCHER',
  'there is no /usr/bin/perl, which makes the datagram socket, and no socket was handed over',
);

/** How many datagrams wait at most; it holds for sockets that are made from now on. */
function kernelQueueLength(): number | undefined {
  try {
    const length = Number(readFileSync('/proc/sys/net/unix/max_dgram_qlen', 'utf8'));
    return Number.isSafeInteger(length) ? length : undefined;
  } catch {
    return undefined;
  }
}
