/**
 * SIGHUP asks a service to reload. A process that is still starting would be ended by it: so the
 * signal is caught before there is anything to reload.
 *
 * @module
 */

/** Where signals come from: `process`. */
export interface Signals {
  on(signal: 'SIGHUP', listener: () => void): unknown;
  off(signal: 'SIGHUP', listener: () => void): unknown;
}

/** SIGHUP, caught. */
export interface HangUps {
  /** Calls `task` at each signal from now on, and once now if any came before. */
  answerWith(task: () => void): void;
  /** Nobody catches it any more. */
  stop(): void;
}

/** Catches SIGHUP from now on. */
export function listenForHangUps(signals: Signals): HangUps {
  let missed = false;
  let answer = (): void => {
    missed = true;
  };
  const listener = (): void => answer();
  signals.on('SIGHUP', listener);
  return {
    answerWith(task) {
      answer = task;
      if (missed) task();
    },
    stop: () => signals.off('SIGHUP', listener),
  };
}
