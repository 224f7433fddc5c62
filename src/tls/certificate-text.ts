/**
 * Certificates in words for people. Their text is a stranger's and is made harmless first.
 *
 * @module
 */
import type { X509Certificate } from 'node:crypto';
import { printable } from '../printable.ts';

/** The longest piece of a stranger's text that is shown. */
const LONGEST = 80;

/**
 * One line: who it is for, who issued it, until when it is valid.
 * E.g. `mx1.example.com, issued by R11 (Let's Encrypt), valid to 2026-03-01`.
 */
export function certificateText(certificate: X509Certificate): string {
  const subject = nameText(certificate.subject) ?? 'no subject';
  const issuer = nameText(certificate.issuer) ?? 'nobody';
  const issued = certificate.subject === certificate.issuer ? 'self-signed' : `issued by ${issuer}`;
  return `${subject}, ${issued}, valid to ${dateText(certificate.validToDate)}`;
}

/** A distinguished name in words: its common name, and its organisation in brackets. */
function nameText(distinguishedName: string | undefined): string | undefined {
  // Node.js writes one attribute a line and escapes line ends inside of them.
  const attributes = new Map(
    (distinguishedName ?? '').split('\n').map((line) => {
      const [type = '', ...value] = line.split('=');
      return [type, value.join('=')];
    }),
  );
  const commonName = attributes.get('CN');
  const organisation = attributes.get('O');
  if (commonName === undefined)
    return organisation === undefined ? undefined : excerpt(organisation);
  return organisation === undefined
    ? excerpt(commonName)
    : `${excerpt(commonName)} (${excerpt(organisation)})`;
}

function dateText(date: Date): string {
  return Number.isNaN(date.getTime()) ? 'an unreadable date' : date.toISOString().slice(0, 10);
}

/** A stranger's text as one short line that moves no cursor. */
export function excerpt(text: string): string {
  return printable(text, LONGEST);
}
