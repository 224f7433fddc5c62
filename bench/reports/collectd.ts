/**
 * tlsrpt-collectd, the collector that came with libtlsrpt, with its own SQLite store.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { costOf } from '../relay/processes.ts';
import { endProcess, pythonPeer } from './python-peers.ts';

/** Its name in the figures. */
export const COLLECTD = 'tlsrpt-collectd';

/** A running one. */
export interface Collectd {
  readonly socket: string;
  /** Octets. */
  rss(): number;
  /** Ends it in order. @returns the sessions in its store */
  stop(): Promise<number>;
}

const LOOK_MS = 50;
const PATIENCE_MS = 20_000;

/** Starts it; undefined where it is not there. */
export async function startCollectd(folder: string): Promise<Collectd | undefined> {
  const program = pythonPeer(COLLECTD);
  if (program === undefined) return undefined;
  const [socket, database, log] = ['collectd.sock', 'collectd.db', 'collectd.log'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  const settings = {
    storage: `sqlite://${database}`,
    socketname: socket,
    logfilename: log,
    pidfilename: join(folder, 'collectd.pid'),
    dump_path_for_invalid_datagram: join(folder, 'collectd.invalid'),
  };
  const args = Object.entries(settings).flatMap(([key, value]) => [`--${key}`, value]);
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'], cwd: folder });
  const deadline = performance.now() + PATIENCE_MS;
  while (!existsSync(socket)) {
    if (child.exitCode !== null || performance.now() > deadline) {
      const said = existsSync(log) ? readFileSync(log, 'utf8') : 'nothing in its log';
      throw new Error(`${COLLECTD} does not start: ${said}`);
    }
    await sleep(LOOK_MS);
  }
  return {
    socket,
    rss: () => costOf(child.pid ?? 0).rss,
    async stop() {
      await endProcess(child, 'SIGTERM');
      return storedIn(database);
    },
  };
}

function storedIn(path: string): number {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const row = database.prepare('select sum(cntrtotal) as sessions from finalresults').get();
    return Number(row?.['sessions'] ?? 0);
  } finally {
    database.close();
  }
}
