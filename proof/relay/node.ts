/**
 * A node of the relay as a proof holds it: started, loaded, killed, started again.
 *
 * @module
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../src/config/types.ts';
import type { NodeOrder, NodeWord } from './node-child.ts';

/** A process with the service in it. */
export interface RelayNode {
  /** Resolves with the port once it takes messages; rejects when it ends before. */
  readonly ready: Promise<number>;
  readonly running: boolean;
  readonly pid: number;
  /** Stops it in its tracks, or lets it go on. */
  freeze(how: 'freeze' | 'thaw'): void;
  skip(ms: number): Promise<void>;
  /** Octets that it holds. */
  measure(): Promise<number>;
  order(order: NodeOrder): Promise<void>;
  /** `kill -9`. */
  kill(): Promise<void>;
  /** An orderly end. */
  stop(): Promise<void>;
}

/** How it is started. */
export interface NodeOptions {
  readonly config: Config;
  /** Where its log is appended. */
  readonly logFile: string;
  /** How far its clock is ahead, milliseconds. */
  readonly aheadMs?: number;
  /** Its folder is a file system of its own, of so many octets. */
  readonly disk?: { readonly folder: string; readonly octets: number };
}

/** Starts one; it is not ready yet. */
export function startRelayNode(options: NodeOptions): RelayNode {
  const child = launch(options);
  const closed = once(child, 'close');
  const ready = nextWord(child).then((word) => (word.kind === 'listening' ? word.port : 0));
  ready.catch(() => undefined);
  const killWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', killWithUs);
  child.once('exit', () => process.off('exit', killWithUs));
  const ask = async (order: NodeOrder): Promise<NodeWord> => {
    const word = nextWord(child);
    child.send(order, () => undefined);
    return await word;
  };
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  return {
    ready,
    get running() {
      return isRunning();
    },
    pid: child.pid ?? 0,
    freeze: (how) => void child.kill(how === 'freeze' ? 'SIGSTOP' : 'SIGCONT'),
    skip: async (ms) => void (await ask({ kind: 'skip', ms })),
    async measure() {
      const word = await ask({ kind: 'measure' });
      return word.kind === 'measured' ? word.rss : Number.NaN;
    },
    order: async (order) => void (await ask(order)),
    async kill() {
      child.kill('SIGKILL');
      await closed;
    },
    async stop() {
      if (!isRunning()) return;
      child.send({ kind: 'stop' } satisfies NodeOrder);
      await closed;
    },
  };
}

const CHILD = join(import.meta.dirname, 'node-child.ts');

function launch({ config, logFile, aheadMs = 0, disk }: NodeOptions): ChildProcess {
  const log = openSync(logFile, 'a');
  const args = [JSON.stringify(config), String(aheadMs)];
  if (disk === undefined) {
    return fork(CHILD, args, {
      stdio: ['ignore', log, log, 'ipc'],
      execArgv: ['--expose-gc'],
    });
  }
  // A mount of its own, which ends with the process; without root in a namespace where it is root.
  const script = 'mount -t tmpfs -o "size=$1" tmpfs "$2" && shift 2 && exec "$@"';
  const namespaces =
    process.getuid?.() === 0 ? ['--mount'] : ['--user', '--map-root-user', '--mount'];
  const inside = [String(disk.octets), disk.folder, process.execPath, CHILD, ...args];
  return spawn('unshare', [...namespaces, 'sh', '-c', script, 'sh', ...inside], {
    stdio: ['ignore', log, log, 'ipc'],
  });
}

async function nextWord(child: ChildProcess): Promise<NodeWord> {
  const over = new AbortController();
  const { signal } = over;
  try {
    const [word] = (await Promise.race([
      once(child, 'message', { signal }),
      once(child, 'exit', { signal }).then(([code, by]) => {
        throw new Error(`the node has ended: ${String(code ?? by)}`);
      }),
    ])) as [NodeWord];
    return word;
  } finally {
    over.abort();
  }
}
