/**
 * Error codes of sending reports.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `REPORT_SEND_`. */
export const REPORT_SEND_ERRORS = {
  REPORT_SEND_NO_IDENTITY: {
    meaning:
      'Reports are to be sent, but the configuration does not say of whom: `organization` is empty, or `contact` is no plain address.',
    action: 'Set `reporting.send.organization` and `reporting.send.contact`.',
    rule: 'RFC 8460 §4.4',
  },
  REPORT_SEND_NO_SIGNER: {
    meaning:
      'The report was to go by mail, and there is no key to sign it with; unsigned reports are worth nothing to their receivers and are not sent.',
    action:
      'Make a key with `smtp-sts dkim-key`, publish its record, and set `reporting.send.dkim.key_file`.',
    rule: 'RFC 8460 §3',
  },
  REPORT_SEND_SIGNING_FAILED: {
    meaning: 'The report could not be signed with the configured key.',
    action: 'Check the key with `smtp-sts dkim-key --check`; the detail says what went wrong.',
    rule: 'RFC 8460 §3',
  },
  REPORT_SEND_MAIL_UNWRITABLE: {
    meaning:
      'The report cannot be put into a mail to this place: its address needs SMTPUTF8, or `from` is no plain address.',
    action:
      'Check `reporting.send.from` and `reporting.send.contact`; else the owner of the domain must name an address in ASCII.',
    rule: 'RFC 8460 §5.3',
  },
  REPORT_SEND_RECORD_UNKNOWN: {
    meaning:
      'Until 48 hours after the day, DNS did not tell whether the domain wants a report, so none was made.',
    action: 'Look at the resolver, or ask the owner of the zone; `smtp-sts explain` looks again.',
    rule: 'RFC 8460 §3',
  },
  REPORT_SEND_CUT: {
    meaning:
      'The day had more kinds of failures or policies than a report holds: the rarest are summed up, the totals are right.',
    action: 'Nothing. If it is your own domain, look why its sessions fail in so many ways.',
    rule: 'RFC 8460 §5.2',
  },
  REPORT_SEND_ADDRESS_REFUSED: {
    meaning:
      'The place for reports lies at private, local or reserved addresses: a stranger may not send us there.',
    action:
      'If it is meant to be reached inside your network, add its block to `reporting.send.https.allow_addresses`.',
    rule: 'RFC 8460 §7',
  },
  REPORT_SEND_PORT_REFUSED: {
    meaning: 'The HTTPS endpoint for reports has a port other than 443.',
    action: 'If it may be used, add it to `reporting.send.https.allow_ports`.',
    rule: 'RFC 8460 §7',
  },
  REPORT_SEND_URL_INVALID: {
    meaning: 'The place for reports is no usable https address.',
    action: 'The owner of the domain must mend `rua` of the `_smtp._tls` record.',
    rule: 'RFC 8460 §3',
  },
  REPORT_SEND_HTTP_REDIRECT: {
    meaning: 'The endpoint answered with a redirect, which is not followed.',
    action: 'The owner of the domain must name the endpoint itself in `rua`.',
    rule: 'RFC 8460 §5.4',
  },
  REPORT_SEND_HTTP_REFUSED: {
    meaning: 'The endpoint refused the report with a status that another try would not change.',
    action: 'Nothing here; the owner of the endpoint may tell why. The detail has the status.',
    rule: 'RFC 8460 §5.4',
  },
  REPORT_SEND_HTTP_LATER: {
    meaning: 'The endpoint could not take the report now (408, 425, 429 or 5xx).',
    action: 'Nothing: it is tried again.',
    rule: 'RFC 8460 §5.5',
  },
  REPORT_SEND_INTERRUPTED: {
    meaning: 'The attempt was called off: the service stopped, or it took too long.',
    action: 'Nothing: it is tried again.',
    rule: 'RFC 8460 §5.5',
  },
  REPORT_SEND_EXPIRED: {
    meaning: 'No place took the report within the time for it, so it is given up.',
    action:
      'See the last answer with `smtp-sts report log --failed`. `report send DOMAIN --day DAY --to URI` sends it once more by hand.',
    rule: 'RFC 8460 §5.5',
  },
  REPORT_SEND_SUPPRESSED: {
    meaning: 'The place for the report is on the list of those that get none.',
    action: '`smtp-sts report suppress list` says why; `report suppress drop` takes it off.',
    rule: 'RFC 8460 §7',
  },
  REPORT_SEND_OVER_LIMIT: {
    meaning:
      'The place has had as many reports today as it may get, for all domains together: records of many domains may point at one victim.',
    action: 'If the place is a large receiver of reports, raise `reporting.send.max_per_target`.',
    rule: 'RFC 8460 §7',
  },
  REPORT_SEND_STORE: {
    meaning: 'The store does not answer, so reports are neither made nor sent.',
    action: 'Bring the database back; what is due waits.',
  },
  REPORT_SEND_FAULT: {
    meaning: 'A part of the program threw where it must not; the report waits for its next try.',
    action: 'Please report it, with the detail.',
  },
  REPORT_SEND_DAY_INVALID: {
    meaning: 'The day on the command line is none, or is not over yet.',
    action: 'Write a UTC day that is over, like 2026-11-23.',
    rule: 'RFC 8460 §4.1',
  },
  REPORT_SEND_NOTHING_COUNTED: {
    meaning: 'No session was counted for the domain on that day, so there is nothing to report.',
    action:
      '`smtp-sts report preview --day DAY` lists the domains of a day. Check `--store`, and that `reporting.tally.enabled` is on.',
    rule: 'RFC 8460 §4',
  },
  REPORT_SEND_SUPPRESSION_INVALID: {
    meaning: 'What is to be suppressed is neither a mail address nor a domain or host name.',
    action: 'Write it like `reports@example.com` or `example.com`, and say why with `--reason`.',
  },
} as const satisfies Record<string, ErrorEntry>;
