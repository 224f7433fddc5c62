/**
 * Reads a file that holds a secret: a password, a private key.
 *
 * @module
 */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

/** What was read, or why it was not. No text holds anything of the content. */
export type SecretFile =
  | { readonly kind: 'read'; readonly octets: Buffer }
  /** `why` is for a person. */
  | { readonly kind: 'unreadable'; readonly why: string }
  /** Every user of the machine may read or change it; `mode` as `chmod` has it: `0644`. */
  | { readonly kind: 'exposed'; readonly mode: string }
  /** It has more octets than such a secret: it is the wrong file. */
  | { readonly kind: 'too-long' };

/** Bits of everybody else: to read, to write. */
const OTHERS = 0o006;

const WHY_UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this user may not read it',
  ENOTDIR: 'there is no such folder',
};

/** May everybody read or change a file with this mode? */
export function isExposed(mode: number): boolean {
  return (mode & OTHERS) !== 0;
}

/** Reads it. Never throws. @param longest octets of the longest secret of its kind */
export function readSecretFile(path: string, longest: number): SecretFile {
  let file: number;
  try {
    // To open a pipe that nobody writes to would wait for ever.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return unreadable(error);
  }
  try {
    // Of the open file, not of the path: it cannot be another one by then.
    const stats = fstatSync(file);
    if (!stats.isFile()) return { kind: 'unreadable', why: 'it is no file' };
    if (isExposed(stats.mode)) {
      return { kind: 'exposed', mode: (stats.mode & 0o777).toString(8).padStart(4, '0') };
    }
    if (stats.size > longest) return { kind: 'too-long' };
    return { kind: 'read', octets: readFileSync(file) };
  } catch (error) {
    return unreadable(error);
  } finally {
    closeSync(file);
  }
}

function unreadable(error: unknown): SecretFile {
  const reason = (error as NodeJS.ErrnoException).code ?? String(error);
  return { kind: 'unreadable', why: WHY_UNREADABLE[reason] ?? reason };
}
