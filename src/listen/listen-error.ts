/**
 * A server cannot listen where it should.
 *
 * @module
 */

/** What stands in the way, for a person. */
export class ListenError extends Error {
  /** The address as the settings name it. */
  readonly where: string;
  /** The system's code, e.g. `EADDRINUSE`, `EACCES`. */
  readonly code: string;

  constructor(where: string, code: string, why: string) {
    super(`cannot listen on ${where}: ${why}`);
    this.where = where;
    this.code = code;
  }
}

/** From what the system says. */
export function listenErrorOf(where: string, error: unknown): ListenError {
  if (error instanceof ListenError) return error;
  const { code = 'UNKNOWN', message } = error as NodeJS.ErrnoException;
  return new ListenError(where, code, WHY[code] ?? message);
}

const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE: 'it is in use: stop what listens there, or choose another address',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'no permission: a port below 1024, or a folder that this user may not write to',
  ENOENT: 'the folder does not exist',
  EPERM: 'no permission',
};
