/**
 * How long an attempt may take: never as long as its claim holds, or another node would send the
 * same report meanwhile.
 *
 * @module
 */
import type { Clock } from '../../clock.ts';

/** How long other nodes leave a claimed target alone, milliseconds. */
export const CLAIM_MS = 10 * 60_000;
/** An attempt is called off after so long, milliseconds. */
const ATTEMPT_MS = 9 * 60_000;

/** A limit that runs. */
export interface AttemptLimit {
  /** Aborted when the time is over, or by the signal that was given. */
  readonly signal: AbortSignal;
  /** Stops the clock. */
  end(): void;
}

/** Starts one. */
export function limitAttempt(clock: Clock, stop: AbortSignal | undefined): AttemptLimit {
  const over = new AbortController();
  const timer = clock.after(ATTEMPT_MS, () => over.abort('the attempt took too long'));
  const signals = stop === undefined ? [over.signal] : [over.signal, stop];
  return { signal: AbortSignal.any(signals), end: () => timer.cancel() };
}
