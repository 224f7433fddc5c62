/**
 * One name for each sender, however it writes itself.
 *
 * @module
 */
import type { ReceivedReport } from '../../tlsrpt/report.ts';
import { organizationalDomain } from '../mail/organizational-domain.ts';
import { domainIn as domainName } from '../../tlsrpt/read-report-hints.ts';
import { parseReportFileName } from '../../tlsrpt/report-file.ts';
import type { Authenticity, IncomingReport } from '../types.ts';
import { storable } from './storable.ts';

/** Who wrote no mailbox into the report, but a name that is known. */
const KNOWN_NAMES: ReadonlyMap<string, string> = new Map([
  ['google', 'google.com'],
  ['microsoft', 'microsoft.com'],
  ['yahoo', 'yahoo.com'],
  ['comcast', 'comcast.net'],
]);

/** What organisations put behind their name. */
const LEGAL_FORM =
  /[\s,]+(?:inc|incorporated|llc|ltd|limited|corp|corporation|gmbh|ag|s\.?a|b\.?v|plc|co)\.?$/;
const LONGEST_DOMAIN = 254;
const LONGEST_NAME = 100;

/**
 * The normalised sender of a report: the organisational domain of a valid aligned signature; else
 * that of the contact, and of the name where it is a domain; else who handed it over, as the header
 * of its mail or its file name says; else the name itself in lower case. `google.com` for
 * `Google Inc.` with a contact there. Never empty.
 */
export function senderOf(
  report: Pick<ReceivedReport, 'organizationName' | 'contactInfo'>,
  authenticity: Authenticity,
  hints: IncomingReport['hints'] = {},
): string {
  if (authenticity.kind === 'verified') return organizationalDomain(authenticity.domain);
  const contact = domainIn(report.contactInfo ?? '');
  if (contact !== undefined) return organizationalDomain(contact);
  const name = storable(report.organizationName.trim(), LONGEST_DOMAIN).toLowerCase();
  if (DOMAIN.test(name)) return organizationalDomain(name.replace(/\.$/, ''));
  const submitter = submitterIn(hints);
  if (submitter !== undefined) return organizationalDomain(submitter);
  const short = name.replace(LEGAL_FORM, '');
  const plain = storable(short, LONGEST_NAME).replaceAll(/\s+/g, ' ').trim();
  return KNOWN_NAMES.get(plain) ?? (plain === '' ? 'unknown' : plain);
}

function submitterIn({
  headerSubmitter,
  fileName,
}: NonNullable<IncomingReport['hints']>): string | undefined {
  const named = domainName(headerSubmitter);
  if (named !== undefined || !fileName?.includes('!')) return named;
  return domainName(parseReportFileName(fileName)?.submitter);
}

const LABEL = String.raw`[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?`;
const DOMAIN = new RegExp(String.raw`^(?=.{1,254}$)(?:${LABEL}\.)+${LABEL}\.?$`);

/** The domain of a mailbox: `a@b.example`, `Name <a@b.example>`, `mailto:a@b.example`. */
function domainIn(contact: string): string | undefined {
  const at = contact.lastIndexOf('@');
  if (at < 0) return undefined;
  const rest = contact.slice(at + 1).toLowerCase();
  const domain = /^[a-z0-9._-]{1,254}/.exec(rest)?.[0].replace(/\.$/, '') ?? '';
  return DOMAIN.test(domain) ? domain : undefined;
}
