/**
 * TLS reporting: what a report says, and how sessions become counts (RFC 8460 §4).
 *
 * @module
 */
import { section } from '../requirement.ts';

/** The report. */
export const TLSRPT_REPORT = section({ id: 'RPT-4', title: 'The report', spec: 'RFC 8460 §4' }, [
  ['RPT-4.4-1', 'MUST', 'TG TC', '`organization-name`: who reports.'],
  ['RPT-4.4-2', 'MUST', 'TG TC', '`date-range`: the day, in UTC.'],
  ['RPT-4.4-3', 'MUST', 'TG TC', '`contact-info`: a mailbox whose domain is the submitter.'],
  ['RPT-4.4-4', 'MUST', 'TG TC', '`report-id`: unique for the reporter.'],
  ['RPT-4-1', 'MUST', 'TG TC', '`policies` is an array, also for one.'],
  ['RPT-4.4-5', 'MUST', 'TG TC', '`policy-type` is `tlsa`, `sts` or `no-policy-found`.'],
  [
    'RPT-4.4-6',
    'MUST',
    'TG TC',
    '`policy-string`: the lines of the policy as published, or the TLSA records, one string each.',
  ],
  ['RPT-4.4-7', 'MUST', 'TG TC', '`policy-domain` is in A-labels.'],
  ['RPT-4.4-8', 'MUST', 'TG TC', '`mx-host` is the array of the patterns (erratum 6241).'],
  ['RPT-4.4-9', 'MUST', 'TG TC', 'The number of sessions that went well.'],
  ['RPT-4.4-10', 'MUST', 'TG TC', 'The number of sessions that failed.'],
  ['RPT-4.4-11', 'MAY', 'TG TC', '`failure-details`: one entry for each way to fail.'],
  [
    'RPT-4.4-12',
    'MUST',
    'TG TC',
    '`result-type` is one of eleven; an unknown one is kept as it came.',
  ],
  ['RPT-4.4-13', 'SHOULD', 'TG TC', '`sending-mta-ip`, where there was a session.'],
  ['RPT-4.4-14', 'SHOULD', 'TG TC', '`receiving-mx-hostname`: the name of the MX record.'],
  ['RPT-4.4-15', 'MAY', 'TG TC', '`receiving-mx-helo`: how the server calls itself.'],
  ['RPT-4.4-16', 'SHOULD', 'TG TC', '`receiving-ip`: where the session went.'],
  [
    'RPT-4.4-17',
    'MUST',
    'TG TC',
    '`failed-session-count` of each entry; together they may exceed the total.',
  ],
  ['RPT-4.4-18', 'MAY', 'TG TC', '`additional-information` is a URI, and never fetched.'],
  ['RPT-4.4-19', 'SHOULD', 'TG TC', '`failure-reason-code`: why, in a word.'],
  ['RPT-4-2', 'DEF', 'TG', 'Policies of both kinds may stand side by side.'],
  ['RPT-4.2-1', 'DEF', 'TG', 'Sessions are counted, not messages.'],
  ['RPT-4.3.4-1', 'DEF', 'TG', 'Faults of the network alone are not reported.'],
  ['RPT-AGG-1', 'REC', 'TG', 'Failures that are equal in every field add up.'],
  ['RPT-AGG-2', 'REC', 'TG', 'A policy that changed in the course of the day makes two entries.'],
  [
    'RPT-AGG-3',
    'REC',
    'TG',
    'A session that fails a policy in `testing` counts as failed, though it delivered.',
  ],
  ['RPT-AGG-4', 'REC', 'TG', 'Whether a domain wants reports is asked when the report is made.'],
  [
    'RPT-AGG-5',
    'REC',
    'TG',
    'The report-id follows from day, domain and submitter: a repeated report has the same.',
  ],
  ['RPT-AGG-6', 'REC', 'TG', 'Counts outlive a restart, and go when they are of no use.'],
  [
    'RPT-AGG-7',
    'REC',
    'TG',
    'Days without a failure are reported too, unless the operator does not want it.',
  ],
]);
