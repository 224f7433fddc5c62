/**
 * Error codes of the datagram socket for session results.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

const RULE = 'libtlsrpt, datagram protocol version 1';

/** Codes that begin with `DATAGRAM_`. */
export const DATAGRAM_ERRORS = {
  DATAGRAM_EMPTY: {
    meaning: 'A datagram without content came to the socket for session results.',
    action: 'Find out which program on this host writes to the socket besides the mail server.',
    rule: RULE,
  },
  DATAGRAM_TOO_LARGE: {
    meaning: 'A datagram is larger than any that a mail server has reason to send; it was dropped.',
    action: 'Find out which program on this host writes to the socket besides the mail server.',
    rule: RULE,
  },
  DATAGRAM_TOO_DEEP: {
    meaning: 'The JSON of a datagram is nested deeper than any that a mail server sends.',
    action: 'Find out which program on this host writes to the socket besides the mail server.',
    rule: RULE,
  },
  DATAGRAM_NOT_JSON: {
    meaning: 'A datagram is not JSON.',
    action:
      'Find out which program on this host writes to the socket besides the mail server; if it is the mail server, update libtlsrpt.',
    rule: RULE,
  },
  DATAGRAM_NOT_OBJECT: {
    meaning: 'A datagram is JSON, but no object.',
    action: 'Find out which program on this host writes to the socket besides the mail server.',
    rule: RULE,
  },
  DATAGRAM_NO_DOMAIN: {
    meaning: 'A datagram names no recipient domain, or something that is no domain name.',
    action: 'Update the mail server and libtlsrpt; the session was not counted.',
    rule: RULE,
  },
  DATAGRAM_NO_POLICIES: {
    meaning: 'A datagram has no policy for which something can be counted.',
    action: 'Update the mail server and libtlsrpt; the session was not counted.',
    rule: RULE,
  },
  DATAGRAM_TOO_MANY_POLICIES: {
    meaning: 'A datagram names more policies than one session can be held to.',
    action: 'Find out which program on this host writes to the socket besides the mail server.',
    rule: RULE,
  },
  DATAGRAM_NOT_UTF8: {
    meaning: 'A datagram has octets that are not UTF-8; they were replaced.',
    action: 'Nothing: the session was counted.',
    rule: RULE,
  },
  DATAGRAM_VERSION: {
    meaning: 'A datagram says that it is of a protocol version that is not known here.',
    action:
      'It was read as version 1. See whether a newer smtp-sts knows the version of your libtlsrpt.',
    rule: RULE,
  },
  DATAGRAM_NO_RECORD: {
    meaning: 'A datagram does not say which TLS reporting record the domain had.',
    action: 'Nothing: the record is looked up when the report is made.',
    rule: RULE,
  },
  DATAGRAM_POLICY_UNKNOWN: {
    meaning: 'A datagram has a policy of a type that is not known here; that policy was skipped.',
    action: 'See whether a newer smtp-sts knows the type that your libtlsrpt sends.',
    rule: RULE,
  },
  DATAGRAM_POLICY_DOMAIN: {
    meaning: 'A policy in a datagram has no usable domain; a domain was taken from what is near.',
    action: 'Update the mail server; the session was counted.',
    rule: 'RFC 8460 §4.4',
  },
  DATAGRAM_RESULT: {
    meaning: 'The result of a policy in a datagram and its list of failures contradict each other.',
    action: 'Nothing: the result was counted, as libtlsrpt says that it decides.',
    rule: RULE,
  },
  DATAGRAM_RESULT_UNKNOWN: {
    meaning:
      'A datagram has a failure code that is not known here; it was counted as validation-failure with the code as its reason.',
    action: 'See whether a newer smtp-sts knows the code that your libtlsrpt sends.',
    rule: 'RFC 8460 §4.3',
  },
  DATAGRAM_UNFINISHED: {
    meaning:
      'The mail server gave up on a session before it knew what came of it; that policy was not counted.',
    action: 'Nothing. Many of these are a fault of the mail server.',
    rule: 'RFC 8460 §4.3.4',
  },
  DATAGRAM_VALUE_DROPPED: {
    meaning:
      'A value in a datagram is not what its key promises (an address, a name, a record, a URI) and was left out.',
    action: 'Nothing: the session was counted.',
    rule: 'RFC 8460 §4.4',
  },
  DATAGRAM_CUT: {
    meaning: 'A list or a text in a datagram is longer than a report can use and was cut.',
    action: 'Nothing: the session was counted.',
  },
  DATAGRAM_SOCKET_PATH: {
    meaning: 'The datagram socket cannot be where the configuration wants it.',
    action:
      'Choose a path of at most 107 octets in a folder that exists and that the user of the service may write to.',
  },
  DATAGRAM_SOCKET_IN_USE: {
    meaning: 'Another process receives datagrams at the path of the socket.',
    action: 'Stop it first: another smtp-sts, or tlsrpt-collectd.',
  },
  DATAGRAM_SOCKET_OWNER: {
    meaning: 'The datagram socket cannot be given the owner and mode of the configuration.',
    action:
      'Name a user and group that exist; to give the socket to another group, the user of the service must be in it.',
  },
  DATAGRAM_SOCKET_FAILED: {
    meaning: 'The datagram socket could not be made, or the process that reads it did not start.',
    action: 'Look at the reason: most often the user of the service may not write to the folder.',
  },
  DATAGRAM_NO_LAUNCHER: {
    meaning:
      'Node.js cannot make a datagram socket, and /usr/bin/perl, which does it instead, is not there.',
    action:
      'Install perl-base, or let systemd make the socket: a socket unit with `ListenDatagram=`.',
  },
  DATAGRAM_READER_DIED: {
    meaning: 'The process that reads the datagram socket has ended; another one was started.',
    action:
      'Find out who ended it. What the mail server reported meanwhile is lost, unless systemd holds the socket.',
  },
  DATAGRAM_SOCKET_VANISHED: {
    meaning: 'The file of the datagram socket was removed or replaced while the service ran.',
    action:
      'Nothing: it was made anew. Keep clean-up jobs away from its folder; what was reported meanwhile is lost.',
  },
  DATAGRAM_QUEUE_SHORT: {
    meaning:
      'The kernel keeps few datagrams for a reader that is busy; in a burst the mail server loses some and logs it.',
    action: 'Set `net.unix.max_dgram_qlen = 512` with sysctl, then restart the service.',
  },
} as const satisfies Record<string, ErrorEntry>;
