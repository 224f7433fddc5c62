/**
 * Our own certificate, from the files that the settings name.
 *
 * @module
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { RelaySettings } from '../../config/types.ts';
import { fail, ok } from '../../failure.ts';
import type { Outcome } from '../../failure.ts';

/** RFC 9325 §3.1.1; older clients have had fifteen years. */
const MIN_VERSION = 'TLSv1.2';

/**
 * Loads certificate and key (`RELAY_CERTIFICATE_INVALID`).
 *
 * @returns undefined where the settings name none
 */
export function loadCertificate(
  settings: Pick<RelaySettings, 'certFile' | 'keyFile'>,
): Outcome<SecureContext | undefined> {
  const { certFile, keyFile } = settings;
  if (certFile === undefined && keyFile === undefined) return ok(undefined);
  if (certFile === undefined || keyFile === undefined) {
    return invalid('relay.cert_file and relay.key_file are only of use together');
  }
  const cert = readPem(certFile);
  if (!cert.ok) return cert;
  const key = readPem(keyFile);
  if (!key.ok) return key;
  try {
    return ok(createSecureContext({ cert: cert.value, key: key.value, minVersion: MIN_VERSION }));
  } catch (error) {
    const pems = { certFile, keyFile, cert: cert.value, key: key.value };
    return invalid(whatIsWrong(pems, (error as Error).message));
  }
}

interface Pems {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** OpenSSL says the same of a file that was cut off and of two that do not belong together. */
function whatIsWrong({ certFile, keyFile, cert, key }: Pems, why: string): string {
  const first = attempt(() => new X509Certificate(cert));
  if (!('value' in first)) {
    return `${certFile} is damaged or no PEM certificate: ${first.why}`;
  }
  const own = attempt(() => createPrivateKey(key));
  if (!('value' in own)) return `${keyFile} is damaged or no PEM private key: ${own.why}`;
  return first.value.checkPrivateKey(own.value)
    ? `${certFile} is damaged, in its chain perhaps: ${why}`
    : `${certFile} and ${keyFile} are no pair: ${why}`;
}

function attempt<T>(read: () => T): { readonly value: T } | { readonly why: string } {
  try {
    return { value: read() };
  } catch (error) {
    return { why: (error as Error).message };
  }
}

function readPem(path: string): Outcome<Buffer> {
  try {
    return ok(readFileSync(path));
  } catch (error) {
    return invalid(`${path} cannot be read: ${(error as Error).message}`);
  }
}

function invalid(detail: string): Outcome<never> {
  return fail('RELAY_CERTIFICATE_INVALID', detail);
}
