/**
 * The users file: one line a user, its name and the hash of its password.
 *
 * @module
 */
import { fail, ok } from '../../failure.ts';
import type { Outcome } from '../../failure.ts';
import { printable } from '../../printable.ts';
import type { PasswordHash } from './password.ts';

/** Users by name. */
export type UserTable = ReadonlyMap<string, PasswordHash>;

/** Octets of the longest file that is read: about 100,000 users. */
export const MAX_USERS_FILE = 16 * 1_048_576;

const MAX_NAME = 255;
/** Anything that can be typed as one word and shown in a log. */
const NAME = /^[^\s#\p{C}][^\s\p{C}]*$/u;
const LINE =
  /^(?<name>\S+) \$scrypt\$ln=(?<ln>\d{1,2}),r=(?<r>\d{1,2}),p=(?<p>\d{1,2})\$(?<salt>[A-Za-z0-9+/]{11,86})\$(?<hash>[A-Za-z0-9+/]{22,86})$/;
/** From what is still slow for a guesser to what would stop this machine. */
const LN = { min: 14, max: 20 } as const;
const MAX_R = 32;
const MAX_P = 16;
/** Octets that one check may take. */
const MAX_MEMORY = 256 * 1_048_576;

/** Can this be the name of a user? */
export function isUserName(name: string): boolean {
  return NAME.test(name) && Buffer.byteLength(name) <= MAX_NAME;
}

/** Empty lines and lines that begin with `#` are comments; anything else is a user (`RELAY_USERS_INVALID`). */
export function readUsers(text: string): Outcome<UserTable> {
  const users = new Map<string, PasswordHash>();
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.replace(/\r$/, '');
    if (line.trim() === '' || line.startsWith('#')) continue;
    const user = readLine(line);
    if (user === undefined) return invalid(index + 1, 'it is not a name and its scrypt hash');
    if (users.has(user.name)) return invalid(index + 1, `${printable(user.name)} is there twice`);
    users.set(user.name, user.hash);
  }
  return ok(users);
}

/** One line of the file, without its end. */
export function userLine(name: string, { ln, r, p, salt, hash }: PasswordHash): string {
  return `${name} $scrypt$ln=${ln},r=${r},p=${p}$${base64(salt)}$${base64(hash)}`;
}

/** The name in a line; undefined for comments and nonsense. */
export function userNameOf(line: string): string | undefined {
  return line.startsWith('#') ? undefined : readLine(line.replace(/\r$/, ''))?.name;
}

function readLine(
  line: string,
): { readonly name: string; readonly hash: PasswordHash } | undefined {
  const match = LINE.exec(line)?.groups;
  if (match === undefined) return undefined;
  const { name = '', salt = '', hash = '' } = match;
  const cost = { ln: Number(match['ln']), r: Number(match['r']), p: Number(match['p']) };
  if (!isUserName(name) || !isBearable(cost)) return undefined;
  return {
    name,
    hash: { ...cost, salt: Buffer.from(salt, 'base64'), hash: Buffer.from(hash, 'base64') },
  };
}

function isBearable({ ln, r, p }: Pick<PasswordHash, 'ln' | 'r' | 'p'>): boolean {
  if (ln < LN.min || ln > LN.max || r < 1 || r > MAX_R || p < 1 || p > MAX_P) return false;
  return 128 * 2 ** ln * r * p <= MAX_MEMORY;
}

/** As in the PHC string format: without padding. */
function base64(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}

function invalid(line: number, why: string): Outcome<never> {
  return fail('RELAY_USERS_INVALID', `line ${line} of the users file: ${why}`);
}
