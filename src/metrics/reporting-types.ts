/**
 * What TLS reporting counts, as types. Every label has a closed set of values.
 *
 * @module
 */

import type { ReportTargetTable } from '../store/outbox-tables.ts';

/** The ways reports come in. */
export type ReportWay = 'https' | 'smtp' | 'maildir' | 'file';

/** What became of a report that came in. */
export type ReportTaken =
  | 'stored'
  | 'duplicate'
  | 'conflict'
  | 'replaced'
  | 'not-counted'
  | 'unknown-domain'
  | 'over-quota'
  | 'unreadable'
  | 'not-verified'
  | 'not-a-report'
  | 'refused'
  | 'later';

/** Why something was turned away before it was read. */
export type ReportTurnedAway =
  | 'not-found'
  | 'method'
  | 'too-large'
  | 'too-slow'
  | 'too-many'
  | 'busy'
  | 'no-report'
  | 'encoding'
  | 'too-many-connections';

/**
 * What became of a domain of a day whose report may have been due; `late`: sessions were counted
 * after its report was made.
 */
export type ReportSubjectState = 'made' | 'no-record' | 'skipped' | 'nothing' | 'given-up' | 'late';

/** What became of a place that was to get a report; `waiting`: an attempt failed and is repeated. */
export type ReportTargetState = ReportTargetTable['state'];

/** Kinds of alerts. */
export type ReportAlertKind = 'failure' | 'rate' | 'silent' | 'foreign-policy';

/** Numbers that the tally keeps. */
export interface TallyGauges {
  readonly waiting: number;
  readonly cutDetails: number;
}

/** Numbers that the datagram socket keeps. */
export interface DatagramNumbers {
  readonly datagrams: number;
  readonly invalid: number;
  /** How often the reader had to wait for us: then datagrams may have been lost. */
  readonly stalls: number;
  /** How often the socket or its reader had to be made anew: then datagrams were lost. */
  readonly restarts: number;
}

/** The numbers of TLS reporting. */
export interface ReportingMetrics {
  sessionsCounted(
    policy: 'tlsa' | 'sts' | 'no-policy-found',
    outcome: 'success' | 'failure',
    sessions: number,
  ): void;
  tallyWritten(outcome: 'written' | 'failed'): void;
  watchTally(read: () => TallyGauges): void;
  watchDatagrams(read: () => DatagramNumbers): void;
  subject(state: ReportSubjectState): void;
  target(kind: 'mailto' | 'https', state: ReportTargetState): void;
  taken(way: ReportWay, kind: ReportTaken): void;
  turnedAway(way: ReportWay, kind: ReportTaken): void;
  atTheDoor(way: 'https' | 'smtp' | 'maildir', why: ReportTurnedAway): void;
  archived(kind: string, authenticity: 'verified' | 'other'): void;
  /** An alert was opened or closed. */
  event(kind: ReportAlertKind, event: 'opened' | 'closed'): void;
  /** A message about alerts was tried. */
  message(channel: 'mail' | 'webhook', outcome: 'sent' | 'later' | 'given-up'): void;
}
