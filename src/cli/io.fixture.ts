/**
 * Streams for tests of commands: what was written can be read back.
 *
 * @module
 */
import { Readable, Writable } from 'node:stream';
import type { Io } from './io.ts';
import { runCli } from './program.ts';

/** What a command did. */
export interface Run {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command in this process, with `input` as its standard input; `columns`: on a terminal of so many. */
export async function run(
  argv: readonly string[],
  input: string | Uint8Array = '',
  columns?: number,
): Promise<Run> {
  const out = collector(columns);
  const err = collector(columns);
  const io: Io = {
    stdin: Readable.from([Buffer.from(input as string)]),
    stdout: out.stream,
    stderr: err.stream,
  };
  const exitCode = await runCli(argv, io);
  return { exitCode, stdout: out.text(), stderr: err.text() };
}

function collector(columns?: number): { readonly stream: Writable; text(): string } {
  const pieces: Buffer[] = [];
  const stream = new Writable({
    write(piece: Buffer, _encoding, done) {
      pieces.push(Buffer.from(piece));
      done();
    },
  });
  if (columns !== undefined) Object.assign(stream, { isTTY: true, columns });
  return { stream, text: () => Buffer.concat(pieces).toString('utf8') };
}
