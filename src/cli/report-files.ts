/**
 * The mails and reports behind the arguments of `report import`: files, folders, mailboxes, standard
 * input; one at a time.
 *
 * @module
 */
import { createReadStream } from 'node:fs';
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { splitMbox } from '../reporting/intake/mbox.ts';
import { EXIT_NO_INPUT } from './exit-codes.ts';
import type { Io } from './io.ts';
import { CommandStop } from './shared-options.ts';

/** A mail or a bare report. */
export interface ReportInput {
  /** Where it is, for a person: `folder/file`, `mbox:12`. */
  readonly place: string;
  /** Absent: larger than the limit. */
  readonly bytes?: Uint8Array;
  readonly octets: number;
  /** As its sender called it, where that is likely. */
  readonly fileName?: string;
}

/** How they are read. */
export interface InputOptions {
  readonly io: Io;
  /** Of one mail or report, octets. */
  readonly maxBytes: number;
}

const SPACE_FOR_KIND = 5;

/** All of them, in the order of the arguments, of folders by name. Throws {@link CommandStop} where one cannot be read. */
export async function* reportInputs(
  paths: readonly string[],
  options: InputOptions,
): AsyncGenerator<ReportInput> {
  for (const path of paths) {
    if (path === '-') yield* fromStream('-', options.io.stdin, options);
    else for await (const file of filesIn(path)) yield* fromFile(file, options);
  }
}

/** Octets of all files together; undefined where standard input is among them. */
export async function octetsOf(paths: readonly string[]): Promise<number | undefined> {
  if (paths.includes('-')) return undefined;
  let octets = 0;
  for (const path of paths) {
    for await (const file of filesIn(path)) octets += (await stat(file)).size;
  }
  return octets;
}

/** The file itself, or all in the folder and the folders in it. What mail servers keep beside mail is left out. */
async function* filesIn(path: string): AsyncGenerator<string> {
  const found = await reachable(path, () => stat(path));
  if (!found.isDirectory()) {
    yield path;
    return;
  }
  const entries = await reachable(path, () => readdir(path, { withFileTypes: true }));
  const names = new Set(entries.map(({ name }) => name));
  const isMaildir = names.has('cur') && names.has('new');
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const inner = join(path, entry.name);
    if (entry.isDirectory()) {
      // Mail in `tmp` is still being written.
      if (!(isMaildir && entry.name === 'tmp')) yield* filesIn(inner);
    } else if (entry.isFile() && !/^(?:\.|dovecot|maildirsize$|subscriptions$)/.test(entry.name)) {
      yield inner;
    }
  }
}

async function* fromFile(path: string, options: InputOptions): AsyncGenerator<ReportInput> {
  const file = await reachable(path, () => open(path));
  try {
    const head = await headOf(file);
    if (head.startsWith('From ')) {
      // One read at a time, from the beginning, whatever the look at the head has moved.
      const stream = createReadStream(path) as AsyncIterable<Uint8Array>;
      yield* fromMbox(path, stream, options);
      return;
    }
    const { size } = await file.stat();
    const place = { place: path, octets: size, fileName: basename(path) };
    if (size > options.maxBytes) yield place;
    else yield { ...place, bytes: await reachable(path, () => file.readFile()) };
  } finally {
    await file.close();
  }
}

/** Without moving on in the file. */
async function headOf(file: FileHandle): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(SPACE_FOR_KIND), 0, SPACE_FOR_KIND, 0);
  return buffer.toString('latin1', 0, bytesRead);
}

async function* fromMbox(
  path: string,
  stream: AsyncIterable<Uint8Array>,
  { maxBytes }: InputOptions,
): AsyncGenerator<ReportInput> {
  const tooLarge: number[] = [];
  let number = 0;
  const onTooLarge = ({ octets }: { readonly octets: number }): void => void tooLarge.push(octets);
  const next = (): string => {
    number += 1;
    return `${path}:${number}`;
  };
  const passedOver = (): readonly ReportInput[] =>
    tooLarge.splice(0).map((octets) => ({ place: next(), octets }));
  for await (const bytes of splitMbox(stream, { maxBytes, onTooLarge })) {
    yield* passedOver();
    yield { place: next(), bytes, octets: bytes.length };
  }
  yield* passedOver();
}

async function* fromStream(
  place: string,
  stream: AsyncIterable<Uint8Array | string>,
  options: InputOptions,
): AsyncGenerator<ReportInput> {
  const pieces: Buffer[] = [];
  let octets = 0;
  const rest = stream[Symbol.asyncIterator]();
  const read = async (): Promise<boolean> => {
    const { value, done } = await rest.next();
    if (done === true) return false;
    const piece = Buffer.from(value as Uint8Array);
    octets += piece.length;
    if (octets <= options.maxBytes) pieces.push(piece);
    return true;
  };
  for (;;) {
    if (octets >= SPACE_FOR_KIND || !(await read())) break;
  }
  if (Buffer.concat(pieces).toString('latin1', 0, SPACE_FOR_KIND) === 'From ') {
    yield* fromMbox(place, joined(pieces, rest), options);
    return;
  }
  while (await read());
  if (octets > options.maxBytes) yield { place, octets };
  else yield { place, octets, bytes: Buffer.concat(pieces) };
}

async function* joined(
  first: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array | string>,
): AsyncGenerator<Uint8Array> {
  yield* first;
  for (;;) {
    const { value, done } = await rest.next();
    if (done === true) return;
    yield Buffer.from(value as Uint8Array);
  }
}

async function reachable<T>(path: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandStop(`${path} cannot be read: ${reason}`, EXIT_NO_INPUT);
  }
}
