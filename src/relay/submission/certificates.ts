/**
 * Our own certificate, from the files that the settings name.
 *
 * @module
 */
import type { SecureContext } from 'node:tls';
import type { RelaySettings } from '../../config/types.ts';
import { fail, ok } from '../../failure.ts';
import type { Outcome } from '../../failure.ts';
import { loadOwnCertificate } from '../../tls/own-certificate.ts';

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
  const loaded = loadOwnCertificate({ certFile, keyFile });
  return 'wrong' in loaded ? invalid(loaded.wrong) : ok(loaded.context);
}

function invalid(detail: string): Outcome<never> {
  return fail('RELAY_CERTIFICATE_INVALID', detail);
}
