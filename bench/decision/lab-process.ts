/**
 * The small internet of the benchmarks, in a process of its own: DNS and policy hosts for
 * many domains on loopback.
 *
 * @module
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** What the other process tells once it is ready. */
export interface LabReady {
  /** `address:port` */
  readonly dns: string;
  readonly policyPort: number;
  /** PEM */
  readonly ca: string;
}

/** The running lab. */
export interface LabProcess extends LabReady {
  close(): Promise<void>;
}

/**
 * The name of the domain with this number. Each is the domain of an owner of its own, as in a day's
 * mail: those of one owner share a few fetches at a time.
 */
export function domainName(index: number): string {
  return `d${index}-bench.test`;
}

/** Where the lab listens; 0: on a free port. */
export interface LabPorts {
  readonly dns: number;
  readonly policy: number;
}

/** Starts the lab with this many domains, each with MX, addresses, record and policy. */
export async function startLabProcess(
  domains: number,
  { dns, policy }: LabPorts = { dns: 0, policy: 0 },
): Promise<LabProcess> {
  const args = [domains, dns, policy].map(String);
  const child = fork(join(import.meta.dirname, 'lab-child.ts'), args);
  const [ready] = (await once(child, 'message')) as [LabReady];
  return { ...ready, close: async () => await end(child) };
}

async function end(child: ChildProcess): Promise<void> {
  const closed = once(child, 'exit');
  child.kill('SIGKILL');
  await closed;
}
