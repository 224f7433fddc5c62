/**
 * One deadline over a whole request, from the first DNS question to the last octet.
 *
 * @module
 */
import type { Clock } from '../clock.ts';
import { fail, type Outcome } from '../failure.ts';

/** Until when a request may take, and who may call it off. */
export interface Deadline {
  /** For the failure. */
  readonly host: string;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** What is done first. */
  readonly stage: string;
}

/** A request under way. */
export interface Course {
  /** Aborts when nobody waits for the request any more. */
  readonly signal: AbortSignal;
  /** What is being done, for the failure at the deadline. */
  stage: string;
}

/** Why what is left of a request is called off. Nobody reads it; the default would cost a stack trace. */
const ENDED = 'the request has ended';

/** Does it. `HTTP_TIMEOUT` names what was being done; `HTTP_ABORTED`: it was called off. */
export async function inTime<T>(
  { host, timeoutMs, clock, signal, stage }: Deadline,
  work: (course: Course) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  if (signal?.aborted === true) return calledOff(host);
  const stop = new AbortController();
  const course: Course = { signal: stop.signal, stage };
  const stopped = Promise.withResolvers<Outcome<never>>();
  const end = (outcome: Outcome<never>): void => {
    stopped.resolve(outcome);
    stop.abort(ENDED);
  };
  const onAbort = (): void => end(calledOff(host));
  const timer = clock.after(timeoutMs, () =>
    end(fail('HTTP_TIMEOUT', `${host}: not done within ${timeoutMs} ms, while ${course.stage}`)),
  );
  signal?.addEventListener('abort', onAbort, { once: true });
  let done = false;
  try {
    const outcome = await Promise.race([stopped.promise, work(course)]);
    done = outcome.ok;
    return outcome;
  } finally {
    timer.cancel();
    signal?.removeEventListener('abort', onAbort);
    // With the answer at hand, nothing is left that could be called off.
    if (!done) stop.abort(ENDED);
  }
}

function calledOff(host: string): Outcome<never> {
  return fail('HTTP_ABORTED', `${host}: the request was called off`);
}
