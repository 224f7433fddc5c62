/**
 * `smtp-sts policies export`: every policy in force as a line of JSON.
 *
 * @module
 */
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { Command } from 'commander';
import { policyLine } from '../mta-sts/policy-transfer.ts';
import { EXIT_CANNOT_CREATE } from './exit-codes.ts';
import { complain, type Io } from './io.ts';
import { openEngine } from './parts.ts';
import { CommandStop, configFrom, type SharedOptions } from './shared-options.ts';

/** Builds the command. */
export function exportCommand(io: Io, done: (exitCode: number) => void): Command {
  return new Command('export')
    .description('write every policy in force to a file, one line of JSON each')
    .argument('<file>', 'the file, or - for standard output')
    .addHelpText(
      'after',
      '\nExample:\n  smtp-sts policies export - | ssh mx2 smtp-sts policies import -',
    )
    .action(async (file: string, _options: object, leaf: Command) => {
      done(await exportTo(file, leaf.optsWithGlobals(), io));
    });
}

async function exportTo(file: string, options: SharedOptions, io: Io): Promise<number> {
  await using parts = await openEngine(configFrom(options), 'store');
  const out = file === '-' ? io.stdout : await createFile(file);
  let count = 0;
  for await (const { active } of parts.engine.policies.list()) {
    count += 1;
    await writeLine(out, policyLine(active), file);
  }
  if (out !== io.stdout) {
    out.end();
    await finished(out).catch((error: unknown) => {
      throw cannotWrite(file, error);
    });
  }
  complain(io, `${count} ${count === 1 ? 'policy' : 'policies'} exported.`);
  return 0;
}

async function createFile(file: string): Promise<Writable> {
  const out = createWriteStream(file);
  try {
    await once(out, 'open');
  } catch (error) {
    throw cannotWrite(file, error);
  }
  return out;
}

/** Waits where the reader is slower than the store. */
async function writeLine(out: Writable, line: string, file: string): Promise<void> {
  if (out.write(`${line}\n`)) return;
  try {
    await once(out, 'drain');
  } catch (error) {
    throw cannotWrite(file, error);
  }
}

function cannotWrite(file: string, error: unknown): CommandStop {
  return new CommandStop(`cannot write ${file}: ${(error as Error).message}`, EXIT_CANNOT_CREATE);
}
