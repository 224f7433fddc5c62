/**
 * The file of a private key: read with care, written once.
 *
 * @module
 */
import { writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fail, ok, type Outcome } from '../../failure.ts';
import { readSecretFile } from '../../secret-file.ts';

/** A key of 16384 bits takes less; a longer file is the wrong one. Octets. */
const LONGEST = 16_384;

/** Reads it: `DKIM_KEY_FILE` where that fails, `DKIM_KEY_FILE_EXPOSED` where everybody can. */
export function readKeyFile(path: string): Outcome<string> {
  const file = readSecretFile(path, LONGEST);
  switch (file.kind) {
    case 'read':
      return ok(file.octets.toString('utf8'));
    case 'unreadable':
      return fail('DKIM_KEY_FILE', `DKIM key ${path} cannot be read: ${file.why}`);
    case 'exposed':
      return fail(
        'DKIM_KEY_FILE_EXPOSED',
        `DKIM key ${path} has mode ${file.mode}: every user of this machine may read or change it: chmod 600 ${path}`,
      );
    case 'too-long':
      return fail('DKIM_KEY_FILE', `DKIM key ${path} is longer than ${LONGEST} octets`);
  }
}

/** Writes a new one, for its owner alone: `DKIM_KEY_FILE_EXISTS` where there is a file already. */
export function writeKeyFile(path: string, pem: string): Outcome<undefined> {
  try {
    writeFileSync(path, pem, { flag: 'wx', mode: 0o600 });
    return ok(undefined);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    return reason === 'EEXIST'
      ? fail('DKIM_KEY_FILE_EXISTS', `${path} is there already; a key is never overwritten`)
      : fail(
          'DKIM_KEY_FILE_UNWRITABLE',
          `${path} cannot be written: ${whyUnwritable(path, reason)}`,
        );
  }
}

function whyUnwritable(path: string, reason: string): string {
  const folder = dirname(path);
  switch (reason) {
    case 'ENOENT':
      return `the folder ${folder} does not exist: make it first`;
    case 'ENOTDIR':
      return `${folder} is no folder`;
    case 'EACCES':
    case 'EPERM':
      return `this user may not write to ${folder}`;
    case 'EROFS':
      return `${folder} can only be read`;
    case 'ENOSPC':
    case 'EDQUOT':
      return 'the disk is full';
    default:
      return reason;
  }
}
