/**
 * A program that runs beside a test and ends with it.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { findProgram } from '../../scripts/peers.ts';

/** A running daemon. */
export interface Daemon {
  /** What it wrote so far. */
  readonly output: () => string;
  readonly running: () => boolean;
  stop(): Promise<void>;
}

/**
 * A copy of the program in the folder. AppArmor ties its profiles to paths, and Debian's would
 * keep the daemon from reading anything outside its own folders.
 */
export function privateCopy(program: string, folder: string): string {
  const copy = join(folder, program);
  copyFileSync(pathOf(program), copy);
  return copy;
}

function pathOf(program: string): string {
  const path = findProgram(program);
  if (path === undefined) throw new Error(`${program} is not installed; \`npm test\` installs it`);
  return path;
}

/**
 * Starts a daemon in the foreground.
 *
 * @throws if the program is not installed
 */
export function startDaemon(program: string, args: readonly string[]): Daemon {
  const path = isAbsolute(program) ? program : pathOf(program);
  const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output += chunk.toString('utf8');
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  child.once('error', (error) => {
    output += error.message;
  });
  const running = (): boolean => child.exitCode === null && child.signalCode === null;
  // A test that dies must not leave its daemons behind.
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  return {
    output: () => output,
    running,
    async stop() {
      process.removeListener('exit', kill);
      await end(child, running);
    },
  };
}

async function end(child: ChildProcess, running: () => boolean): Promise<void> {
  if (!running()) return;
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  const hard = setTimeout(() => child.kill('SIGKILL'), 2000);
  await closed;
  clearTimeout(hard);
}
