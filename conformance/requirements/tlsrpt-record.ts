/**
 * TLS reporting: the record that asks for reports (RFC 8460 §3).
 *
 * @module
 */
import { section } from '../requirement.ts';

/** The record and where it stands. */
export const TLSRPT_RECORD = section(
  { id: 'RPT-3', title: 'The TLS reporting record', spec: 'RFC 8460 §1.1, §3' },
  [
    ['RPT-3-1', 'DEF', 'TG', 'The record is a TXT record at `_smtp._tls.` and the policy domain.'],
    [
      'RPT-1.1-1',
      'DEF',
      'TG',
      'The policy domain is the recipient domain or the smart host; for DANE it is the TLSA base domain.',
    ],
    ['RPT-3-2', 'MUST', 'TG', '`v=TLSRPTv1` comes first, in exactly that spelling.'],
    ['RPT-3-3', 'DEF', 'TG', '`rua` is required, with places of the schemes `mailto` and `https`.'],
    [
      'RPT-3-4',
      'DEF',
      'TG',
      'Places are separated by commas; commas, exclamation marks and semicolons inside one are percent-encoded.',
    ],
    ['RPT-3-5', 'DEF', 'TG', 'Other TXT records at the same name are left out of account.'],
    ['RPT-3-6', 'MUST', 'TG', 'Any number of records but one means that no reports are wanted.'],
    ['RPT-3-7', 'MUST', 'TG', 'The strings of one record are joined with nothing between.'],
    ['RPT-3-8', 'MUST', 'TG', 'Unknown fields are ignored.'],
    ['RPT-3-9', 'MAY', 'TG', 'Of several places each may get the report, or one.'],
    [
      'RPT-3-10',
      'SHOULD NOT',
      'TG',
      'A report does not count as delivered before one place has taken it.',
    ],
    ['RPT-3-R1', 'REC', 'TG', 'A single record that breaks the grammar counts as none.'],
    ['RPT-3-R2', 'REC', 'TG', 'Several `rua` fields make one list, each place once, with a limit.'],
    [
      'RPT-7-1',
      'DEF',
      'TG',
      'Nobody asks a place whether it wants the reports of that domain, so the number to one place is limited.',
    ],
  ],
);
