/**
 * A PostgreSQL server of its own for a test: a cluster in a temporary folder, reached over a UNIX
 * socket, gone when the test ends.
 *
 * @module
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, realpathSync } from 'node:fs';
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { findProgram } from '../../scripts/peers.ts';

const run = promisify(execFile);

/** A running server. */
export interface PostgresPeer {
  /** What `openStore` takes. */
  readonly url: string;
  /** Ends the server at once; the data stay. */
  halt(): Promise<void>;
  /** Starts it again after {@link PostgresPeer.halt}. */
  resume(): Promise<void>;
  /** Stops it in its tracks, with every connection, or lets it go on: no answer, no end. */
  freeze(how: 'freeze' | 'thaw'): void;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/** Starts a server with an empty database. It takes about two seconds. */
export async function startPostgres(): Promise<PostgresPeer> {
  const bin = programs();
  const folder = await mkdtemp(join(tmpdir(), 'sts-pg-'));
  const account = await accountOf();
  await chmod(folder, 0o700);
  if (account !== undefined) await chown(folder, account.uid, account.gid);
  const identity = account ?? {};
  const data = join(folder, 'data');
  await run(join(bin, 'initdb'), ['-D', data, '-U', 'sts', '-A', 'trust', '-E', 'UTF8', '-N'], {
    ...identity,
    cwd: folder,
  });
  const url = `postgres:///postgres?host=${encodeURIComponent(folder)}&user=sts`;
  const settings = [`unix_socket_directories=${folder}`, 'listen_addresses=', 'fsync=off'];
  const start = (): ChildProcess =>
    spawn(join(bin, 'postgres'), ['-D', data, ...settings.flatMap((setting) => ['-c', setting])], {
      ...identity,
      cwd: folder,
      stdio: 'ignore',
    });
  let server = start();
  const freeze = (how: 'freeze' | 'thaw'): void => {
    const signal = how === 'freeze' ? 'SIGSTOP' : 'SIGCONT';
    for (const pid of familyOf(server.pid)) signalIfAlive(pid, signal);
  };
  const halt = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    freeze('thaw');
    const ended = once(server, 'exit');
    server.kill('SIGQUIT');
    await ended;
  };
  const stop = async (): Promise<void> => {
    await halt();
    await rm(folder, { recursive: true, force: true });
  };
  const resume = async (): Promise<void> => {
    server = start();
    await untilReady(url);
  };
  try {
    await untilReady(url);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, halt, resume, freeze, stop };
}

/** The server and its processes: one for each connection. */
function familyOf(pid: number | undefined): readonly number[] {
  if (pid === undefined) return [];
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return [pid, ...children.split(' ').filter(Boolean).map(Number)];
}

/** A process of the family may end by itself between being listed and being told. */
function signalIfAlive(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The server's programs stand side by side; a `postgres` on PATH may be a link to one of them. */
function programs(): string {
  const server = findProgram('postgres');
  if (server === undefined) throw new Error('PostgreSQL is not installed; `npm test` installs it');
  return dirname(realpathSync(server));
}

/** PostgreSQL refuses to run as root: then it runs as the account that its package made. */
async function accountOf(): Promise<{ readonly uid: number; readonly gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, 'postgres'])).stdout)),
  );
  return { uid: uid!, gid: gid! };
}

async function untilReady(url: string): Promise<void> {
  let last: unknown;
  for (let turn = 0; turn < 100; turn += 1) {
    const client = new Client({ connectionString: url });
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      last = error;
      await sleep(100);
    }
  }
  throw new Error('PostgreSQL did not come up within ten seconds', { cause: last });
}
