/**
 * Reading a file that a command is given, or standard input for `-`.
 *
 * @module
 */
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { EXIT_NO_INPUT } from './exit-codes.ts';
import { InputTooLarge, type Io, readAll } from './io.ts';
import { CommandStop } from './shared-options.ts';

/** The whole input; throws {@link CommandStop} with exit code 66 where it cannot be read. */
export async function readInput(file: string, io: Io, limit: number): Promise<Uint8Array> {
  try {
    if (file === '-') return await readAll(io.stdin, limit);
    const content = await readFile(file);
    if (content.length > limit) throw new InputTooLarge(limit);
    return content;
  } catch (error) {
    throw noInput(file, error);
  }
}

/** The lines of the input one after another, whatever its size. */
export async function* linesOf(file: string, io: Io): AsyncGenerator<string> {
  const stream = file === '-' ? io.stdin : createReadStream(file);
  try {
    // `for await` over readline would lose what a stream says when it cannot be opened.
    const failed = new Promise<never>((_resolve, reject) => stream.once('error', reject));
    failed.catch(() => undefined);
    const lines = createInterface({ input: stream, crlfDelay: Infinity })[Symbol.asyncIterator]();
    for (;;) {
      const next = await Promise.race([lines.next(), failed]);
      if (next.done === true) return;
      yield next.value;
    }
  } catch (error) {
    throw noInput(file, error);
  }
}

function noInput(file: string, error: unknown): CommandStop {
  const name = file === '-' ? 'standard input' : file;
  return new CommandStop(`cannot read ${name}: ${(error as Error).message}`, EXIT_NO_INPUT);
}
