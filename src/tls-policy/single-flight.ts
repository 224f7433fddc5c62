/**
 * Equal questions under way are answered together.
 *
 * @module
 */

/** Runs a task unless the same one is under way; then its result is shared. */
export interface SingleFlight<T> {
  /** Tasks under way. */
  readonly size: number;
  /**
   * The result of `task`, or of the one already under way for `key`. `signal` ends only this
   * caller's wait (it rejects with the signal's reason); the task goes on for the others.
   */
  run(key: string, task: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Resolves when nothing is under way any more. */
  settled(): Promise<void>;
}

/** Makes an empty one. */
export function createSingleFlight<T>(): SingleFlight<T> {
  const underWay = new Map<string, Promise<T>>();
  const start = (key: string, task: () => Promise<T>): Promise<T> => {
    const promise = task().finally(() => underWay.delete(key));
    underWay.set(key, promise);
    return promise;
  };
  return {
    get size() {
      return underWay.size;
    },
    async run(key, task, signal) {
      signal?.throwIfAborted();
      const promise = underWay.get(key) ?? start(key, task);
      return signal === undefined ? await promise : await unlessAborted(promise, signal);
    },
    async settled() {
      await Promise.allSettled(underWay.values());
    },
  };
}

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
