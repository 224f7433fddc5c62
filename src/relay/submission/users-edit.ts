/**
 * Changes of the users file: the new one replaces the old one whole, or not at all.
 *
 * @module
 */
import { chownSync, closeSync, fchmodSync, fsyncSync, openSync, readFileSync } from 'node:fs';
import { renameSync, statSync, unlinkSync, writeFileSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { fail, ok } from '../../failure.ts';
import type { Outcome } from '../../failure.ts';
import { printable } from '../../printable.ts';
import { hashPassword, MAX_PASSWORD, type ScryptCost } from './password.ts';
import { isUserName, readUsers, userLine, userNameOf } from './users-file.ts';

/** What the file of a new relay is: readable by its owner alone. */
const NEW_MODE = 0o600;
/** Rights of others are never kept. */
const KEPT_MODE = 0o660;

/** Whether a user was new. */
export type AddedUser = 'added' | 'changed';

/**
 * Sets the password of a user, who is added if there is none of the name.
 *
 * @returns `RELAY_USER_NAME_INVALID`, `RELAY_PASSWORD_INVALID`, or a fault of the file
 */
export async function setUser(
  path: string,
  user: { readonly name: string; readonly password: string; readonly cost?: ScryptCost },
): Promise<Outcome<AddedUser>> {
  const { name, password, cost } = user;
  if (!isUserName(name)) {
    return fail('RELAY_USER_NAME_INVALID', `"${printable(name, 60)}" cannot be the name of a user`);
  }
  const octets = Buffer.byteLength(password);
  if (octets === 0 || octets > MAX_PASSWORD || /[\0\r\n]/.test(password)) {
    return fail('RELAY_PASSWORD_INVALID', `a password is one line of 1 to ${MAX_PASSWORD} octets`);
  }
  const line = userLine(name, await hashPassword(password, cost));
  return changeLines(path, (lines) => {
    const at = lines.findIndex((old) => userNameOf(old) === name);
    if (at === -1) return { lines: [...lines, line], value: ok('added' as const) };
    return { lines: lines.with(at, line), value: ok('changed' as const) };
  });
}

/** @returns `RELAY_USER_UNKNOWN`, or a fault of the file */
export function removeUser(path: string, name: string): Outcome<undefined> {
  return changeLines(path, (lines) => {
    const left = lines.filter((line) => userNameOf(line) !== name);
    if (left.length < lines.length) return { lines: left, value: ok(undefined) };
    const unknown = fail(
      'RELAY_USER_UNKNOWN',
      `there is no user ${printable(name, 60)} in ${path}`,
    );
    return { lines, value: unknown };
  });
}

/** Names in the order of the file. */
export function listUsers(path: string): Outcome<readonly string[]> {
  const text = readText(path);
  if (!text.ok) return text;
  if (text.value === undefined)
    return unreadable(
      path,
      `there is no such file; make it with smtp-sts user add NAME --file ${path}`,
    );
  const users = readUsers(text.value);
  return users.ok ? ok([...users.value.keys()]) : users;
}

interface Change<T> {
  readonly lines: readonly string[];
  readonly value: Outcome<T>;
}

function changeLines<T>(path: string, change: (lines: readonly string[]) => Change<T>): Outcome<T> {
  const next = `${path}.new`;
  let handle: number;
  try {
    // Also the lock: of two changes at once one is refused.
    handle = openSync(next, 'wx', NEW_MODE);
  } catch (error) {
    return unwritable(path, error as NodeJS.ErrnoException);
  }
  const changed = writeNext({ path, next, handle }, change);
  // Renamed, its name is free, and may be the lock of somebody else by now.
  if (!changed.ok) forget(next);
  else makeLasting(dirname(path));
  return changed;
}

interface Files {
  readonly path: string;
  readonly next: string;
  /** Of `next`. */
  readonly handle: number;
}

/** Up to the moment in which the new file takes the place of the old one. */
function writeNext<T>(
  { path, next, handle }: Files,
  change: (lines: readonly string[]) => Change<T>,
): Outcome<T> {
  try {
    const text = readText(path);
    const users = text.ok ? readUsers(text.value ?? '') : text;
    if (!text.ok || !users.ok) return users as Outcome<never>;
    const { lines, value } = change(linesOf(text.value ?? ''));
    if (!value.ok) return value;
    const content = lines.map((line) => `${line}\n`).join('');
    // All of it or an error, unlike one write.
    writeFileSync(handle, content);
    keepOwner(handle, { path, next });
    fsyncSync(handle);
    // The last moment in which the old file is still there.
    const written = readFileSync(next, 'utf8');
    if (written !== content || !readUsers(written).ok) {
      return unwritable(path, new Error(`${next} did not become what was written into it`));
    }
    renameSync(next, path);
    return value;
  } catch (error) {
    return unwritable(path, error as NodeJS.ErrnoException);
  } finally {
    closeSync(handle);
  }
}

/** After a crash the folder shows the new file; where folders cannot be synced, either of them whole. */
function makeLasting(folder: string): void {
  try {
    const handle = openSync(folder, 'r');
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch {
    // The change is made, and a file that was there whole before is never lost by it.
  }
}

function linesOf(text: string): readonly string[] {
  const lines = text.split(/\r?\n/);
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

/** An administrator's change must not take the file from the service. */
function keepOwner(handle: number, files: { readonly path: string; readonly next: string }): void {
  let before: Stats;
  try {
    before = statSync(files.path);
  } catch {
    return;
  }
  fchmodSync(handle, before.mode & KEPT_MODE);
  const { uid, gid } = statSync(files.next);
  if (uid !== before.uid || gid !== before.gid) chownSync(files.next, before.uid, before.gid);
}

function forget(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Whoever changes the file next is told that it is there.
  }
}

/** Undefined where there is no file. */
function readText(path: string): Outcome<string | undefined> {
  try {
    return ok(readFileSync(path, 'utf8'));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? ok(undefined) : unreadable(path, message);
  }
}

function unreadable(path: string, why: string): Outcome<never> {
  return fail('RELAY_USERS_UNREADABLE', `the users file ${path} cannot be read: ${why}`);
}

function unwritable(path: string, { code, message }: NodeJS.ErrnoException): Outcome<never> {
  const why =
    code === 'EEXIST'
      ? `${path}.new is there: somebody is changing the file at this moment, or a change was cut off; ` +
        `if nobody is, remove it (rm ${path}.new) and try again`
      : message;
  return fail(
    'RELAY_USERS_UNWRITABLE',
    `the users file ${path} cannot be changed: ${why}; nothing was changed`,
  );
}
