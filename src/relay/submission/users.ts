/**
 * Users of the running relay: the file is read again when it changed, and passwords are checked.
 *
 * @module
 */
import { createHmac, randomBytes } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { fail, ok } from '../../failure.ts';
import type { Outcome } from '../../failure.ts';
import { isExposed } from '../../secret-file.ts';
import { isPassword, nobodysHash, type PasswordHash } from './password.ts';
import { MAX_USERS_FILE, readUsers, userLine, type UserTable } from './users-file.ts';

/** What a check of a password came to. `busy`: too many are checked at once. */
export type PasswordVerdict = 'right' | 'wrong' | 'busy';

/**
 * Checks at once: each takes one of the four threads of the pool for about 60 ms, and look-ups of
 * names and files need the others.
 */
const MAX_CHECKS = 2;
const MAX_WAITING = 100;
/** Right passwords remembered, so that a client that comes for each message costs one check. */
const MAX_REMEMBERED = 1_000;

/** By what somebody got in. */
export interface Login {
  readonly name: string;
  /** What his password was checked against. */
  readonly hash: PasswordHash | undefined;
}

interface Loaded {
  /** Changes whenever the file does. */
  readonly stamp: string;
  readonly users: UserTable;
}

/** The users of one file. */
export class Users {
  readonly #path: string;
  readonly #nobody: PasswordHash = nobodysHash();
  /** Digests under a key that only this process has ever known. */
  readonly #key = randomBytes(32);
  #remembered = new Set<string>();
  #loaded: Loaded | undefined;
  #checks = 0;
  #waiting: (() => void)[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  get path(): string {
    return this.#path;
  }

  /** Reads the file if it changed: `RELAY_USERS_UNREADABLE`, `RELAY_USERS_EXPOSED`, `RELAY_USERS_INVALID`. */
  async load(): Promise<Outcome<UserTable>> {
    let file: FileHandle | undefined;
    try {
      // Mode and content of the same file, whatever is renamed meanwhile.
      file = await open(this.#path, 'r');
      return await this.#read(file);
    } catch (error) {
      return fail('RELAY_USERS_UNREADABLE', this.#unreadable(error as NodeJS.ErrnoException));
    } finally {
      await file?.close();
    }
  }

  #unreadable({ code, message }: NodeJS.ErrnoException): string {
    return code === 'ENOENT'
      ? `there is no users file ${this.#path}: make it with smtp-sts user add NAME --file ${this.#path}`
      : `the users file ${this.#path} cannot be read: ${message}`;
  }

  async #read(file: FileHandle): Promise<Outcome<UserTable>> {
    const stat = await file.stat({ bigint: true });
    if (isExposed(Number(stat.mode))) {
      return fail(
        'RELAY_USERS_EXPOSED',
        `the users file ${this.#path} may be read or written by everybody: chmod 640 ${this.#path}`,
      );
    }
    const stamp = `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`;
    if (this.#loaded?.stamp === stamp) return ok(this.#loaded.users);
    if (stat.size > MAX_USERS_FILE) {
      return fail('RELAY_USERS_INVALID', `the users file is longer than ${MAX_USERS_FILE} octets`);
    }
    const users = readUsers(await file.readFile('utf8'));
    if (!users.ok) return users;
    this.#loaded = { stamp, users: users.value };
    this.#remembered = new Set();
    return users;
  }

  /** @returns a failure of {@link load} where nobody can be checked now */
  async check(name: string, password: string): Promise<Outcome<PasswordVerdict>> {
    const users = await this.load();
    if (!users.ok) return users;
    const known = users.value.get(name);
    const digest = this.#digest(name, password);
    if (known !== undefined && this.#remembered.has(digest)) return ok('right');
    if (this.#waiting.length >= MAX_WAITING) return ok('busy');
    const isRight = await this.#oneOfFew(() => isPassword(password, known ?? this.#nobody));
    // The file may have changed while the hash was computed.
    if (!isRight || !this.holds({ name, hash: known })) return ok('wrong');
    if (this.#loaded?.users === users.value) this.#remember(digest);
    return ok('right');
  }

  /** For who was just found to be right. */
  login(name: string): Login {
    return { name, hash: this.#loaded?.users.get(name) };
  }

  /** Would the same password still do, by the file as it was last read? */
  holds({ name, hash }: Login): boolean {
    const now = this.#loaded?.users.get(name);
    if (now === undefined || hash === undefined) return false;
    return now === hash || userLine(name, now) === userLine(name, hash);
  }

  #remember(digest: string): void {
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered = new Set();
    this.#remembered.add(digest);
  }

  #digest(name: string, password: string): string {
    return createHmac('sha256', this.#key).update(`${name}\0${password}`).digest('base64');
  }

  async #oneOfFew<T>(work: () => Promise<T>): Promise<T> {
    if (this.#checks >= MAX_CHECKS) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    } else {
      this.#checks += 1;
    }
    try {
      return await work();
    } finally {
      // Who waits takes the place over.
      const next = this.#waiting.shift();
      if (next === undefined) this.#checks -= 1;
      else next();
    }
  }
}
