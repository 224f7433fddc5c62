/**
 * Keys for DKIM: makes them, reads them, says what is to be published.
 *
 * @module
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { fail, ok, type Outcome } from '../../failure.ts';

/** The kinds of keys that verifiers know (RFC 6376 §3.3, RFC 8463). */
export const KEY_ALGORITHMS = ['rsa', 'ed25519'] as const;

/** One of {@link KEY_ALGORITHMS}. */
export type KeyAlgorithm = (typeof KEY_ALGORITHMS)[number];

/** RFC 8301 §3.2: verifiers take no fewer. */
export const MIN_RSA_BITS = 1024;
/** More does not fit well into DNS, and verifiers need not take it (RFC 8301 §3.2). */
export const MAX_RSA_BITS = 4096;

/** A new key. */
export interface DkimKey {
  /** PKCS #8. */
  readonly privateKeyPem: string;
  /** `p=` of its record. */
  readonly publicKey: string;
}

/** Makes one. `bits` is for RSA alone, {@link MIN_RSA_BITS} to {@link MAX_RSA_BITS}. */
export function makeDkimKey(algorithm: KeyAlgorithm, bits: number): DkimKey {
  const { privateKey, publicKey } =
    algorithm === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: bits })
      : generateKeyPairSync('ed25519');
  return {
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: publicKeyText(publicKey),
  };
}

/**
 * Reads a private key from PEM: `DKIM_KEY_FILE` where it holds no RSA or Ed25519 key without a
 * passphrase, `DKIM_KEY_WEAK`. No text says anything of the key itself.
 */
export function readPrivateKey(pem: string): Outcome<KeyObject> {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    return fail('DKIM_KEY_FILE', 'it holds no private key in PEM without a passphrase');
  }
  const type = key.asymmetricKeyType;
  if (type !== 'rsa' && type !== 'ed25519') {
    return fail('DKIM_KEY_FILE', `it holds a key of type ${type}; DKIM takes rsa and ed25519`);
  }
  const bits = key.asymmetricKeyDetails?.modulusLength;
  if (type === 'rsa' && bits !== undefined && bits < MIN_RSA_BITS) {
    return fail('DKIM_KEY_WEAK', `it has ${bits} bits; verifiers take ${MIN_RSA_BITS} and more`);
  }
  return ok(key);
}

/** Which kind a key is that {@link readPrivateKey} took. */
export function keyAlgorithm(key: KeyObject): KeyAlgorithm {
  return key.asymmetricKeyType === 'ed25519' ? 'ed25519' : 'rsa';
}

/** `p=`: RSA as SubjectPublicKeyInfo (RFC 6376 §3.6.1), Ed25519 as its bare 32 octets (RFC 8463 §4). */
export function publicKeyText(key: KeyObject): string {
  if (key.asymmetricKeyType === 'ed25519') {
    return Buffer.from(key.export({ format: 'jwk' }).x!, 'base64url').toString('base64');
  }
  return key.export({ type: 'spki', format: 'der' }).toString('base64');
}

/** Are both texts the same key? RSA keys are published with and without their wrapping. */
export function isSamePublicKey(one: string, other: string): boolean {
  return one === other || bare(one) === bare(other);
}

function bare(text: string): string {
  const der = Buffer.from(text, 'base64');
  for (const type of ['spki', 'pkcs1'] as const) {
    try {
      return createPublicKey({ key: der, format: 'der', type })
        .export({ type: 'spki', format: 'der' })
        .toString('base64');
    } catch {
      continue;
    }
  }
  return text;
}
