/**
 * Waiting for something, but not longer than one will.
 *
 * @module
 */
import type { Clock } from '../clock.ts';

/** How long to wait. */
export interface WithinOptions {
  readonly clock: Clock;
  readonly ms: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The value, or `late` when the time is over first. Rejects with the signal's reason when it aborts.
 * What was waited for goes on either way.
 */
export async function within<T>(
  promise: Promise<T>,
  options: WithinOptions,
): Promise<{ readonly kind: 'done'; readonly value: T } | { readonly kind: 'late' }> {
  const { clock, ms, signal } = options;
  signal?.throwIfAborted();
  const end = Promise.withResolvers<{ readonly kind: 'late' }>();
  const timer = clock.after(ms, () => end.resolve({ kind: 'late' }));
  const onAbort = (): void => end.reject(signal?.reason as Error);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const done = promise.then((value) => ({ kind: 'done', value }) as const);
    return await Promise.race([done, end.promise]);
  } finally {
    timer.cancel();
    signal?.removeEventListener('abort', onAbort);
  }
}
