/**
 * Whose SQLite file is it? Told by its first hundred octets, before SQLite touches it
 * (https://www.sqlite.org/fileformat.html §1.3).
 *
 * @module
 */
import { closeSync, openSync, readSync } from 'node:fs';

/** Our mark in the header: "stss" in ASCII. */
export const APPLICATION_ID = 0x7374_7373;

const HEADER = 100;
const MAGIC = 'SQLite format 3\0';
const APPLICATION_ID_AT = 68;

/** What a file is. */
export type FileKind =
  /** Nothing is in it yet. */
  | 'empty'
  /** Marked by us. */
  | 'ours'
  /** SQLite, without a mark: perhaps of an early release of ours, perhaps of somebody else. */
  | 'unmarked'
  /** SQLite, marked by another program. */
  | 'foreign'
  /** No SQLite file, or one whose header is damaged. */
  | 'other';

/** Looks at the header of an existing file. Throws the system's error if it cannot be read. */
export function fileKind(file: string): FileKind {
  const header = Buffer.alloc(HEADER);
  const handle = openSync(file, 'r');
  try {
    const size = readSync(handle, header, 0, HEADER, 0);
    if (size === 0) return 'empty';
    if (size < HEADER || header.toString('latin1', 0, MAGIC.length) !== MAGIC) return 'other';
  } finally {
    closeSync(handle);
  }
  const id = header.readUInt32BE(APPLICATION_ID_AT);
  if (id === APPLICATION_ID) return 'ours';
  return id === 0 ? 'unmarked' : 'foreign';
}
