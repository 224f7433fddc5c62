/**
 * The file of the datagram socket: where it may be, and to whom it belongs.
 *
 * @module
 */
import { chmodSync, lchownSync, lstatSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { getSystemErrorName } from 'node:util';
import { fail, ok, type Outcome } from '../../failure.ts';
import type { Refusal } from './socket-launcher.ts';

/** `sun_path` has 108 octets on Linux, the last one is NUL. */
const LONGEST_PATH = 107;

/** Who may send: whoever may write to the file. */
export interface SocketAccess {
  readonly mode: number;
  /** `user`, `user:group` or `:group`, by name or number; empty: left alone. */
  readonly owner: string;
}

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

/** Sets owner and mode: the mode last, since it opens the socket to others. */
export function openToSenders(path: string, { mode, owner }: SocketAccess): Outcome<void> {
  try {
    const { uid, gid } = ownerIds(owner);
    const now = lstatSync(path);
    if (!now.isSocket()) throw new Error('it is no socket any more');
    // Not the target of what somebody may have put in its place.
    if (owner !== '') lchownSync(path, uid ?? now.uid, gid ?? now.gid);
    chmodSync(path, mode);
    return ok(undefined);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const what = `owner ${owner === '' ? '(left alone)' : owner} and mode ${mode.toString(8)}`;
    return fail('DATAGRAM_SOCKET_OWNER', `${path}: ${what} cannot be set: ${code ?? message}`);
  }
}

function ownerIds(owner: string): { readonly uid?: number; readonly gid?: number } {
  const [user = '', group = ''] = owner.split(':');
  return {
    ...(user === '' ? {} : { uid: idOf(user, '/etc/passwd') }),
    ...(group === '' ? {} : { gid: idOf(group, '/etc/group') }),
  };
}

/** A number is itself; a name stands in the first field of a line, its number in the third. */
function idOf(name: string, file: string): number {
  if (/^\d+$/.test(name)) return Number(name);
  const line = readFileSync(file, 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  const id = line?.split(':')[2];
  if (id === undefined) throw new Error(`${file} knows no ${name}`);
  return Number(id);
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
