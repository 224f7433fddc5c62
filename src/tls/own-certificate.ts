/**
 * A certificate of our own with its key, from PEM files.
 *
 * @module
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';

/** RFC 9325 §3.1.1; older clients have had fifteen years. */
const MIN_VERSION = 'TLSv1.2';

/** The files, as the settings name them. */
export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** The certificate, in both forms that servers take. */
export interface LoadedCertificate {
  readonly context: SecureContext;
  readonly options: Pick<SecureContextOptions, 'cert' | 'key' | 'minVersion'>;
}

/** The certificate, or what is wrong with the files: one line that names the file at fault. */
export type OwnCertificate = LoadedCertificate | { readonly wrong: string };

/** Loads both files and tries whether they can serve. */
export function loadOwnCertificate({ certFile, keyFile }: CertificateFiles): OwnCertificate {
  const cert = readPem(certFile);
  if ('wrong' in cert) return cert;
  const key = readPem(keyFile);
  if ('wrong' in key) return key;
  try {
    const options = { cert: cert.pem, key: key.pem, minVersion: MIN_VERSION } as const;
    return { context: createSecureContext(options), options };
  } catch (error) {
    const pems = { certFile, keyFile, cert: cert.pem, key: key.pem };
    return { wrong: whatIsWrong(pems, (error as Error).message) };
  }
}

interface Pems extends CertificateFiles {
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

function readPem(path: string): { readonly pem: Buffer } | { readonly wrong: string } {
  try {
    return { pem: readFileSync(path) };
  } catch (error) {
    return { wrong: `${path} cannot be read: ${(error as Error).message}` };
  }
}
