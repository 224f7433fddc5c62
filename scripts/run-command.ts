/**
 * Running a program and passing on what it says.
 *
 * @module
 */
import { spawn } from 'node:child_process';

/** What to run. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** `show` (default): straight to the terminal. `collect`: kept and returned. */
  readonly output?: 'show' | 'collect';
  /** Killed after this time; absent: it may take as long as it likes. */
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
  const limit = limitOf(command, () => child.kill('SIGKILL'));
  return await new Promise((resolve) => {
    child.once('error', (error) => resolve({ ok: false, ended: error.message, output }));
    child.once('close', (code, signal) => {
      clearTimeout(limit.timer);
      const ended = limit.ended() ?? (code === null ? `signal ${signal}` : `exit ${code}`);
      resolve({ ok: code === 0, ended, output });
    });
  });
}

interface Limit {
  readonly timer: NodeJS.Timeout | undefined;
  /** How it ended, if the limit ended it. */
  readonly ended: () => string | undefined;
}

function limitOf({ limitMs }: Command, kill: () => void): Limit {
  if (limitMs === undefined) return { timer: undefined, ended: () => undefined };
  let ended: string | undefined;
  const timer = setTimeout(() => {
    ended = `no end within ${limitMs / 1000} s`;
    kill();
  }, limitMs);
  return { timer, ended: () => ended };
}
