/**
 * The three streams of a command, handed in so that a test can read what a person would.
 *
 * @module
 */
import type { Readable, Writable } from 'node:stream';
import { jsonLine } from '../json.ts';

/** Where a command reads and writes. */
export interface Io {
  readonly stdin: Readable;
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
}

/** Writes one line. */
export function say(io: Io, line: string): void {
  io.stdout.write(`${line}\n`);
}

/** Writes one line of JSON. */
export function sayJson(io: Io, value: unknown): void {
  say(io, jsonLine(value));
}

/** Writes one line to standard error. */
export function complain(io: Io, line: string): void {
  io.stderr.write(`${line}\n`);
}

/** Reads all of standard input, refusing more than `limit` octets. */
export async function readAll(stream: Readable, limit: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of stream) {
    const bytes = Buffer.from(piece as Uint8Array | string);
    size += bytes.length;
    if (size > limit) throw new InputTooLarge(limit);
    pieces.push(bytes);
  }
  return Buffer.concat(pieces);
}

/** More came in than a command takes. */
export class InputTooLarge extends Error {
  constructor(limit: number) {
    super(`the input is larger than ${limit} octets`);
  }
}
