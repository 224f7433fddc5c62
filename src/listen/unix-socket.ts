/**
 * The file of a UNIX socket: what may be in its place, to whom it belongs, who may connect.
 *
 * @module
 */
import { chmodSync, lchownSync, lstatSync, readFileSync, statSync, unlinkSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { dirname, resolve as resolvePath } from 'node:path';
import { ListenError } from './listen-error.ts';

/** Who may connect: whoever may write to the file. */
export interface UnixSocketAccess {
  /** File mode, a number. */
  readonly mode: number;
  /** `user`, `user:group` or `:group`, by name or number; undefined: left alone. */
  readonly owner?: string | undefined;
}

/**
 * Lets the server listen there, and those in who may connect. The file is its owner's alone until
 * owner and mode are what they should be. Rejects with a {@link ListenError}, or the system's error,
 * and then leaves nothing behind.
 */
export async function listenOnUnixSocket(
  server: Server,
  path: string,
  access: UnixSocketAccess & { readonly backlog?: number },
): Promise<void> {
  checkPlace(path);
  await clearUnixSocket(path);
  const { backlog = 511 } = access;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // `listen` makes the file before it returns, so the mask holds for nothing else.
    const before = process.umask(OWNER_ALONE);
    try {
      server.listen({ path, backlog }, () => {
        server.off('error', reject);
        resolve();
      });
    } finally {
      process.umask(before);
    }
  });
  try {
    secureUnixSocket(path, access);
  } catch (error) {
    await new Promise((resolve) => void server.close(resolve));
    throw error;
  }
}

/** Everything but the owner's rights, taken away. */
const OWNER_ALONE = 0o177;

/** `sun_path` has 108 octets on Linux, the last one is NUL; a longer path would be cut. */
const LONGEST_PATH = 107;

/** The system says "permission denied" where a folder is missing: here it says what is wrong. */
function checkPlace(path: string): void {
  const where = `unix:${path}`;
  const octets = Buffer.byteLength(path);
  if (octets > LONGEST_PATH) {
    const why = `the path has ${octets} octets, a UNIX socket takes ${LONGEST_PATH}: choose a shorter one`;
    throw new ListenError(where, 'ENAMETOOLONG', why);
  }
  const folder = dirname(resolvePath(path));
  const there = folderAt(folder);
  if (there === 'missing') {
    const why = `the folder ${folder} does not exist: make it, and let the user of the service write to it`;
    throw new ListenError(where, 'ENOENT', why);
  }
  if (there === 'other') throw new ListenError(where, 'ENOTDIR', `${folder} is no folder`);
}

function folderAt(path: string): 'folder' | 'missing' | 'other' {
  try {
    const there = statSync(path, { throwIfNoEntry: false });
    if (there === undefined) return 'missing';
    return there.isDirectory() ? 'folder' : 'other';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return 'other';
    throw error;
  }
}

/** Makes room for a socket: removes one that a dead process left behind, and nothing else. */
async function clearUnixSocket(path: string): Promise<void> {
  const where = `unix:${path}`;
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (!there.isSocket()) {
    const what = there.isSymbolicLink() ? 'a symbolic link' : 'a file that is no socket';
    throw new ListenError(
      where,
      'EEXIST',
      `there is ${what}; it is left alone: choose another path`,
    );
  }
  const answer = await knock(path);
  if (answer === 'listening') {
    throw new ListenError(where, 'EADDRINUSE', 'another process listens there: stop it first');
  }
  if (answer === 'forbidden') {
    const why = 'there is a socket that this user may not use: remove it if nobody listens there';
    throw new ListenError(where, 'EACCES', why);
  }
  if (answer === 'dead') unlinkSync(path);
}

/** Is anybody there? */
async function knock(path: string): Promise<'listening' | 'forbidden' | 'dead' | 'gone'> {
  return await new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve('listening');
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') resolve('gone');
      else if (error.code === 'EACCES') resolve('forbidden');
      // Anything but a refusal (a full queue) may be somebody who is alive.
      else resolve(error.code === 'ECONNREFUSED' ? 'dead' : 'listening');
    });
  });
}

/** Sets owner and mode of a socket that is there: the mode last, since it opens it to others. */
function secureUnixSocket(path: string, access: UnixSocketAccess): void {
  const where = `unix:${path}`;
  if (access.owner !== undefined) {
    const { uid, gid } = ownerIds(access.owner, where);
    const now = lstatSync(path);
    try {
      // Not the target of what somebody may have put in its place.
      lchownSync(path, uid ?? now.uid, gid ?? now.gid);
    } catch (error) {
      const { code = 'EPERM' } = error as NodeJS.ErrnoException;
      throw new ListenError(where, code, `the socket cannot be given to ${access.owner}`);
    }
  }
  if (!lstatSync(path).isSocket()) {
    throw new ListenError(where, 'EEXIST', 'somebody put another file in the place of the socket');
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
