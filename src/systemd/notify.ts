/**
 * Tells systemd how the service does (sd_notify(3)).
 *
 * The messages are datagrams on a UNIX socket. Node.js has no such sockets, and a native add-on
 * for a few messages in the life of a service is too much code in a place of trust: so systemd's
 * own `systemd-notify` sends them. The unit needs `NotifyAccess=all` for that.
 *
 * @module
 */
import type { Clock } from '../clock.ts';
import type { Log } from '../log/log.ts';

/** Sends assignments (`READY=1`) to systemd; rejects if that cannot be done. */
export type SendToSystemd = (assignments: readonly string[]) => Promise<void>;

/** Reports to systemd; does nothing where there is none. */
export interface Notifier {
  /** The service can be used, for the first time or after a reload. `status` is one line for people. */
  ready(status: string): void;
  reloading(): void;
  /** Resolves once it is said, or cannot be: systemd must hear of it before the process is gone. */
  stopping(): Promise<void>;
}

/** What a notifier stands on. */
export interface NotifierOptions {
  /** `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID` are read. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  readonly send: SendToSystemd;
  /** Microseconds of the monotonic clock. */
  readonly monotonicUs: () => bigint;
  readonly clock: Clock;
  readonly log: Log;
}

/** Makes one, and keeps the watchdog quiet from the first `ready` on. */
export function createNotifier(options: NotifierOptions): Notifier {
  const socket = options.env['NOTIFY_SOCKET'];
  if (socket === undefined || socket === '') return SILENT;
  return new SystemdNotifier(options);
}

const SILENT: Notifier = {
  ready: () => undefined,
  reloading: () => undefined,
  stopping: async () => await Promise.resolve(),
};

class SystemdNotifier implements Notifier {
  readonly #options: NotifierOptions;
  /** One after the other: systemd must not hear of the end of a reload before its beginning. */
  #turn: Promise<void> = Promise.resolve();
  #watching = false;
  #stopped = false;

  constructor(options: NotifierOptions) {
    this.#options = options;
  }

  ready(status: string): void {
    this.#send(['READY=1', `STATUS=${status.replaceAll('\n', ' ')}`]);
    this.#watch();
  }

  reloading(): void {
    this.#send(['RELOADING=1', `MONOTONIC_USEC=${this.#options.monotonicUs()}`]);
  }

  async stopping(): Promise<void> {
    this.#stopped = true;
    this.#send(['STOPPING=1']);
    await this.#turn;
  }

  #send(assignments: readonly string[]): void {
    const { send, log } = this.#options;
    this.#turn = this.#turn
      .then(async () => await send(assignments))
      .catch((error: unknown) => {
        log.warn(
          { event: 'systemd-notify', error: String(error) },
          `systemd was not told ${assignments[0]}: ${String(error)}`,
        );
      });
  }

  /** A timer that fires shows that the event loop turns: that is what the watchdog asks. */
  #watch(): void {
    const intervalMs = watchdogMs(this.#options);
    if (intervalMs === undefined || this.#watching) return;
    this.#watching = true;
    const beat = (): void => {
      if (this.#stopped) return;
      this.#send(['WATCHDOG=1']);
      this.#options.clock.after(intervalMs, beat);
    };
    this.#options.clock.after(intervalMs, beat);
  }
}

/** Half of what the unit allows, as sd_watchdog_enabled(3) advises; undefined: no watchdog, or not ours. */
function watchdogMs({ env, pid }: NotifierOptions): number | undefined {
  const us = Number(env['WATCHDOG_USEC']);
  const owner = env['WATCHDOG_PID'];
  if (!(us > 0) || (owner !== undefined && owner !== String(pid))) return undefined;
  return us / 2_000;
}
