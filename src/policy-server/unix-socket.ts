/**
 * The file of a UNIX socket: what may be in its place, to whom it belongs, who may connect.
 *
 * @module
 */
import { chmodSync, chownSync, lstatSync, readFileSync, statSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { ListenError } from './listen-error.ts';

/** Who may connect: whoever may write to the file. */
export interface UnixSocketAccess {
  /** File mode, a number. */
  readonly mode: number;
  /** `user`, `user:group` or `:group`, by name or number; undefined: left alone. */
  readonly owner?: string | undefined;
}

/**
 * Makes room for a socket: removes one that a dead process left behind. Rejects with a
 * {@link ListenError} where somebody listens, and where something else than a socket is.
 */
export async function clearUnixSocket(path: string): Promise<void> {
  const where = `unix:${path}`;
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (!there.isSocket()) {
    throw new ListenError(where, 'EEXIST', 'there is a file that is no socket; it is left alone');
  }
  const answer = await knock(path);
  if (answer === 'listening') {
    throw new ListenError(where, 'EADDRINUSE', 'another process listens there: stop it first');
  }
  if (answer === 'dead') unlinkSync(path);
}

/** Is anybody there? */
async function knock(path: string): Promise<'listening' | 'dead' | 'gone'> {
  return await new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve('listening');
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') resolve('gone');
      // Anything but a refusal (EACCES, a full queue) may be somebody who is alive.
      else resolve(error.code === 'ECONNREFUSED' ? 'dead' : 'listening');
    });
  });
}

/** Sets owner and mode of a socket that is there. Throws a {@link ListenError}. */
export function secureUnixSocket(path: string, access: UnixSocketAccess): void {
  const where = `unix:${path}`;
  if (access.owner !== undefined) {
    const { uid, gid } = ownerIds(access.owner, where);
    const now = statSync(path);
    try {
      chownSync(path, uid ?? now.uid, gid ?? now.gid);
    } catch (error) {
      const { code = 'EPERM' } = error as NodeJS.ErrnoException;
      throw new ListenError(where, code, `the socket cannot be given to ${access.owner}`);
    }
  }
  chmodSync(path, access.mode);
}

interface OwnerIds {
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

function ownerIds(owner: string, where: string): OwnerIds {
  const [user = '', group] = owner.split(':');
  return {
    uid: user === '' ? undefined : idOf(user, '/etc/passwd', where),
    gid: group === undefined ? undefined : idOf(group, '/etc/group', where),
  };
}

/** A number is itself; a name stands in the first field of a line, its number in the third. */
function idOf(name: string, file: string, where: string): number {
  if (/^\d+$/.test(name)) return Number(name);
  const line = readFileSync(file, 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  const id = line?.split(':')[2];
  if (id === undefined) throw new ListenError(where, 'ENOENT', `${file} knows no ${name}`);
  return Number(id);
}
