/**
 * What stands until somebody ends it.
 *
 * @module
 */

/** Resolves once the signal has said stop. */
export async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  // An event listener does not keep the process alive, but the lab's sockets do.
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Runs a task whose signal says stop at SIGINT and SIGTERM. */
export async function withEndingSignals<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const end = (): void => stop.abort();
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  try {
    return await task(stop.signal);
  } finally {
    process.off('SIGINT', end);
    process.off('SIGTERM', end);
  }
}
