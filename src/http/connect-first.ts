/**
 * Connecting to whichever of several addresses answers first (RFC 8305 §5).
 *
 * @module
 */
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../clock.ts';
import { fail, ok, type Outcome } from '../failure.ts';

/** How long one attempt has the field to itself, in milliseconds (RFC 8305 §8). */
const STAGGER_MS = 250;

/** Why losers are called off. Nobody reads it; the default reason would cost a stack trace. */
const OVER = 'another address was first';

/** What to try, and how. */
export interface ConnectFirstOptions {
  /** In order. Not empty. */
  readonly addresses: readonly string[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** One attempt; gives up when the signal aborts. */
  readonly open: (address: string, signal: AbortSignal) => Promise<Outcome<Socket>>;
}

/** The winner. */
export interface FirstConnection {
  readonly socket: Socket;
  readonly address: string;
  /** Addresses that have refused meanwhile. */
  readonly refused: readonly string[];
}

/** Starts an attempt, and the next when it fails or lags. The first connection wins; the others are dropped. */
export function connectFirst(options: ConnectFirstOptions): Promise<Outcome<FirstConnection>> {
  const { addresses, clock, open } = options;
  // Most hosts have one address, and then there is no race whose losers could be called off.
  const race = addresses.length === 1 ? undefined : new AbortController();
  const signal =
    race === undefined ? options.signal : AbortSignal.any([options.signal, race.signal]);
  const faults: { readonly address: string; readonly detail: string }[] = [];
  let started = 0;
  let isOver = false;
  let timer: Timer | undefined;

  return new Promise((resolve, reject) => {
    const finish = (outcome: Outcome<FirstConnection>): void => {
      isOver = true;
      timer?.cancel();
      race?.abort(OVER);
      resolve(outcome);
    };
    const settle = (address: string, outcome: Outcome<Socket>): void => {
      if (isOver) {
        if (outcome.ok) outcome.value.destroy();
      } else if (outcome.ok) {
        const refused = faults.map((fault) => fault.address);
        finish(ok({ socket: outcome.value, address, refused }));
      } else {
        faults.push({ address, detail: outcome.failure.detail });
        if (started < addresses.length) start();
        else if (faults.length === started) finish(allFailed(faults, outcome));
      }
    };
    const start = (): void => {
      timer?.cancel();
      const address = addresses[started]!;
      started += 1;
      open(address, signal).then((outcome) => settle(address, outcome), reject);
      if (started < addresses.length) timer = clock.after(STAGGER_MS, start);
    };
    start();
  });
}

function allFailed(
  faults: readonly { readonly detail: string }[],
  last: Outcome<Socket>,
): Outcome<FirstConnection> {
  const details = [...new Set(faults.map((fault) => fault.detail))].join('; ');
  const isProxy = !last.ok && last.failure.code.startsWith('HTTP_PROXY_');
  return fail(isProxy ? 'HTTP_PROXY_FAILED' : 'HTTP_CONNECT_FAILED', details);
}
