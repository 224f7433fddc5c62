/**
 * The file of a private key: read with care, written once.
 *
 * @module
 */
import { closeSync, fstatSync, openSync, readFileSync, type Stats, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fail, ok, type Outcome } from '../../failure.ts';

/** A key of 16384 bits takes less; a longer file is the wrong one. Octets. */
const LONGEST = 16_384;
/** Bits of everybody else: to read, to write. */
const OTHERS = 0o006;

const WHY_UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this user may not read it',
  ENOTDIR: 'there is no such folder',
};

/** Reads it: `DKIM_KEY_FILE` where that fails, `DKIM_KEY_FILE_EXPOSED` where everybody can. */
export function readKeyFile(path: string): Outcome<string> {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    return unreadable(path, error);
  }
  try {
    // Of the open file, not of the path: it cannot be another one by then.
    return faultOf(path, fstatSync(file)) ?? ok(readFileSync(file, 'utf8'));
  } catch (error) {
    return unreadable(path, error);
  } finally {
    closeSync(file);
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

function faultOf(path: string, stats: Stats): Outcome<never> | undefined {
  if (!stats.isFile()) return fail('DKIM_KEY_FILE', `DKIM key ${path} is no file`);
  if ((stats.mode & OTHERS) !== 0) {
    const mode = (stats.mode & 0o777).toString(8).padStart(4, '0');
    return fail(
      'DKIM_KEY_FILE_EXPOSED',
      `DKIM key ${path} has mode ${mode}: every user of this machine may read or change it: chmod 600 ${path}`,
    );
  }
  if (stats.size <= LONGEST) return undefined;
  return fail('DKIM_KEY_FILE', `DKIM key ${path} is longer than ${LONGEST} octets`);
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

function unreadable(path: string, error: unknown): Outcome<never> {
  const reason = (error as NodeJS.ErrnoException).code ?? String(error);
  const why = WHY_UNREADABLE[reason] ?? reason;
  return fail('DKIM_KEY_FILE', `DKIM key ${path} cannot be read: ${why}`);
}
