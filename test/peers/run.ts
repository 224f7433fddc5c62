/**
 * Running a program of a mail server to its end.
 *
 * @module
 */
import { runCommand } from '../../scripts/run-command.ts';

/**
 * What it wrote.
 *
 * @throws when it fails
 */
export async function run(program: string, ...args: readonly string[]): Promise<string> {
  const { ok, ended, output } = await runCommand({
    program,
    args,
    output: 'collect',
    limitMs: 60_000,
  });
  if (!ok) throw new Error(`${program} ${args.join(' ')}: ${ended}\n${output}`);
  return output;
}
