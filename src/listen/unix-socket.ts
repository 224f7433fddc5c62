/**
 * The file of a UNIX socket: what may be in its place, to whom it belongs, who may connect.
 *
 * @module
 */
import { lstatSync, statSync, unlinkSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { dirname, resolve as resolvePath } from 'node:path';
import { ListenError } from './listen-error.ts';
import { setSocketAccess, type SocketAccess } from './socket-access.ts';

/**
 * Lets the server listen there, and those in who may connect. The file is its owner's alone until
 * owner and mode are what they should be. Rejects with a {@link ListenError}, or the system's error,
 * and then leaves nothing behind.
 */
export async function listenOnUnixSocket(
  server: Server,
  path: string,
  access: SocketAccess & { readonly backlog?: number },
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
  const fault = setSocketAccess(path, access);
  if (fault === undefined) return;
  await new Promise((resolve) => void server.close(resolve));
  throw new ListenError(`unix:${path}`, fault.code, fault.reason);
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
