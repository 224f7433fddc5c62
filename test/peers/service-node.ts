/**
 * Nodes of the service as a test meets them: asked over their sockets, killed, started again.
 *
 * @module
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import type { Config } from '../../src/config/types.ts';
import { askSocketmap } from '../../src/policy-server/socketmap-client.ts';
import type { NodeOrder, NodeWord } from './node-child.ts';

/** A running node. */
export interface ServiceNode {
  readonly url: string;
  readonly pid: number;
  /** The reply of the socketmap: `OK …`, `NOTFOUND `, `TEMP …`; or why there was none. */
  ask(domain: string): Promise<string>;
  /** What `/healthz` says. */
  health(): Promise<{ readonly status: string; readonly store: string }>;
  metrics(): Promise<string>;
  log(): string;
  /** Puts its clock forward. */
  skip(ms: number): Promise<void>;
  /** `kill -9`. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts one; rejects with its log if it does not come up. */
export async function startNode(config: Config): Promise<ServiceNode> {
  const child = fork(join(import.meta.dirname, 'node-child.ts'), [JSON.stringify(config)], {
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  let log = '';
  child.stderr?.on('data', (text: Buffer) => (log += text.toString()));
  const killWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', killWithUs);
  child.once('exit', () => process.off('exit', killWithUs));
  const word = await nextWord(child);
  if (word.kind !== 'listening') throw new Error(`${JSON.stringify(word)}\n${log}`);
  const { socketmapPort: port, url } = word;
  const get = async (path: string): Promise<Response> => await fetch(`${url}${path}`);
  return {
    url,
    pid: child.pid ?? 0,
    ask: async (key) => await ask(port, key),
    health: async () => (await (await get('/healthz')).json()) as { status: string; store: string },
    metrics: async () => await (await get('/metrics')).text(),
    log: () => log,
    async skip(ms) {
      const done = nextWord(child);
      child.send({ kind: 'skip', ms } satisfies NodeOrder);
      await done;
    },
    kill: async () => await ended(child, () => child.kill('SIGKILL')),
    stop: async () => await ended(child, () => child.send({ kind: 'stop' } satisfies NodeOrder)),
  };
}

async function nextWord(child: ChildProcess): Promise<NodeWord> {
  const ending = new AbortController();
  const { signal } = ending;
  try {
    const [word] = (await Promise.race([
      once(child, 'message', { signal }),
      once(child, 'exit', { signal }).then(([code]) => {
        throw new Error(`the node ended with ${String(code)}`);
      }),
    ])) as [NodeWord];
    return word;
  } finally {
    ending.abort();
  }
}

async function ended(child: ChildProcess, end: () => void): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  end();
  await exit;
}

async function ask(port: number, key: string): Promise<string> {
  const reply = await askSocketmap({
    address: { kind: 'tcp', host: '127.0.0.1', port },
    mapName: 'postfix',
    key,
    timeoutMs: 20_000,
    clock: systemClock,
  });
  return reply.ok ? reply.value : reply.failure.code;
}
