/**
 * To whom the file of a UNIX socket belongs, and who may write to it: whoever may, may connect or
 * send.
 *
 * @module
 */
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
} from 'node:fs';

/** Who may use a socket. */
export interface SocketAccess {
  /** File mode, a number. */
  readonly mode: number;
  /** `user`, `user:group` or `:group`, by name or number; undefined and empty: left alone. */
  readonly owner?: string | undefined;
}

/** Why owner or mode could not be set. */
export interface AccessFault {
  /** The system's, e.g. `EPERM`. */
  readonly code: string;
  readonly reason: string;
}

/** Linux: a descriptor that stands for the file and is not opened; Node.js has no name for it. */
const O_PATH = 0o10000000;

/**
 * Sets owner and mode of a socket that is there: the mode last, since it opens the socket to others.
 * Both are set on the one file that was looked at: whatever somebody puts in its place meanwhile,
 * or makes it a link to, is left alone.
 *
 * @returns undefined once it is done
 */
export function setSocketAccess(
  path: string,
  { mode, owner = '' }: SocketAccess,
): AccessFault | undefined {
  const ids = ownerIds(owner);
  if ('reason' in ids) return ids;
  let step = 'it cannot be opened';
  let file: number | undefined;
  try {
    file = openSync(path, O_PATH | constants.O_NOFOLLOW);
    const there = fstatSync(file);
    if (!there.isSocket()) {
      return { code: 'EEXIST', reason: 'somebody put another file in the place of the socket' };
    }
    // A call on the descriptor itself is refused where it was opened so.
    const same = `/proc/self/fd/${file}`;
    step = `the socket cannot be given to ${owner}`;
    if (owner !== '') chownSync(same, ids.uid ?? there.uid, ids.gid ?? there.gid);
    step = `the socket cannot have the mode ${mode.toString(8)}`;
    chmodSync(same, mode);
    return undefined;
  } catch (error) {
    const { code = 'EPERM' } = error as NodeJS.ErrnoException;
    return { code, reason: step };
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

interface OwnerIds {
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

function ownerIds(owner: string): OwnerIds | AccessFault {
  const [user = '', group = ''] = owner.split(':');
  const uid = idOf(user, '/etc/passwd');
  const gid = idOf(group, '/etc/group');
  if (typeof uid === 'object') return uid;
  return typeof gid === 'object' ? gid : { uid, gid };
}

/** A number is itself; a name stands in the first field of a line, its number in the third. */
function idOf(name: string, file: string): number | undefined | AccessFault {
  if (name === '') return undefined;
  if (/^\d+$/.test(name)) return Number(name);
  const id = linesOf(file)
    .find((line) => line.startsWith(`${name}:`))
    ?.split(':')[2];
  return id === undefined ? { code: 'ENOENT', reason: `${file} knows no ${name}` } : Number(id);
}

/** None where there is no such file, as in a container of nothing but the service. */
function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}
