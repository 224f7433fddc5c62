/**
 * Error codes of the places where reports come in.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `REPORT_RECEIVER_`. */
export const REPORT_RECEIVER_ERRORS = {
  REPORT_RECEIVER_CERTIFICATE_INVALID: {
    meaning:
      'The certificate of the HTTPS endpoint for reports, or its key, cannot be used. After a reload the old one stays in use.',
    action: 'Check that both files are PEM, belong together, and may be read by the service.',
  },
  REPORT_RECEIVER_LISTEN_FAILED: {
    meaning:
      'The service cannot listen where `reporting.receive.https.listen` or `reporting.receive.smtp.listen` says, and does not start.',
    action:
      'Set another address in the setting that the message names; `ss -ltnp` says which program has a port.',
  },
  REPORT_RECEIVER_NO_DOMAINS: {
    meaning:
      'Reports are taken in, but `reporting.receive.domains` is empty, so that each is counted and dropped.',
    action: 'Name your domains in `reporting.receive.domains`, or `*` for any.',
  },
  REPORT_RECEIVER_CLEAR_TEXT: {
    meaning:
      'The endpoint for reports listens beyond this machine without a certificate. Senders post to https URLs alone, and whoever is on the way can read and change what comes.',
    action:
      'Set `reporting.receive.https.cert_file` and `key_file`; behind a proxy that speaks TLS, listen at a loopback address.',
    rule: 'RFC 8460 §3',
  },
  REPORT_RECEIVER_NO_TOKEN: {
    meaning: 'The path of the endpoint for reports can be guessed by anybody.',
    action:
      'Set `reporting.receive.https.token` to some letters and digits, and publish the address with it in `rua`.',
  },
  REPORT_RECEIVER_NO_MAILDIR: {
    meaning:
      'What `reporting.receive.maildir.path` names is not there or is no Maildir; it is looked for again.',
    action:
      'Make it with cur, new and tmp, or correct the path. The user of the service must be able to write to it.',
  },
  REPORT_RECEIVER_NOT_FOUND: {
    meaning: 'A report was posted to a path where none are taken.',
    action:
      'Publish the address with the token of reporting.receive.https.token: https://HOST/v1/reports/TOKEN.',
  },
  REPORT_RECEIVER_METHOD: {
    meaning: 'The endpoint for reports was asked by another method than POST.',
    action: 'Nothing: somebody opened the address in a browser. Reports come by POST.',
    rule: 'RFC 8460 §5.4',
  },
  REPORT_RECEIVER_TOO_LARGE: {
    meaning: 'A report is larger than reporting.receive.max_size.',
    action: 'If it came from a sender you know, raise the setting; else nothing.',
    rule: 'RFC 8460 §7',
  },
  REPORT_RECEIVER_TOO_SLOW: {
    meaning: 'A report did not come in whole within the time that is waited for one.',
    action: 'Nothing: an honest sender comes again. If all are slow, look at the proxy in front.',
  },
  REPORT_RECEIVER_TOO_MANY: {
    meaning: 'One client, or all together, handed over more reports than are taken in a minute.',
    action:
      'If it is a proxy or a mail server of yours, raise per_minute of reporting.receive.https or .smtp; else nothing.',
    rule: 'RFC 8460 §7',
  },
  REPORT_RECEIVER_BUSY: {
    meaning: 'So many reports are on their way in that another one would not find room in memory.',
    action: 'Nothing: senders come again. If it lasts, look for who sends so much.',
    rule: 'RFC 8460 §7',
  },
  REPORT_RECEIVER_NO_REPORT: {
    meaning: 'What was posted is neither gzip nor zip nor JSON.',
    action: 'Nothing: the sender is at fault.',
    rule: 'RFC 8460 §5.4',
  },
  REPORT_RECEIVER_ENCODING: {
    meaning: 'A posted report has a Content-Encoding that is not known, or not what it says.',
    action: 'Nothing: the sender is at fault. Reports need no Content-Encoding; gzip is taken.',
    rule: 'RFC 8460 §5.4',
  },
  REPORT_RECEIVER_UNKNOWN_DOMAIN: {
    meaning: 'A report is about domains that are not ours.',
    action: 'If they are, name them in reporting.receive.domains.',
  },
  REPORT_RECEIVER_OVER_QUOTA: {
    meaning: 'The sender has handed in as many reports today as are kept.',
    action: 'If you know the sender, raise reporting.receive.per_sender_and_day; else nothing.',
    rule: 'RFC 8460 §7',
  },
  REPORT_RECEIVER_UNREADABLE: {
    meaning: 'A report cannot be read.',
    action: 'Nothing: the sender is at fault. `smtp-sts report import FILE` shows every fault.',
    rule: 'RFC 8460 §4.4',
  },
  REPORT_RECEIVER_FAULT: {
    meaning: 'A fault of ours kept a report from being taken; the sender was told to come again.',
    action: 'Report the bug; the log has the place where it happened.',
  },
} as const satisfies Record<string, ErrorEntry>;
