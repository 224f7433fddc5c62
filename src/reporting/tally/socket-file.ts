/**
 * The file of the datagram socket: where it may be, and to whom it belongs.
 *
 * @module
 */
import { lstatSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { getSystemErrorName } from 'node:util';
import { fail, ok, type Outcome } from '../../failure.ts';
import { setSocketAccess, type SocketAccess } from '../../listen/socket-access.ts';
import type { Refusal } from './socket-launcher.ts';

/** `sun_path` has 108 octets on Linux, the last one is NUL. */
const LONGEST_PATH = 107;

/** Says what is wrong with the place before anything is made there. */
export function checkSocketPath(path: string): Outcome<void> {
  const octets = Buffer.byteLength(path);
  if (octets > LONGEST_PATH) {
    const why = `the path has ${octets} octets, a UNIX socket takes ${LONGEST_PATH}`;
    return fail('DATAGRAM_SOCKET_PATH', `${path}: ${why}`);
  }
  const folder = dirname(path);
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true
    ? ok(undefined)
    : fail('DATAGRAM_SOCKET_PATH', `${path}: the folder ${folder} does not exist`);
}

/** The number by which the file is known again; undefined where no socket is there. */
export function socketInode(path: string): number | undefined {
  const there = lstatSync(path, { throwIfNoEntry: false });
  return there?.isSocket() === true ? there.ino : undefined;
}

/** Sets owner and mode. */
export function openToSenders(path: string, { mode, owner }: SocketAccess): Outcome<void> {
  const fault = setSocketAccess(path, { mode, owner });
  if (fault === undefined) return ok(undefined);
  const { code, reason } = fault;
  return fail('DATAGRAM_SOCKET_OWNER', `${path}: ${reason} (${code})`);
}

/** In the words of whoever has to mend it. */
export function refusalFailure({ why, errno }: Refusal, where: string): Outcome<never> {
  const system = errno === 0 ? '' : `: ${errorName(errno)}`;
  switch (why) {
    case 'taken':
      return fail(
        'DATAGRAM_SOCKET_IN_USE',
        `${where}: another process receives datagrams there${system}`,
      );
    case 'other':
      return fail(
        'DATAGRAM_SOCKET_PATH',
        `${where}: there is a file that is no socket; it is left alone`,
      );
    case 'stale':
      return fail('DATAGRAM_SOCKET_FAILED', `${where}: an old socket cannot be removed${system}`);
    case 'folder':
    case 'bind':
      return fail('DATAGRAM_SOCKET_FAILED', `${where}: no socket can be made there${system}`);
    case 'socket':
    case 'exec':
    case 'unknown':
      return fail('DATAGRAM_SOCKET_FAILED', `${where}: the reader did not start (${why})${system}`);
    default:
      return why satisfies never;
  }
}

function errorName(errno: number): string {
  try {
    return getSystemErrorName(-errno);
  } catch {
    return `error ${errno}`;
  }
}
