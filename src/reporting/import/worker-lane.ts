/**
 * A thread of its own that understands reports.
 *
 * @module
 */
import { Worker } from 'node:worker_threads';
import type { Log } from '../../log/log.ts';
import { unpackParcel } from './parcel.ts';
import type { ReportSource, Understood, UnderstandSettings } from './types.ts';
import type { WorkerOrder, WorkerWord } from './understand-worker.ts';

/** A thread that understands reports. */
export interface WorkerLane {
  /** In the order of the sources. Rejects when the thread has ended; nothing was lost by it. */
  understand(sources: readonly ReportSource[]): Promise<readonly Understood[]>;
  /** Lists under way. */
  readonly load: () => number;
  /** Resolves when the next list under way is done, or never will be. */
  progress(): Promise<void>;
  readonly hasEnded: () => boolean;
  close(): Promise<void>;
}

/** The thread's program beside this file, as source or compiled. */
const PROGRAM = new URL(
  `understand-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`,
  import.meta.url,
);

/** Without what its owner has added. */
function bare(source: ReportSource): ReportSource {
  const { kind, octets } = source;
  return kind === 'file'
    ? { kind, path: source.path, octets }
    : { kind, bytes: source.bytes, octets };
}

/** Starts a thread; resolves when it is ready, rejects if it cannot be started. */
export async function startWorkerLane(settings: UnderstandSettings, log: Log): Promise<WorkerLane> {
  const worker = new Worker(PROGRAM, { workerData: settings });
  const waiting = new Map<number, PromiseWithResolvers<readonly Understood[]>>();
  const ready = Promise.withResolvers<void>();
  let number = 0;
  let ended: Error | undefined;
  const end = (reason: unknown): void => {
    ended ??= reason instanceof Error ? reason : new Error(String(reason));
    ready.reject(ended);
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  };
  const hear = (word: WorkerWord): void => {
    switch (word.kind) {
      case 'ready':
        ready.resolve();
        return;
      case 'done':
        waiting.get(word.number)?.resolve(unpackParcel(word.parcel));
        waiting.delete(word.number);
        return;
      case 'error':
        log.error(word.fields, word.message);
        return;
    }
  };
  worker.on('message', hear);
  worker.on('error', end);
  worker.on('exit', (code) => end(`the thread has ended with ${code}`));
  await ready.promise;
  return {
    async understand(sources) {
      if (ended !== undefined) throw ended;
      number += 1;
      const done = Promise.withResolvers<readonly Understood[]>();
      waiting.set(number, done);
      const order: WorkerOrder = { number, sources: sources.map(bare) };
      worker.postMessage(order, []);
      return await done.promise;
    },
    load: () => waiting.size,
    async progress() {
      await Promise.race(Array.from(waiting.values(), ({ promise }) => promise)).catch(() => {});
    },
    hasEnded: () => ended !== undefined,
    async close() {
      await worker.terminate();
    },
  };
}
