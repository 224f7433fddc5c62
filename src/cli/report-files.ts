/**
 * The mails and reports behind the arguments of `report import`: files, folders, mailboxes, standard
 * input; one at a time.
 *
 * @module
 */
import { createReadStream, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { splitMbox } from '../reporting/intake/mbox.ts';
import type { ReportSource } from '../reporting/import/types.ts';
import { EXIT_NO_INPUT } from './exit-codes.ts';
import type { Io } from './io.ts';
import { CommandStop } from './shared-options.ts';

/** A mail or a bare report; where it is, for a person: `folder/file`, `mbox:12`. */
export type PlacedSource = ReportSource & { readonly place: string };

/** How mailboxes are read. */
export interface MailboxOptions {
  /** Of one mail, octets. */
  readonly maxBytes: number;
  /** Hears of what is larger: it is passed over. */
  readonly onTooLarge: (place: string, octets: number) => void;
}

/** How all is read. */
export interface SourceOptions extends MailboxOptions {
  readonly io: Io;
}

const SPACE_FOR_KIND = 5;

/**
 * All of them, in the order of the arguments, of folders by name; files unopened. Throws
 * {@link CommandStop} where a folder cannot be read.
 */
export async function* sourcesIn(
  paths: readonly string[],
  options: SourceOptions,
): AsyncGenerator<PlacedSource> {
  for (const path of paths) {
    if (path === '-') yield* fromStream('-', options.io.stdin, options);
    else for (const file of filesIn(path)) yield fileSource(file);
  }
}

/** The mails in files that are mailboxes. */
export async function* mailsIn(
  paths: readonly string[],
  options: MailboxOptions,
): AsyncGenerator<PlacedSource> {
  for (const path of paths) {
    yield* fromMbox(path, createReadStream(path) as AsyncIterable<Uint8Array>, options);
  }
}

/** Octets of all files together; undefined where standard input is among them. */
export function octetsOf(paths: readonly string[]): number | undefined {
  if (paths.includes('-')) return undefined;
  let octets = 0;
  for (const path of paths) for (const file of filesIn(path)) octets += sizeOf(file);
  return octets;
}

/** What is thrown where something cannot be read. */
export function unreadable(path: string, reason: string): CommandStop {
  return new CommandStop(`${path} cannot be read: ${reason}`, EXIT_NO_INPUT);
}

/** The file itself, or all in the folder and the folders in it. What mail servers keep beside mail is left out. */
function* filesIn(path: string): Generator<string> {
  const found = reachable(path, () => statSync(path));
  if (!found.isDirectory()) {
    yield path;
    return;
  }
  const entries = reachable(path, () => readdirSync(path, { withFileTypes: true }));
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

function fileSource(path: string): PlacedSource {
  return { kind: 'file', place: path, path, octets: sizeOf(path) };
}

/** 0 for what is not there any more: whoever reads it says so. */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

async function* fromMbox(
  path: string,
  stream: AsyncIterable<Uint8Array>,
  { maxBytes, onTooLarge }: MailboxOptions,
): AsyncGenerator<PlacedSource> {
  const tooLarge: number[] = [];
  let number = 0;
  const next = (): string => {
    number += 1;
    return `${path}:${number}`;
  };
  const passOver = (): void => {
    for (const octets of tooLarge.splice(0)) onTooLarge(next(), octets);
  };
  const noteSize = ({ octets }: { readonly octets: number }): void => void tooLarge.push(octets);
  for await (const bytes of splitMbox(stream, { maxBytes, onTooLarge: noteSize })) {
    passOver();
    yield bytesSource(next(), bytes);
  }
  passOver();
}

/** A copy of its own: what it was cut from may be large, and would go with it from thread to thread. */
function bytesSource(place: string, bytes: Uint8Array): PlacedSource {
  return { kind: 'bytes', place, bytes: new Uint8Array(bytes), octets: bytes.length };
}

async function* fromStream(
  place: string,
  stream: AsyncIterable<Uint8Array | string>,
  options: MailboxOptions,
): AsyncGenerator<PlacedSource> {
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
  if (octets > options.maxBytes) options.onTooLarge(place, octets);
  else yield bytesSource(place, Buffer.concat(pieces));
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

function reachable<T>(path: string, task: () => T): T {
  try {
    return task();
  } catch (error) {
    throw unreadable(path, error instanceof Error ? error.message : String(error));
  }
}
