/**
 * The numbers of TLS reporting.
 *
 * @module
 */
import { Counter, Gauge, type Registry } from 'prom-client';
import type {
  DatagramNumbers,
  ReportAlertKind,
  ReportingMetrics,
  ReportSubjectState,
  ReportTaken,
  ReportTargetState,
  ReportTurnedAway,
  ReportWay,
  TallyGauges,
} from './reporting-types.ts';

const POLICIES = ['tlsa', 'sts', 'no-policy-found'] as const;
const SESSION_OUTCOMES = ['success', 'failure'] as const;
const SUBJECTS: readonly ReportSubjectState[] = [
  'made',
  'no-record',
  'skipped',
  'nothing',
  'given-up',
  'late',
];
const TARGETS: readonly ReportTargetState[] = [
  'waiting',
  'standby',
  'accepted',
  'refused',
  'expired',
  'suppressed',
  'over-limit',
  'not-needed',
];
const WAYS: readonly ReportWay[] = ['https', 'smtp', 'maildir', 'file'];
const TAKEN: readonly ReportTaken[] = [
  'stored',
  'duplicate',
  'conflict',
  'replaced',
  'not-counted',
  'unknown-domain',
  'over-quota',
  'unreadable',
  'not-verified',
  'not-a-report',
  'refused',
  'later',
];
const DOORS = ['https', 'smtp', 'maildir'] as const;
const REASONS: readonly ReportTurnedAway[] = [
  'not-found',
  'method',
  'too-large',
  'too-slow',
  'too-many',
  'busy',
  'no-report',
  'encoding',
  'too-many-connections',
];
const ALERTS: readonly ReportAlertKind[] = ['failure', 'rate', 'silent', 'foreign-policy'];
const ALERT_EVENTS = ['opened', 'closed'] as const;
const CHANNELS = ['mail', 'webhook'] as const;
const MESSAGE_OUTCOMES = ['sent', 'later', 'given-up'] as const;

/** Registers them. */
export function reportingMetrics(registers: Registry[]): ReportingMetrics {
  return {
    ...counting(registers),
    ...sending(registers),
    ...receiving(registers),
    ...telling(registers),
  };
}

type Counting = 'sessionsCounted' | 'tallyWritten' | 'watchTally' | 'watchDatagrams';

function counting(registers: Registry[]): Pick<ReportingMetrics, Counting> {
  const sessions = pairCounter(registers, {
    name: 'smtp_sts_report_sessions_total',
    help: 'Sessions counted for TLS reports, by the kind of policy and how they ended.',
    labels: ['policy', 'outcome'],
    values: [POLICIES, SESSION_OUTCOMES],
  });
  const writes = new Counter({
    name: 'smtp_sts_report_tally_writes_total',
    help: 'Batches of counts that were written, or could not be.',
    labelNames: ['outcome'],
    registers,
  });
  for (const outcome of ['written', 'failed']) writes.inc({ outcome }, 0);
  return {
    sessionsCounted: sessions,
    tallyWritten: (outcome) => writes.inc({ outcome }),
    watchTally: tallyGauges(registers),
    watchDatagrams: datagramNumbers(registers),
  };
}

function tallyGauges(registers: Registry[]): ReportingMetrics['watchTally'] {
  let read: (() => TallyGauges) | undefined;
  const waiting: Gauge = new Gauge({
    name: 'smtp_sts_report_tally_waiting',
    help: 'Different counts in memory that wait to be written.',
    registers,
    collect: () => waiting.set(read?.().waiting ?? 0),
  });
  const cut: Counter = new Counter({
    name: 'smtp_sts_report_details_cut_total',
    help: 'Failed sessions whose details were left out, because a day had too many kinds of failures.',
    registers,
    collect: () => {
      cut.reset();
      cut.inc(read?.().cutDetails ?? 0);
    },
  });
  return (reader) => {
    read = reader;
  };
}

function datagramNumbers(registers: Registry[]): ReportingMetrics['watchDatagrams'] {
  let read: (() => DatagramNumbers) | undefined;
  const counter = (name: string, help: string, pick: (n: DatagramNumbers) => number): void => {
    const it: Counter = new Counter({
      name,
      help,
      registers,
      collect: () => {
        it.reset();
        it.inc(read === undefined ? 0 : pick(read()));
      },
    });
  };
  counter(
    'smtp_sts_report_datagrams_total',
    'Datagrams of Postfix that were taken, good or not.',
    (n) => n.datagrams,
  );
  counter(
    'smtp_sts_report_datagrams_invalid_total',
    'Datagrams that said nothing that could be understood.',
    (n) => n.invalid,
  );
  counter(
    'smtp_sts_report_datagram_stalls_total',
    'Times at which the reader of the datagram socket had to wait: what came then may be lost.',
    (n) => n.stalls,
  );
  counter(
    'smtp_sts_report_datagram_reader_restarts_total',
    'Times at which the datagram socket or its reader was made anew: what came meanwhile is lost.',
    (n) => n.restarts,
  );
  return (reader) => {
    read = reader;
  };
}

function sending(registers: Registry[]): Pick<ReportingMetrics, 'subject' | 'target'> {
  const subjects = new Counter({
    name: 'smtp_sts_report_subjects_total',
    help: 'Domains of a day whose report may have been due, by what became of it.',
    labelNames: ['state'],
    registers,
  });
  for (const state of SUBJECTS) subjects.inc({ state }, 0);
  return {
    subject: (state) => subjects.inc({ state }),
    target: pairCounter(registers, {
      name: 'smtp_sts_report_targets_total',
      help: 'Attempts at sending a report to a place that wants it, by what they came to.',
      labels: ['kind', 'state'],
      values: [['mailto', 'https'], TARGETS],
    }),
  };
}

/** What came to the archive and is not in it. */
const NOT_KEPT: ReadonlySet<string> = new Set(['unknown-domain', 'over-quota', 'failed']);

type Receiving = 'taken' | 'turnedAway' | 'atTheDoor' | 'archived';

function receiving(registers: Registry[]): Pick<ReportingMetrics, Receiving> {
  const taken = pairCounter(registers, {
    name: 'smtp_sts_report_received_total',
    help: 'Reports of others by the way they came and what became of them.',
    labels: ['way', 'result'],
    values: [WAYS, TAKEN],
  });
  const authenticity = new Counter({
    name: 'smtp_sts_report_archived_total',
    help: 'Reports that are in the archive now, those that were there already too, by whether their sender was proven.',
    labelNames: ['authenticity'],
    registers,
  });
  for (const kind of ['verified', 'other']) authenticity.inc({ authenticity: kind }, 0);
  return {
    taken,
    turnedAway: taken,
    atTheDoor: pairCounter(registers, {
      name: 'smtp_sts_report_turned_away_total',
      help: 'What came to a place for reports and was turned away unread, by reason.',
      labels: ['way', 'reason'],
      values: [DOORS, REASONS],
    }),
    archived(kind, proof) {
      if (!NOT_KEPT.has(kind)) authenticity.inc({ authenticity: proof });
    },
  };
}

function telling(registers: Registry[]): Pick<ReportingMetrics, 'event' | 'message'> {
  return {
    event: pairCounter(registers, {
      name: 'smtp_sts_report_alerts_total',
      help: 'Alerts about reports, by kind and whether they were opened or closed.',
      labels: ['kind', 'event'],
      values: [ALERTS, ALERT_EVENTS],
    }),
    message: pairCounter(registers, {
      name: 'smtp_sts_report_alert_messages_total',
      help: 'Attempts at telling somebody of alerts, by the way and what they came to.',
      labels: ['channel', 'outcome'],
      values: [CHANNELS, MESSAGE_OUTCOMES],
    }),
  };
}

interface PairCounterOptions<A extends string, B extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly [string, string];
  readonly values: readonly [readonly A[], readonly B[]];
}

/** A counter with two labels; every series is there from the start, with 0. */
function pairCounter<A extends string, B extends string>(
  registers: Registry[],
  { name, help, labels, values }: PairCounterOptions<A, B>,
): (first: A, second: B, count?: number) => void {
  const [one, two] = labels;
  const counter = new Counter({ name, help, labelNames: [one, two], registers });
  for (const first of values[0]) {
    for (const second of values[1]) counter.inc({ [one]: first, [two]: second }, 0);
  }
  return (first, second, count = 1) => counter.inc({ [one]: first, [two]: second }, count);
}
