/**
 * The mails and reports behind the arguments of `report import`: files, folders, mailboxes, standard
 * input; one at a time.
 *
 * @module
 */
import { createReadStream, type Dirent, readdirSync, statSync } from 'node:fs';
import { splitMbox } from '../reporting/intake/mbox.ts';
import { type FilePath, pathForFs, pathIn, pathText } from '../file-path.ts';
import { fileTrouble } from '../file-trouble.ts';
import type { ReportSource } from '../reporting/import/types.ts';
import type { Io } from './io.ts';

/** A mail or a bare report; where it is, for a person: `folder/file`, `mbox:12`. */
export type PlacedSource = ReportSource & {
  readonly place: string;
  /** It is an argument itself, not one of the files or mails in one. */
  readonly isNamed: boolean;
};

/** How mailboxes are read. */
export interface MailboxOptions {
  /** Of one mail, octets. */
  readonly maxBytes: number;
  /** Hears of what is larger: it is passed over. */
  readonly onTooLarge: (place: string, octets: number) => void;
  /** Hears of what cannot be read, and why: all else goes on. */
  readonly onUnreadable: (place: string, reason: string) => void;
}

/** How all is read. */
export interface SourceOptions extends MailboxOptions {
  readonly io: Io;
  /** Default: that of the system. */
  readonly readFolder?: ReadFolder;
}

type ReadFolder = (path: FilePath) => readonly Dirent<Buffer>[];

const SPACE_FOR_KIND = 5;

/** Standard input, for a person. */
const STANDARD_INPUT = 'standard input';

/** All of them, in the order of the arguments, of folders by name; files unopened. */
export async function* sourcesIn(
  paths: readonly string[],
  options: SourceOptions,
): AsyncGenerator<PlacedSource> {
  for (const path of paths) {
    if (path === '-') yield* fromInput(options);
    else for (const file of filesIn(path, options)) yield fileSource(file, file === path);
  }
}

/** The mails in files that are mailboxes. */
export async function* mailsIn(
  paths: readonly FilePath[],
  options: MailboxOptions,
): AsyncGenerator<PlacedSource> {
  for (const path of paths) {
    try {
      const stream = createReadStream(pathForFs(path)) as AsyncIterable<Uint8Array>;
      yield* fromMbox(pathText(path), stream, options);
    } catch (error) {
      options.onUnreadable(pathText(path), fileTrouble(error));
    }
  }
}

/** Octets of all files together that can be read; undefined where standard input is among them. */
export function octetsOf(paths: readonly string[]): number | undefined {
  if (paths.includes('-')) return undefined;
  let octets = 0;
  for (const path of paths) for (const file of filesIn(path, SILENT)) octets += sizeOf(file);
  return octets;
}

type WalkOptions = Pick<SourceOptions, 'onUnreadable' | 'readFolder'>;

const NOT_UTF8 = 'its name is not UTF-8: rename it, or import the folder that it is in';

const SILENT: WalkOptions = { onUnreadable: () => undefined };

/** The file itself, or all in the folder and the folders in it. What mail servers keep beside mail is left out. */
function* filesIn(path: FilePath, options: WalkOptions): Generator<FilePath> {
  const { readFolder = folderOf } = options;
  let entries: readonly Dirent<Buffer>[];
  try {
    if (!statSync(pathForFs(path)).isDirectory()) {
      yield path;
      return;
    }
    entries = readFolder(path);
  } catch (error) {
    // Arguments come as text: octets that are none are lost before they reach us.
    const isLossy = typeof path === 'string' && path.includes('\ufffd');
    options.onUnreadable(pathText(path), isLossy ? NOT_UTF8 : fileTrouble(error));
    return;
  }
  const names = new Set(entries.map(({ name }) => pathText(name)));
  const isMaildir = names.has('cur') && names.has('new');
  for (const entry of entries.toSorted((a, b) => Buffer.compare(a.name, b.name))) {
    const inner = pathIn(path, entry.name);
    const name = pathText(entry.name);
    if (entry.isDirectory()) {
      // Mail in `tmp` is still being written.
      if (!(isMaildir && name === 'tmp')) yield* filesIn(inner, options);
    } else if (entry.isFile() && !/^(?:\.|dovecot|maildirsize$|subscriptions$)/.test(name)) {
      yield inner;
    }
  }
}

function folderOf(path: FilePath): readonly Dirent<Buffer>[] {
  return readdirSync(pathForFs(path), { withFileTypes: true, encoding: 'buffer' });
}

function fileSource(path: FilePath, isNamed: boolean): PlacedSource {
  return { kind: 'file', place: pathText(path), isNamed, path, octets: sizeOf(path) };
}

/** 0 for what is not there any more: whoever reads it says so. */
function sizeOf(path: FilePath): number {
  return statSync(pathForFs(path), { throwIfNoEntry: false })?.size ?? 0;
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
    yield bytesSource(next(), bytes, false);
  }
  passOver();
}

/** A copy of its own: what it was cut from may be large, and would go with it from thread to thread. */
function bytesSource(place: string, bytes: Uint8Array, isNamed: boolean): PlacedSource {
  return { kind: 'bytes', place, isNamed, bytes: new Uint8Array(bytes), octets: bytes.length };
}

async function* fromInput(options: SourceOptions): AsyncGenerator<PlacedSource> {
  try {
    yield* fromStream(STANDARD_INPUT, options.io.stdin, options);
  } catch (error) {
    options.onUnreadable(STANDARD_INPUT, fileTrouble(error));
  }
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
  else yield bytesSource(place, Buffer.concat(pieces), true);
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
