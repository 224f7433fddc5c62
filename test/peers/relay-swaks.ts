/**
 * swaks, the tool with which people try mail servers by hand; unpacked, not installed.
 *
 * @module
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../../scripts/run-command.ts';
import { unpackedFolder } from '../../scripts/unpacked-peers.ts';

/** What it said. */
export interface SwaksSaid {
  /** `exit 0`: the message was taken. */
  readonly ended: string;
  /** The whole dialogue. */
  readonly output: string;
}

/** Runs it. */
export async function swaks(...args: readonly string[]): Promise<SwaksSaid> {
  const root = unpackedFolder('swaks');
  const { ended, output } = await runCommand({
    program: 'env',
    args: [`PERL5LIB=${perlFolders(root).join(':')}`, 'perl', join(root, 'usr/bin/swaks'), ...args],
    output: 'collect',
    limitMs: 60_000,
  });
  return { ended, output };
}

/** Where Debian keeps modules of Perl: one folder for each version and kind of machine. */
function perlFolders(root: string): readonly string[] {
  const lib = join(root, 'usr/lib');
  const compiled = readdirSync(lib, { recursive: true, encoding: 'utf8' })
    .filter((path) => /^[^/]+\/perl5?\/[\d.]+$/.test(path))
    .map((path) => join(lib, path));
  return [...compiled, join(root, 'usr/share/perl5')];
}
