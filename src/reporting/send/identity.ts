/**
 * Whether the settings say whom a report is from.
 *
 * @module
 */
import type { ReportSendSettings } from '../../config/reporting-types.ts';
import { mailboxDomain } from '../../tlsrpt/write-report-values.ts';

/** An organisation, and a contact whose domain can be the submitter (RFC 8460 §4.4, §5.3). */
export function hasIdentity({
  organization,
  contact,
}: Pick<ReportSendSettings, 'organization' | 'contact'>): boolean {
  return organization.trim() !== '' && mailboxDomain(contact) !== undefined;
}
