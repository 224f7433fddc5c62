/**
 * Sessions in use, by what they may be used for: who wants one like them may wait for a while until
 * it is handed back.
 *
 * @module
 */
import type { Clock } from '../../clock.ts';

/** Who uses sessions, and who waits for one of the same. */
export interface OwnLine {
  /** One is in use. */
  used(key: string): void;
  /** It is handed back, kept or not: the first who waits looks again. */
  freed(key: string): void;
  /** Is one in use that nobody else waits for? */
  mayWait(key: string): boolean;
  /** Resolves when one was handed back, and at the end of the time or of the signal. */
  wait(key: string, ms: number, signal: AbortSignal | undefined): Promise<void>;
}

/** Nobody uses anything. */
export function createOwnLine(clock: Clock): OwnLine {
  const inUse = new Map<string, number>();
  const waiting = new Map<string, Set<() => void>>();

  const change = (key: string, by: number): void => {
    const left = (inUse.get(key) ?? 0) + by;
    if (left > 0) inUse.set(key, left);
    else inUse.delete(key);
  };

  const leave = (key: string, wake: () => void): void => {
    const line = waiting.get(key);
    line?.delete(wake);
    if (line?.size === 0) waiting.delete(key);
  };

  return {
    used: (key) => change(key, 1),
    freed(key) {
      change(key, -1);
      const [first] = waiting.get(key) ?? [];
      first?.();
    },
    mayWait: (key) => (inUse.get(key) ?? 0) > (waiting.get(key)?.size ?? 0),
    async wait(key, ms, signal) {
      if (signal?.aborted === true) return;
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          leave(key, wake);
          timer.cancel();
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        const timer = clock.after(ms, wake);
        const line = waiting.get(key) ?? new Set();
        waiting.set(key, line.add(wake));
        signal?.addEventListener('abort', wake, { once: true });
      });
    },
  };
}
