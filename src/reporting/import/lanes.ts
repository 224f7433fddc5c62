/**
 * Where reports are understood: in this thread, and in others once there are enough of them to be
 * worth the start.
 *
 * @module
 */
import { availableParallelism } from 'node:os';
import type { Log } from '../../log/log.ts';
import { gathering } from '../../store/group-commit.ts';
import type { ReportSource, Understood, UnderstandSettings } from './types.ts';
import { createUnderstander } from './understand.ts';
import { startWorkerLane, type WorkerLane } from './worker-lane.ts';

/** What they are made of. */
export interface LanesOptions {
  readonly settings: UnderstandSettings;
  readonly log: Log;
  /** Threads besides this one; default: what the machine has and this one does not need, at most 3. */
  readonly workers?: number;
  /** Sources that this thread understands before others are started; default 512. */
  readonly aloneFor?: number;
  /** Starts one of them; default: ours. */
  readonly start?: typeof startWorkerLane;
}

/** All threads that understand reports. */
export interface Lanes {
  /** In the order of the sources. Never rejects. */
  understand(sources: readonly ReportSource[]): Promise<readonly Understood[]>;
  /** How many there are now. */
  readonly count: () => number;
  close(): Promise<void>;
}

/** Lists that a thread is given: enough of them for as long as this one writes to the store. */
export const LISTS_PER_LANE = 16;
/** One thread stores no more than these understand. */
const MOST_WORKERS = 3;
/** To start a thread takes as long as to understand a thousand reports. */
const ALONE_FOR = 512;

/** Only this thread at first. */
export function createLanes(options: LanesOptions): Lanes {
  const { settings, log, aloneFor = ALONE_FOR, start = startWorkerLane } = options;
  const wanted = options.workers ?? Math.min(MOST_WORKERS, availableParallelism() - 1);
  const local = createUnderstander(settings, log);
  let lanes: readonly WorkerLane[] = [];
  let starting: Promise<void> | undefined;
  let [seen, closed] = [0, false];
  /** Resolves when this thread no longer understands a list itself. */
  let helping: Promise<void> | undefined;

  const startOne = async (): Promise<void> => {
    try {
      const lane = await start(settings, log);
      if (closed) await lane.close();
      else lanes = [...lanes, lane];
    } catch {
      // It works without, only slower.
    }
  };

  const inLane = async (
    lane: WorkerLane,
    sources: readonly ReportSource[],
  ): Promise<readonly Understood[]> => {
    try {
      return await lane.understand(sources);
    } catch {
      // The thread has ended, whyever: this one begins again with its list.
      return await local.understand(sources);
    }
  };

  const help = async (sources: readonly ReportSource[]): Promise<readonly Understood[]> => {
    const done = Promise.withResolvers<void>();
    helping = done.promise;
    // What the others have finished meanwhile comes first, and goes into the store.
    await gathering();
    return await local.understand(sources).finally(() => {
      helping = undefined;
      done.resolve();
    });
  };

  const startAll = async (): Promise<void> => {
    await Promise.all(Array.from({ length: wanted }, startOne));
  };

  return {
    async understand(sources) {
      seen += sources.length;
      if (seen > aloneFor) starting ??= startAll();
      for (;;) {
        const [lane] = lanes.filter(({ hasEnded }) => !hasEnded()).toSorted(byLoad);
        if (lane === undefined) return await local.understand(sources);
        if (lane.load() < LISTS_PER_LANE) return await inLane(lane, sources);
        // The others do not keep up. This thread has the store to look after: one list at a time.
        if (helping === undefined) return await help(sources);
        await Promise.race([helping, lane.progress()]);
      }
    },
    count: () => lanes.length,
    async close() {
      closed = true;
      await starting;
      await Promise.all(lanes.map((lane) => lane.close()));
      local.close();
    },
  };
}

function byLoad(a: WorkerLane, b: WorkerLane): number {
  return a.load() - b.load();
}
