/**
 * What takes part in the contest.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A way to address a running server. */
export interface Door {
  readonly host: string;
  readonly port: number;
}

/** A running mail server. */
export interface Contestant {
  readonly name: string;
  /** Takes messages and delivers them. */
  readonly door: Door;
  /** Takes messages that are to stay in the queue, for these recipients. */
  readonly keep: Door & { readonly recipients: readonly string[] };
  /** The process above all its processes; undefined: none that is counted. */
  readonly pid: number | undefined;
  /** Settings that matter, for the reader. */
  readonly settings: readonly string[];
  stop(): Promise<void>;
}

/** What it stands on. */
export interface Ground {
  /** On a real disk; it holds `ca.pem`, `relay.key` and `relay.pem`. */
  readonly folder: string;
  readonly dnsPort: number;
  readonly policyPort: number;
  readonly sinkPort: number;
  readonly domains: number;
  /** Where to write a profile of our process. */
  readonly profile: string | undefined;
}

const LOOK_EVERY_MS = 50;
const PATIENCE_MS = 20_000;

/** Until somebody listens there. */
export async function untilListening({ host, port }: Door, log: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await answers(host, port))) {
    if (performance.now() > deadline) {
      throw new Error(`nobody listens on ${host}:${port}: ${readFileSync(log, 'utf8')}`);
    }
    await sleep(LOOK_EVERY_MS);
  }
}

async function answers(host: string, port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ port, host });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** The last lines of a log, for an error message. */
export function tailOf(folder: string, name: string): string {
  return readFileSync(join(folder, name), 'utf8').split('\n').slice(-20).join('\n');
}
