/**
 * Reads a password from a file of its own.
 *
 * @module
 */
import { fail, ok, type Outcome } from '../../failure.ts';
import { readSecretFile } from '../../secret-file.ts';

/** Nobody types more; a longer file is the wrong one. Octets. */
const LONGEST = 4096;

/**
 * Reads it. The end of the line behind the password does not count, everything else does, spaces too.
 *
 * @returns `ROUTE_PASSWORD_FILE` where it cannot be read, `ROUTE_PASSWORD_FILE_EXPOSED` where every
 *   user of the machine can, `ROUTE_PASSWORD_INVALID` where it holds no single line. No text holds
 *   anything of the content
 */
export function readPasswordFile(path: string): Outcome<string> {
  const file = readSecretFile(path, LONGEST);
  switch (file.kind) {
    case 'read':
      return passwordIn(path, file.octets);
    case 'unreadable':
      return fail('ROUTE_PASSWORD_FILE', `password file ${path} cannot be read: ${file.why}`);
    case 'exposed':
      return fail(
        'ROUTE_PASSWORD_FILE_EXPOSED',
        `password file ${path} has mode ${file.mode}: every user of this machine may read or change it`,
      );
    case 'too-long':
      return invalid(path, `is longer than ${LONGEST} octets`);
  }
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
