/**
 * What a text that is no JSON is instead, in plain words: whoever hands it in by mistake should see
 * which mistake it is.
 *
 * @module
 */
import { quoted } from '../problems.ts';

/** Where JSON ended unexpectedly. */
export interface NoJson {
  readonly text: string;
  /** An offset in the text. */
  readonly at: number;
  /** What should have stood there. */
  readonly expected: string;
  /** What it came out of. */
  readonly packedAs?: 'gzip' | 'zip';
}

/** `the JSON breaks off at octet 812`, `it is no report but begins like a mailbox`. */
export function noJsonText({ text, at, expected, packedAs }: NoJson): string {
  const begin = text.trimStart();
  if (/^[[{"]/.test(begin)) return brokenText({ text, at, expected });
  const unpacked = packedAs === undefined ? '' : 'unpacked, ';
  const kind = KINDS.find(({ isOne }) => isOne(begin));
  if (kind === undefined) return `${unpacked}${beginText(begin)}`;
  const isToUnpack = packedAs !== undefined || kind.isPacked === true;
  const mend = kind.isForImport && isToUnpack ? ': unpack it first and hand in what is in it' : '';
  return `${unpacked}it is no report but begins like ${kind.name}${mend}`;
}

function brokenText({ text, at, expected }: NoJson): string {
  const isCut = /^[\w.+-]{0,20}$/.test(text.slice(at, at + LONGEST_WORD + 1));
  const end = isCut ? text.length : at;
  const octet = Buffer.byteLength(text.slice(0, end));
  return isCut
    ? `the JSON breaks off at octet ${octet}: it was cut short`
    : `the JSON is broken at octet ${octet}: expected ${expected}`;
}

/** A word of JSON (`false`, a number) that may have been cut is no longer. */
const LONGEST_WORD = 20;

interface Kind {
  readonly name: string;
  readonly isOne: (begin: string) => boolean;
  /** There may be reports in it. */
  readonly isForImport: boolean;
  /** It is an archive itself. */
  readonly isPacked?: true;
}

/** Where an archive of tar says that it is one (POSIX pax, ustar). */
const TAR_MAGIC_AT = 257;

const KINDS: readonly Kind[] = [
  {
    name: 'a tar archive',
    isOne: (begin) => begin.startsWith('ustar', TAR_MAGIC_AT),
    isForImport: true,
    isPacked: true,
  },
  { name: 'a mailbox', isOne: (begin) => /^From \S+ /.test(begin), isForImport: true },
  {
    name: 'a mail',
    isOne: (begin) => /^[!-9;-~]{1,76}[ \t]*:.*\r?\n/.test(begin.slice(0, 1_000)),
    isForImport: true,
  },
  {
    name: 'gzip',
    // The second octet of its magic number is no UTF-8.
    isOne: (begin) => begin.startsWith('\u001f\ufffd'),
    isForImport: true,
    isPacked: true,
  },
  {
    name: 'a zip archive',
    isOne: (begin) => begin.startsWith('PK\u0003\u0004'),
    isForImport: true,
    isPacked: true,
  },
  {
    name: 'an aggregate report of DMARC',
    isOne: (begin) => begin.startsWith('<') && /<feedback[\s>]/.test(begin.slice(0, 1_000)),
    isForImport: false,
  },
  {
    name: 'XML or HTML',
    isOne: (begin) => begin.startsWith('<'),
    isForImport: false,
  },
];

/** Shown of a text. */
const SHOWN = 20;
/** What is searched for characters that no text has. */
const LOOKED_AT = 200;

function beginText(begin: string): string {
  // Tab, line feed, form feed and carriage return stand in texts.
  const isBinary = /[\u0000-\u0008\u000e-\u001f\ufffd]/.test(begin.slice(0, LOOKED_AT));
  if (isBinary) return 'it is neither a report nor a text';
  const [line = ''] = begin.split(/\r?\n/, 1);
  const start = line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line;
  return `it is no JSON: it begins with ${quoted(start)}`;
}
