/**
 * Reading a file that a command is given, or standard input for `-`.
 *
 * @module
 */
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileTrouble } from '../file-trouble.ts';
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

/** A line of an input. */
export interface InputLine {
  /** From 1. */
  readonly number: number;
  /** Without its line end; undefined: longer than the limit. */
  readonly text: string | undefined;
}

/**
 * The lines of the input one after another, whatever its size. They end with LF or CRLF. Of a line
 * longer than `limit` octets nothing is kept: a file without line ends must not fill the memory.
 */
export async function* linesOf(file: string, io: Io, limit: number): AsyncGenerator<InputLine> {
  const stream = file === '-' ? io.stdin : createReadStream(file);
  const line = new LineCollector(limit);
  let number = 0;
  try {
    for await (const piece of stream) {
      const octets = typeof piece === 'string' ? Buffer.from(piece) : (piece as Buffer);
      let start = 0;
      for (let end = octets.indexOf(LF); end >= 0; end = octets.indexOf(LF, start)) {
        line.add(octets.subarray(start, end));
        start = end + 1;
        number += 1;
        yield { number, text: line.take() };
      }
      line.add(octets.subarray(start));
    }
  } catch (error) {
    throw noInput(file, error);
  }
  if (!line.isEmpty) yield { number: number + 1, text: line.take() };
}

/** What is said of a line that is longer than the limit. */
export function tooLongText(file: string, number: number, limit: number): string {
  const what = `longer than ${limit} octets, and not read: is the file what it should be?`;
  return `${file}:${number}: ${what} (TRANSFER_LINE_TOO_LONG)`;
}

const LF = 0x0a;
const CR = 0x0d;

/** The pieces of a line until it is whole. */
class LineCollector {
  readonly #limit: number;
  #pieces: Buffer[] = [];
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  add(piece: Buffer): void {
    this.#size += piece.length;
    // One more than the limit: it may be the CR of the line end.
    if (this.#size > this.#limit + 1) this.#pieces = [];
    else this.#pieces.push(piece);
  }

  /** The line, or undefined if it was too long; the next one begins. */
  take(): string | undefined {
    const size = this.#size;
    const octets = Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#size = 0;
    const length = octets.at(-1) === CR ? octets.length - 1 : size;
    return length > this.#limit ? undefined : octets.toString('utf8', 0, length);
  }
}

function noInput(file: string, error: unknown): CommandStop {
  const name = file === '-' ? 'standard input' : file;
  return new CommandStop(`cannot read ${name}: ${fileTrouble(error)}`, EXIT_NO_INPUT);
}
