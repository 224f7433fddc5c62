/**
 * Processes that carry out one order after another.
 *
 * @module
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** A process of the benchmark. Each order has one answer. */
export interface Child<Order> {
  readonly pid: number;
  readonly ask: <Answer>(order: Order) => Promise<Answer>;
  /** Ends it at once. */
  kill(): Promise<void>;
}

/** Starts a module of this folder and waits for its first word, which is also returned. */
export async function startChild<Order extends object>(
  module: string,
  options: { readonly args?: readonly string[]; readonly execArgv?: readonly string[] } = {},
): Promise<{ readonly child: Child<Order>; readonly word: unknown }> {
  const { args = [], execArgv = [] } = options;
  const process = fork(join(import.meta.dirname, module), args, { execArgv: [...execArgv] });
  const word = await answerOf<unknown>(process, module);
  return {
    word,
    child: {
      pid: process.pid ?? 0,
      ask: async <Answer>(order: Order) => {
        const answer = answerOf<Answer>(process, module);
        process.send(order);
        return await answer;
      },
      kill: async () => await endChild(process, 'SIGKILL'),
    },
  };
}

/** What a process says that could not carry out its order. */
interface Failed {
  readonly failed: string;
}

/** The next message; a process that fails, or ends instead, is an error. */
async function answerOf<Answer>(process: ChildProcess, module: string): Promise<Answer> {
  const over = new AbortController();
  const ended = once(process, 'exit', { signal: over.signal }).then(([code, signal]) => {
    throw new Error(`${module} has ended: ${code ?? signal}`);
  });
  ended.catch(() => undefined);
  try {
    const [answer] = (await Promise.race([once(process, 'message'), ended])) as [Answer & object];
    if ('failed' in answer) throw new Error(`${module}: ${(answer as Failed).failed}`);
    return answer;
  } finally {
    over.abort();
  }
}

/** Sends the signal and waits for the end. */
export async function endChild(process: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return;
  const gone = once(process, 'exit');
  process.kill(signal);
  await gone;
}

/** The other end: answers each order; ends when the parent does. */
export function serveOrders(carryOut: (order: never) => Promise<object>): void {
  process.on('disconnect', () => process.exit());
  process.on('message', (order) => {
    void carryOut(order as never).then(
      (answer) => process.send?.(answer),
      (error: unknown) => {
        const failed = error instanceof Error ? (error.stack ?? error.message) : String(error);
        process.send?.({ failed } satisfies Failed);
      },
    );
  });
}

/** Milliseconds since the Unix epoch with their fractions: comparable between processes. */
export function preciseNow(): number {
  return performance.timeOrigin + performance.now();
}
