/**
 * The service under load, as the proof holds it.
 *
 * @module
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Config } from '../../src/config/types.ts';
import type { Holding, Started } from './soak-child.ts';

/** A running one. */
export interface SoakedService {
  readonly port: number;
  readonly running: boolean;
  /** What it holds after a garbage collection. */
  measure(): Promise<Holding>;
  end(): Promise<void>;
}

/** Starts it. */
export async function startSoaked(config: Config): Promise<SoakedService> {
  const child = fork(join(import.meta.dirname, 'soak-child.ts'), [JSON.stringify(config)], {
    execArgv: ['--expose-gc'],
  });
  const closed = once(child, 'close');
  const word = async (): Promise<unknown> => {
    const [message] = (await Promise.race([
      once(child, 'message'),
      closed.then(() => {
        throw new Error('the service under load has ended');
      }),
    ])) as [unknown];
    return message;
  };
  const { port } = (await word()) as Started;
  return {
    port,
    get running() {
      return child.exitCode === null && child.signalCode === null;
    },
    async measure() {
      child.send('measure');
      return (await word()) as Holding;
    },
    async end() {
      child.kill('SIGKILL');
      await closed;
    },
  };
}
