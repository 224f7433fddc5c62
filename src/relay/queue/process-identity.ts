/**
 * Which process on which machine this is, so that a later one can tell whether it still runs.
 *
 * @module
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process, as others can look for it. */
export interface ProcessIdentity {
  /** Machine, its boot and its process namespace: only within it does a `pid` mean something. */
  readonly host: string;
  readonly pid: number;
  /** When it began, in the kernel's own count; '' where the system does not tell. */
  readonly mark: string;
}

/** Where to look for processes. */
export interface Processes {
  readonly self: ProcessIdentity;
  /** Is it certain that the process has ended? False where nobody can tell from here. */
  hasEnded(other: ProcessIdentity): boolean;
}

/** The processes of this machine. */
export function localProcesses(): Processes {
  const host = [
    hostname(),
    tryRead(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    tryRead(() => readlinkSync('/proc/self/ns/pid')),
  ].join('/');
  const self = { host, pid: process.pid, mark: markOf(process.pid) };
  return {
    self,
    hasEnded(other) {
      if (other.host !== self.host) return false;
      if (!runs(other.pid)) return true;
      // The number may have been given to another process since.
      const mark = markOf(other.pid);
      return mark !== '' && other.mark !== '' && mark !== other.mark;
    },
  };
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Field 22 of `/proc/PID/stat`; the name of the program before it may hold anything. */
function markOf(pid: number): string {
  return tryRead(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  });
}

function tryRead(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
