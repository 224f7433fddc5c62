/**
 * Calls a program of the system.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import type { ProgramResult } from '../check/doctor-types.ts';

/** Where administration programs are that an ordinary PATH leaves out. */
const ADMIN_PATH = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** More than any of the programs prints. */
const MAX_OUTPUT = 1_048_576;

/**
 * Runs it without a shell, with nothing on standard input, messages in English, and ends it after
 * `timeoutMs`. Never rejects.
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  timeoutMs: number,
): Promise<ProgramResult> {
  return await new Promise((resolve) => {
    const env = {
      ...process.env,
      LC_ALL: 'C',
      PATH: [process.env['PATH'] ?? '/usr/bin:/bin', ...ADMIN_PATH].join(':'),
    };
    const options = {
      env,
      timeout: timeoutMs,
      maxBuffer: MAX_OUTPUT,
      killSignal: 'SIGKILL',
    } as const;
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (error === null) resolve({ kind: 'done', exitCode: 0, stdout, stderr });
      else if (error.code === 'ENOENT' || error.code === 'EACCES') resolve({ kind: 'missing' });
      else if (error.killed === true) resolve({ kind: 'timeout' });
      else resolve({ kind: 'done', exitCode: Number(error.code) || 1, stdout, stderr });
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end();
  });
}
