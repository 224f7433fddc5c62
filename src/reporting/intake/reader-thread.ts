/**
 * Reads reports for whoever serves others meanwhile: large ones in a thread of their own, for a
 * single one may take a tenth of a second.
 *
 * @module
 */
import { Worker } from 'node:worker_threads';
import type { Clock, Timer } from '../../clock.ts';
import { readReport, type ReportHints, type ReportReading } from '../../tlsrpt/read-report.ts';
import { readReportFile } from '../../tlsrpt/read-report-file.ts';
import type { ReadAnswer, ReadOrder } from './read-worker.ts';
import type { ReadReport } from './take-in-report.ts';

/** Reads reports. */
export interface ReaderThread {
  readonly read: ReadReport;
  /** Is the thread there now? */
  readonly isRunning: () => boolean;
  close(): Promise<void>;
}

/** What it is made of. */
export interface ReaderThreadOptions {
  readonly clock: Clock;
  /** Starts the thread; default: ours. */
  readonly start?: () => Worker;
}

/** Octets of JSON that are read at once: most reports have a few thousand. */
const SMALL_OCTETS = 65_536;
/** So long without a large report, and the thread is not kept any longer, milliseconds. */
const IDLE_MS = 60_000;

/** The thread's program beside this file, as source or compiled. */
const PROGRAM = new URL(
  `read-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`,
  import.meta.url,
);

function startWorker(): Worker {
  return new Worker(PROGRAM);
}

/** Without the thread at first: most never need it. */
export function createReaderThread({
  clock,
  start = startWorker,
}: ReaderThreadOptions): ReaderThread {
  let thread: Thread | undefined;
  let idle: Timer | undefined;
  const end = async (): Promise<void> => {
    idle?.cancel();
    const ended = thread;
    thread = undefined;
    await ended?.worker.terminate();
  };
  const readJson = async (json: Uint8Array, hints?: ReportHints): Promise<ReportReading> => {
    if (json.length <= SMALL_OCTETS) return readReport(json, hints);
    idle?.cancel();
    try {
      if (thread?.hasEnded() !== false) thread = openThread(start());
      return await thread.read(json, hints);
    } catch {
      // It could not be started, or has ended: then the others wait for a moment.
      return readReport(json, hints);
    } finally {
      idle?.cancel();
      if (thread?.isBusy() === false) idle = clock.after(IDLE_MS, () => void end());
    }
  };
  return {
    read: async (bytes, options) => await readReportFile(bytes, { ...options, readJson }),
    isRunning: () => thread?.hasEnded() === false,
    close: end,
  };
}

interface Thread {
  readonly worker: Worker;
  /** Rejects when the thread has ended. */
  read(json: Uint8Array, hints?: ReportHints): Promise<ReportReading>;
  readonly isBusy: () => boolean;
  readonly hasEnded: () => boolean;
}

function openThread(worker: Worker): Thread {
  const waiting = new Map<number, PromiseWithResolvers<ReportReading>>();
  let [number, ended] = [0, false];
  const end = (): void => {
    ended = true;
    for (const { reject } of waiting.values()) reject(new Error('the thread has ended'));
    waiting.clear();
  };
  worker.on('message', (answer: ReadAnswer) => {
    waiting.get(answer.number)?.resolve(answer.reading);
    waiting.delete(answer.number);
  });
  worker.on('error', end);
  worker.on('exit', end);
  // Whoever wants to end need not wait for it.
  worker.unref();
  return {
    worker,
    async read(json, hints) {
      if (ended) throw new Error('the thread has ended');
      number += 1;
      const answer = Promise.withResolvers<ReportReading>();
      waiting.set(number, answer);
      const own = Uint8Array.from(json);
      const order: ReadOrder = { number, json: own, ...(hints === undefined ? {} : { hints }) };
      worker.postMessage(order, [own.buffer]);
      return await answer.promise;
    },
    isBusy: () => waiting.size > 0,
    hasEnded: () => ended,
  };
}
