/**
 * What OpenSSL needs to know before a handshake, made once for each list of roots.
 *
 * @module
 */
import {
  createSecureContext,
  DEFAULT_CIPHERS,
  type SecureContext,
  type SecureVersion,
} from 'node:tls';

/**
 * What the exchange of keys has to withstand. `recorders`: who keeps the octets to read them years
 * from now; OpenSSL then offers a post-quantum share as well, which takes longer than the rest of
 * the handshake. `today`: what is sent is public anyway, and only has to be genuine.
 */
export type KeyExchange = 'recorders' | 'today';

/** OpenSSL's own groups without the post-quantum ones; a share is sent for the first. */
const GROUPS_OF_TODAY = 'X25519:P-256:X448:P-384:P-521:ffdhe2048:ffdhe3072';

/** Stands for the built-in list, which an empty list of the caller's does not. */
const BUILT_IN: readonly string[] = Object.freeze([]);

/**
 * Reading a bundle of 140 roots takes longer than the handshake that wants them. The key is the
 * list itself: a file that is loaded again is another list, and a list nobody holds is forgotten.
 */
const contexts = new WeakMap<readonly string[], Map<string, SecureContext>>();

/**
 * The context for connections that trust `ca` and speak at least `minVersion`: the same one each
 * time, which only saves work. Nothing of one connection reaches the next through it: Node.js
 * keeps no client sessions in a context, and nobody here hands one on.
 *
 * @param ca PEM certificates instead of the built-in list; never changed once it was given
 */
export function clientContext(
  ca: readonly string[] | undefined,
  minVersion: SecureVersion,
  keyExchange: KeyExchange = 'recorders',
): SecureContext {
  const list = ca ?? BUILT_IN;
  const made = contexts.get(list) ?? new Map<string, SecureContext>();
  contexts.set(list, made);
  const key = `${minVersion} ${keyExchange}`;
  const found = made.get(key) ?? createContext(ca, minVersion, keyExchange);
  made.set(key, found);
  return found;
}

function createContext(
  ca: readonly string[] | undefined,
  minVersion: SecureVersion,
  keyExchange: KeyExchange,
): SecureContext {
  const old = minVersion === 'TLSv1' || minVersion === 'TLSv1.1';
  return createSecureContext({
    minVersion,
    maxVersion: 'TLSv1.3',
    // OpenSSL's level 1 and above leaves no suite that TLS 1.0 and 1.1 could use.
    ciphers: old ? `${DEFAULT_CIPHERS}:@SECLEVEL=0` : DEFAULT_CIPHERS,
    ...(keyExchange === 'today' ? { ecdhCurve: GROUPS_OF_TODAY } : {}),
    ...(ca === undefined ? {} : { ca: [...ca] }),
  });
}
