/**
 * Passwords as they are kept: scrypt with a salt of their own (RFC 7914).
 *
 * @module
 */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** How much work a hash is. */
export interface ScryptCost {
  /** Binary logarithm of N. */
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

/** A hash with what is needed to compute it again. */
export interface PasswordHash extends ScryptCost {
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** About 60 ms and 32 MiB a check. */
export const DEFAULT_COST: ScryptCost = { ln: 15, r: 8, p: 1 };
/** Longest password that is hashed, in octets: nobody makes us hash megabytes. */
export const MAX_PASSWORD = 1_024;

const SALT_OCTETS = 16;
const HASH_OCTETS = 32;

/** Hashes a password with a new salt. */
export async function hashPassword(
  password: string,
  cost: ScryptCost = DEFAULT_COST,
): Promise<PasswordHash> {
  const salt = randomBytes(SALT_OCTETS);
  return { ...cost, salt, hash: await derive(password, { ...cost, salt, octets: HASH_OCTETS }) };
}

/** Compares in constant time. */
export async function isPassword(password: string, known: PasswordHash): Promise<boolean> {
  if (Buffer.byteLength(password) > MAX_PASSWORD) return false;
  const hash = await derive(password, { ...known, octets: known.hash.length });
  return timingSafeEqual(hash, known.hash);
}

/** A hash that no password has: who does not exist takes as long to refuse as who does. */
export function nobodysHash(cost: ScryptCost = DEFAULT_COST): PasswordHash {
  return { ...cost, salt: randomBytes(SALT_OCTETS), hash: randomBytes(HASH_OCTETS) };
}

async function derive(
  password: string,
  { ln, r, p, salt, octets }: ScryptCost & { readonly salt: Buffer; readonly octets: number },
): Promise<Buffer> {
  const N = 2 ** ln;
  // Node.js refuses more than 32 MiB unless it is told.
  const maxmem = 256 * N * r * p;
  return await new Promise((resolve, reject) => {
    scrypt(password, salt, octets, { N, r, p, maxmem }, (error, hash) => {
      if (error === null) resolve(hash);
      else reject(error);
    });
  });
}
