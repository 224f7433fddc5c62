/**
 * Reads a password from a file of its own.
 *
 * @module
 */
import { closeSync, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { fail, ok, type Outcome } from '../../failure.ts';

/** Nobody types more; a longer file is the wrong one. Octets. */
const LONGEST = 4096;
/** Bits of everybody else: to read, to write. */
const OTHERS = 0o006;

/**
 * Reads it. The end of the line behind the password does not count, everything else does, spaces too.
 *
 * @returns `ROUTE_PASSWORD_FILE` where it cannot be read, `ROUTE_PASSWORD_FILE_EXPOSED` where every
 *   user of the machine can, `ROUTE_PASSWORD_INVALID` where it holds no single line. No text holds
 *   anything of the content
 */
export function readPasswordFile(path: string): Outcome<string> {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    return unreadable(path, error);
  }
  try {
    // Of the open file, not of the path: it cannot be another one by then.
    return faultOf(path, fstatSync(file)) ?? passwordIn(path, readFileSync(file));
  } catch (error) {
    return unreadable(path, error);
  } finally {
    closeSync(file);
  }
}

function unreadable(path: string, error: unknown): Outcome<never> {
  const reason = (error as NodeJS.ErrnoException).code ?? String(error);
  const why = reason === 'ENOENT' ? 'there is no such file' : reason;
  return fail('ROUTE_PASSWORD_FILE', `password file ${path} cannot be read: ${why}`);
}

function faultOf(path: string, stats: Stats): Outcome<never> | undefined {
  if (!stats.isFile()) {
    return fail('ROUTE_PASSWORD_FILE', `password file ${path} cannot be read: it is no file`);
  }
  if ((stats.mode & OTHERS) !== 0) {
    const mode = (stats.mode & 0o777).toString(8).padStart(4, '0');
    return fail(
      'ROUTE_PASSWORD_FILE_EXPOSED',
      `password file ${path} has mode ${mode}: every user of this machine may read or change it`,
    );
  }
  return stats.size > LONGEST ? invalid(path, `is longer than ${LONGEST} octets`) : undefined;
}

function passwordIn(path: string, octets: Uint8Array): Outcome<string> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets);
  } catch {
    return invalid(path, 'is not UTF-8');
  }
  const password = text.replace(/\r?\n$/, '');
  if (password === '') return invalid(path, 'is empty');
  // NUL ends a field of PLAIN (RFC 4616 §2); a second line is a file of another kind.
  if (/\p{Cc}/u.test(password))
    return invalid(path, 'has more than one line or a control character');
  return ok(password);
}

function invalid(path: string, why: string): Outcome<never> {
  return fail('ROUTE_PASSWORD_INVALID', `password file ${path} ${why}`);
}
