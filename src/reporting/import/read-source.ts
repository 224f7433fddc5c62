/**
 * Reads a file with a report. Standing still: a small file is there sooner than a thread of the pool
 * would have been asked for it.
 *
 * @module
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type FilePath, pathForFs } from '../../file-path.ts';
import { fileTrouble } from '../../file-trouble.ts';
import type { NoReportFile } from './types.ts';

/** What was read. */
export type ReadSource = { readonly kind: 'bytes'; readonly bytes: Uint8Array } | NoReportFile;

/** How a mailbox begins (RFC 4155). */
const MAILBOX = 'From ';

/** Reads it whole unless it is larger than `maxBytes`, or a mailbox. Never throws. */
export function readSource(path: FilePath, maxBytes: number): ReadSource {
  let fd: number | undefined;
  try {
    fd = openSync(pathForFs(path), 'r');
    return readOpen(fd, maxBytes);
  } catch (error) {
    return { kind: 'unreadable', reason: fileTrouble(error) };
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function readOpen(fd: number, maxBytes: number): ReadSource {
  const stats = fstatSync(fd);
  if (!stats.isFile()) return { kind: 'unreadable', reason: 'it is not a file' };
  const isTooLarge = stats.size > maxBytes;
  const bytes = Buffer.allocUnsafe(isTooLarge ? MAILBOX.length : stats.size);
  let length = 0;
  while (length < bytes.length) {
    const more = readSync(fd, bytes, length, bytes.length - length, null);
    // It has become shorter meanwhile.
    if (more === 0) break;
    length += more;
  }
  if (bytes.toString('latin1', 0, MAILBOX.length) === MAILBOX) return { kind: 'mailbox' };
  if (isTooLarge) return { kind: 'too-large', octets: stats.size };
  return { kind: 'bytes', bytes: bytes.subarray(0, length) };
}
