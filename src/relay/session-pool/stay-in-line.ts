/**
 * Waits for a place at a host, not without end.
 *
 * @module
 */
import type { Clock } from '../../clock.ts';
import type { HostGate, HostSlot } from './host-gate.ts';

/** Longest wait for a place by somebody who has other work to lose. Milliseconds. */
export const STAY_MS = 30_000;

/** Stands in line; undefined where the time is over or the signal aborts. */
export async function stayInLine(
  gate: HostGate,
  {
    host,
    clock,
    signal,
  }: {
    readonly host: string;
    readonly clock: Clock;
    readonly signal: AbortSignal | undefined;
  },
): Promise<HostSlot | undefined> {
  if (signal?.aborted === true) return undefined;
  return await new Promise((resolve) => {
    const end = (slot?: HostSlot): void => {
      place.cancel();
      timer.cancel();
      signal?.removeEventListener('abort', outOfTime);
      resolve(slot);
    };
    const outOfTime = (): void => end();
    const timer = clock.after(STAY_MS, outOfTime);
    const place = gate.wait([host], end);
    signal?.addEventListener('abort', outOfTime, { once: true });
  });
}
