/**
 * Running a program and passing on what it says.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process';

/** What to run. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** `show` (default): straight to the terminal. `collect`: kept and returned. */
  readonly output?: 'show' | 'collect';
  /**
   * Interrupted after this time, so that it can still say where it stood, and killed when that does
   * not end it; absent: it may take as long as it likes.
   */
  readonly limitMs?: number;
}

/** How it ended. */
export interface CommandResult {
  readonly ok: boolean;
  /** `exit 1`, `signal SIGTERM`, or why it did not start. */
  readonly ended: string;
  /** Standard output and error, when collected. */
  readonly output: string;
}

/** What was interrupted has this long to say where it stood, milliseconds. */
const LAST_WORDS_MS = 5_000;

/** What it wrote before its end has this long to arrive, milliseconds. */
const LAST_OUTPUT_MS = 200;

/** Runs a program to its end; never rejects. */
export async function runCommand(command: Command): Promise<CommandResult> {
  const collect = command.output === 'collect';
  const stdio = collect ? 'pipe' : 'inherit';
  const child = spawn(command.program, command.args, {
    cwd: command.cwd,
    env: { ...process.env, ...command.env },
    stdio: ['ignore', stdio, stdio],
  });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output += chunk.toString('utf8');
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  const limit = limitOf(command, child);
  return await new Promise((resolve) => {
    child.once('error', (error) => resolve({ ok: false, ended: error.message, output }));
    child.once('exit', () => {
      // What an ended program left behind may hold its output open for as long as it lives.
      if (limit.ended() !== undefined) setTimeout(() => closeOutput(child), LAST_OUTPUT_MS);
    });
    child.once('close', (code, signal) => {
      limit.clear();
      const ended = limit.ended() ?? (code === null ? `signal ${signal}` : `exit ${code}`);
      resolve({ ok: code === 0, ended, output });
    });
  });
}

function closeOutput(child: ChildProcess): void {
  child.stdout?.destroy();
  child.stderr?.destroy();
}

interface Limit {
  /** The program has ended. */
  readonly clear: () => void;
  /** How it ended, if the limit ended it. */
  readonly ended: () => string | undefined;
}

function limitOf({ limitMs }: Command, child: ChildProcess): Limit {
  if (limitMs === undefined) return { clear: () => {}, ended: () => undefined };
  let ended: string | undefined;
  let timer = setTimeout(() => {
    ended = `no end within ${limitMs / 1000} s`;
    child.kill('SIGINT');
    timer = setTimeout(() => child.kill('SIGKILL'), LAST_WORDS_MS);
  }, limitMs);
  return { clear: () => clearTimeout(timer), ended: () => ended };
}
