/**
 * Group commit: works that come while a transaction runs share the next one, and with it one wait
 * for the disk.
 *
 * @module
 */
import { faultOf } from './queue-error.ts';

/** How a group is run. */
export interface GroupOptions<W, R> {
  /** Runs all works in one transaction, all or none; results in the order of the works. */
  readonly run: (works: readonly W[]) => Promise<readonly R[]>;
  /** Octets that a work brings. */
  readonly weight: (work: W) => number;
}

/** Takes works and runs them in groups. */
export interface GroupCommit<W, R> {
  /** Resolves when the transaction of the work is on disk; rejects if it failed. */
  submit(work: W): Promise<R>;
  /** Resolves when nothing waits and nothing runs. */
  idle(): Promise<void>;
}

/** Bounds of a group: the process serves nothing else while SQLite works. */
const MOST_WORKS = 256;
const MOST_OCTETS = 4 * 1024 * 1024;
/** Tries of a transaction that met another one. */
const MOST_TRIES = 5;

interface Waiting<W, R> {
  readonly work: W;
  readonly done: PromiseWithResolvers<R>;
}

/** Makes a {@link GroupCommit}; nothing runs until the first work comes. */
export function createGroupCommit<W, R>(options: GroupOptions<W, R>): GroupCommit<W, R> {
  let waiting: Waiting<W, R>[] = [];
  let running: Promise<void> | undefined;

  /** Sockets are served between two groups: whoever was answered can bring the next work. */
  const loop = async (): Promise<void> => {
    await nextTurn();
    while (waiting.length > 0) {
      const size = groupSize(waiting, options.weight);
      const group = waiting.slice(0, size);
      waiting = waiting.slice(size);
      await runGroup(group, options.run);
      await nextTurn();
    }
    running = undefined;
  };

  return {
    async submit(work) {
      const done = Promise.withResolvers<R>();
      waiting.push({ work, done });
      running ??= loop();
      return await done.promise;
    },
    async idle() {
      await running;
    },
  };
}

function groupSize<W, R>(waiting: readonly Waiting<W, R>[], weight: (work: W) => number): number {
  let octets = 0;
  for (const [index, { work }] of waiting.entries()) {
    octets += weight(work);
    if (index > 0 && (octets > MOST_OCTETS || index === MOST_WORKS)) return index;
  }
  return waiting.length;
}

/** One bad row fails its own work alone; a fault of the database fails them all. */
async function runGroup<W, R>(
  group: readonly Waiting<W, R>[],
  run: GroupOptions<W, R>['run'],
): Promise<void> {
  try {
    const results = await persistently(
      run,
      group.map(({ work }) => work),
    );
    for (const [index, { done }] of group.entries()) done.resolve(results[index] as R);
  } catch (error) {
    if (group.length > 1 && faultOf(error) === 'row') {
      for (const one of group) await runGroup([one], run);
      return;
    }
    for (const { done } of group) done.reject(error);
  }
}

async function persistently<W, R>(
  run: GroupOptions<W, R>['run'],
  works: readonly W[],
): Promise<readonly R[]> {
  for (let turn = 1; ; turn += 1) {
    try {
      return await run(works);
    } catch (error) {
      if (faultOf(error) !== 'again' || turn === MOST_TRIES) throw error;
    }
  }
}

async function nextTurn(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
}
