/**
 * A load of clients for nodes that come and go.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../random.ts';
import { openClient } from './client.ts';
import type { Ledger } from './ledger.ts';
import { type Letter, pick } from './letters.ts';

/** How much, and to whom. */
export interface LoadOptions {
  readonly ledger: Ledger;
  readonly random: Random;
  readonly sessions: number;
  /** Ports of the nodes that take messages now. */
  readonly ports: () => readonly number[];
  readonly letter: () => Letter;
  /** Longest pause of a session between two letters, milliseconds. */
  readonly pauseMs: number;
}

/** A load that runs. */
export interface Load {
  /** Replies that were not `250`, each once. */
  readonly refusals: ReadonlySet<string>;
  /** Resolves when every session has heard of its last letter. */
  stop(): Promise<void>;
}

/** Letters over one session at most. */
const LETTERS_A_SESSION = 12;
/** One letter in so many is broken off in the middle. */
const BROKEN_OFF = 30;

/** Starts it. */
export function startLoad(options: LoadOptions): Load {
  const { ledger, random, sessions, ports, letter, pauseMs } = options;
  const refusals = new Set<string>();
  const over = new AbortController();
  const isOver = (): boolean => over.signal.aborted;

  const oneSession = async (port: number): Promise<void> => {
    const client = await openClient(port, ledger);
    try {
      for (let count = 0; count < LETTERS_A_SESSION && !isOver(); count += 1) {
        if (random(BROKEN_OFF) === 0) {
          await client.breakOff(letter());
          return;
        }
        const reply = await client.submit(letter());
        if (!reply.startsWith('250')) refusals.add(reply.replaceAll(/ queued as \S+/g, ''));
        await sleep(random(pauseMs));
      }
    } finally {
      client.close();
    }
  };

  const oneClient = async (): Promise<void> => {
    while (!isOver()) {
      const up = ports();
      // Whoever is killed in the middle is what this is about.
      if (up.length > 0) await oneSession(pick(up, random)).catch(() => undefined);
      await sleep(5);
    }
  };
  const clients = Array.from({ length: sessions }, oneClient);
  return {
    refusals,
    async stop() {
      over.abort();
      await Promise.all(clients);
    },
  };
}

/** Waits until it holds; false where it does not come about within the time. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  limitMs: number,
): Promise<boolean> {
  const end = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > end) return false;
    await sleep(20);
  }
  return true;
}
