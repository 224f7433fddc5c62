/**
 * The Python programs that are measured beside ours, in an environment of their own.
 *
 * @module
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { findProgram } from '../../scripts/peers.ts';

/** From PyPI. */
const PACKAGES = ['parsedmarc==11.1.0', 'tlsrpt-reporter==0.6.0'];
const CACHE = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'smtp-sts-bench');
const FOLDER = join(CACHE, PACKAGES.join('_').replaceAll('==', '-'));
const INSTALL_MS = 600_000;

/** Where a program of the environment stands; undefined where it is not there. */
export function pythonPeer(
  program: 'python' | 'parsedmarc' | 'tlsrpt-collectd',
): string | undefined {
  const path = join(FOLDER, 'bin', program);
  return existsSync(path) ? path : undefined;
}

/**
 * Makes the environment unless it is there: needs python3 with venv, and PyPI.
 *
 * @returns why there is none, or undefined
 */
export function installPythonPeers(): string | undefined {
  if (pythonPeer('python') !== undefined) return undefined;
  const python = findProgram('python3');
  if (python === undefined) return 'there is no python3';
  mkdirSync(CACHE, { recursive: true });
  // An environment knows its own place: it is made there, and taken away if it is not complete.
  const fault =
    run(python, ['-m', 'venv', FOLDER]) ??
    run(join(FOLDER, 'bin', 'pip'), ['install', '--quiet', '--no-input', ...PACKAGES]);
  if (fault !== undefined) rmSync(FOLDER, { recursive: true, force: true });
  return fault;
}

function run(program: string, args: readonly string[]): string | undefined {
  const { status, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    timeout: INSTALL_MS,
  });
  if (error !== undefined) return `${program}: ${error.message}`;
  const lastLine = stderr.trim().split('\n').at(-1) ?? '';
  return status === 0 ? undefined : `${program} ended with ${status}: ${lastLine}`;
}

/** A script of this folder that answers each line of JSON with one. */
export interface PythonScript {
  readonly pid: number;
  ask<Answer>(order: object): Promise<Answer>;
  stop(): Promise<void>;
}

/** Starts a script of this folder. */
export function startPython(python: string, script: string): PythonScript {
  // Buffered output would wait for company.
  const child = spawn(python, ['-u', join(import.meta.dirname, script)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    pid: child.pid ?? 0,
    async ask<Answer>(order: object) {
      child.stdin.write(`${JSON.stringify(order)}\n`);
      const line = await lines.next();
      if (line.done === true) throw new Error(`${script} has ended`);
      return JSON.parse(line.value) as Answer;
    },
    async stop() {
      await endProcess(child, 'SIGKILL');
    },
  };
}

/** Sends the signal and waits for the end. */
export async function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}
