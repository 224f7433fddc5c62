/**
 * Does a certificate carry the name we wanted? RFC 9525: DNS names in the subjectAltName, nothing else.
 *
 * @module
 */
import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import type { Failure } from '../failure.ts';
import { certificateFields } from './certificate-fields.ts';
import { excerpt } from './certificate-text.ts';

/** How many names of a certificate a failure lists. */
const NAMES_SHOWN = 5;

/**
 * The first of the reference names that the certificate carries, as it was given, or undefined.
 *
 * A common name never counts (RFC 9525 §2). `*` counts only as the whole first label, for exactly
 * one label, and not directly under a top-level domain (§6.3). Letter case and a trailing dot do
 * not matter, U-labels are compared as A-labels. An address is no name and never matches here.
 *
 * @param referenceNames made from what was to be reached, never from the certificate (RFC 9525 §6.1)
 */
export function matchIdentity(
  certificate: X509Certificate,
  referenceNames: readonly string[],
): string | undefined {
  return referenceNames.find((name) => carries(certificate, name));
}

function carries(certificate: X509Certificate, referenceName: string): boolean {
  const name = asciiName(referenceName);
  if (name === undefined) return false;
  const matched = certificate.checkHost(name, {
    subject: 'never',
    wildcards: true,
    partialWildcards: false,
    multiLabelWildcards: false,
    singleLabelSubdomains: false,
  });
  return matched !== undefined;
}

/**
 * A name in the form in which names are compared and sent: lower case, A-labels, no trailing dot.
 * Undefined for what is no host name: an address, an empty label, a leading dot (which OpenSSL
 * would take for "any name below").
 */
export function asciiName(name: string): string | undefined {
  const ascii = isAscii(name) ? name.toLowerCase() : toAscii(name);
  const bare = ascii.endsWith('.') ? ascii.slice(0, -1) : ascii;
  if (isIP(bare) !== 0 || bare.split('.').includes('')) return undefined;
  return bare;
}

function isAscii(name: string): boolean {
  return /^[\x21-\x7e]+$/.test(name);
}

/** `domainToASCII` reads like a URL: what would end the host there, or be decoded, is no name here. */
function toAscii(name: string): string {
  return /^[-_.0-9A-Za-z\u{80}-\u{10ffff}]+$/u.test(name) ? domainToASCII(name) : '';
}

/** The DNS names in the certificate's subjectAltName, as they stand; none if it has none. */
export function presentedNames(certificate: X509Certificate): readonly string[] {
  return certificateFields(certificate.raw)?.dnsNames ?? [];
}

/**
 * The failure for a certificate that carries none of the names.
 *
 * @param peer what a person calls the server
 */
export function nameMismatch(
  certificate: X509Certificate,
  referenceNames: readonly string[],
  peer: string,
): Failure {
  return {
    code: 'TLS_CERTIFICATE_NAME_MISMATCH',
    detail: `the certificate of ${peer} is not for ${referenceNames.join(' or ')}: ${presentedText(certificate)}`,
    resultType: 'certificate-host-mismatch',
    reasonCode: 'name-mismatch',
  };
}

/** What a person reads about the names in a certificate: `it is for a.example, b.example and 3 more`. */
export function presentedText(certificate: X509Certificate): string {
  const names = presentedNames(certificate).map(excerpt);
  if (names.length === 0) return 'it carries no DNS name';
  const more = names.length > NAMES_SHOWN ? ` and ${names.length - NAMES_SHOWN} more` : '';
  return `it is for ${names.slice(0, NAMES_SHOWN).join(', ')}${more}`;
}
