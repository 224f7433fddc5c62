/**
 * Is a folder a Maildir?
 *
 * @module
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fail, ok, type Outcome } from '../../failure.ts';

const FOLDERS = ['cur', 'new', 'tmp'] as const;

/** `REPORT_RECEIVER_NO_MAILDIR` where the folder is not there, or what makes it a Maildir. */
export function checkMaildir(path: string): Outcome<undefined> {
  if (!isFolder(path)) {
    return noMaildir(
      path,
      'is not there',
      `mkdir -p ${FOLDERS.map((f) => join(path, f)).join(' ')}`,
    );
  }
  const missing = FOLDERS.filter((name) => !isFolder(join(path, name)));
  if (missing.length === 0) return ok(undefined);
  const what = `is no Maildir: it has no ${missing.join(', no ')}`;
  return noMaildir(path, what, `mkdir ${missing.map((name) => join(path, name)).join(' ')}`);
}

function noMaildir(path: string, what: string, mend: string): Outcome<never> {
  return fail(
    'REPORT_RECEIVER_NO_MAILDIR',
    `the Maildir ${path} ${what}; make it with cur, new and tmp: ${mend}`,
  );
}

function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    // A file stands in the way, or the folder above may not be looked into.
    return false;
  }
}
