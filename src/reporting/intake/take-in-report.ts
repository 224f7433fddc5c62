/**
 * One report: understood, and handed to the archive if it may be.
 *
 * @module
 */
import type { ErrorCode } from '../../errors.ts';
import { type Failure, type Outcome, ok } from '../../failure.ts';
import type { Archive, ArchivedReading, ReadArchived } from '../archive/types.ts';
import type { ReportReceiveSettings } from '../../config/reporting-types.ts';
import type { ReceivedReport } from '../../tlsrpt/report.ts';
import type { Authenticity, IncomingReport, IntakeWay } from '../types.ts';
import type { TakenReport, UnderstoodReport } from './types.ts';

/** Reads the octets of a report, and says all that is to be said about them. */
export type ReadReport = (
  bytes: Uint8Array,
  options: Parameters<ReadArchived>[1],
) => Promise<UnderstoodReport & ArchivedReading>;

/** A report as it came. */
export interface BareReport {
  readonly bytes: Uint8Array;
  readonly hints: NonNullable<IncomingReport['hints']>;
  readonly way: IntakeWay;
  /** What was odd about its mail. */
  readonly notes: readonly ErrorCode[];
  /** Says who sent it. */
  readonly authenticate: (report: ReceivedReport) => Authenticity;
}

/** What taking it in needs. */
export interface TakeInReportContext {
  readonly archive: Pick<Archive, 'take'>;
  readonly settings: ReportReceiveSettings;
  readonly read: ReadReport;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
}

/** Clocks differ, and days begin elsewhere sooner. */
const FUTURE_MS = 86_400_000;

/**
 * Takes it in. A failure in the place of a result means: it may come again, nothing was kept; what
 * is refused for good is told in {@link TakenReport.failure}.
 */
export async function takeInReport(
  bare: BareReport,
  { archive, settings, read, now }: TakeInReportContext,
): Promise<Outcome<TakenReport>> {
  const limits = { maxPackedBytes: settings.maxBytes, maxJsonBytes: settings.maxJsonBytes };
  const reading = await read(bare.bytes, { limits, hints: bare.hints });
  const { report } = reading;
  if (report === undefined) {
    return ok({ reading, authenticity: UNKNOWN, failure: unreadable(reading) });
  }
  if (isFromTheFuture(report, now)) {
    return ok({ reading, authenticity: UNKNOWN, failure: fromTheFuture(report) });
  }
  const authenticity = bare.authenticate(report);
  if (authenticity.kind === 'temporary' && settings.unauthenticated !== 'count') {
    return { ok: false, failure: keyUnknown(authenticity) };
  }
  if (isRefused(authenticity, bare.way, settings)) {
    return ok({ reading, authenticity, failure: notVerified(authenticity) });
  }
  const taken = await archive.take({
    raw: bare.bytes,
    report,
    deviations: [...new Set([...bare.notes, ...reading.deviations])],
    way: bare.way,
    authenticity,
    receivedAt: now,
    hints: bare.hints,
  });
  return taken.ok ? ok({ reading, authenticity, result: taken.value }) : taken;
}

const UNKNOWN: Authenticity = { kind: 'unauthenticated', notes: [] };

/** RFC 8460 §3: a report by mail without a valid signature is to be ignored; the setting may be milder. */
function isRefused(
  { kind }: Authenticity,
  way: IntakeWay,
  { unauthenticated }: ReportReceiveSettings,
): boolean {
  if (kind === 'verified' || unauthenticated !== 'refuse') return false;
  // What an operator hands in unchecked is not a stranger's.
  return !(way === 'file' && kind === 'unauthenticated');
}

function notVerified({ kind, notes }: Authenticity): Failure {
  const why = notes.length === 0 ? '' : `: ${notes.join('; ')}`;
  return {
    code: 'REPORT_INTAKE_NOT_VERIFIED',
    detail: `nothing proves who sent the report (${kind})${why}`,
  };
}

function keyUnknown({ notes }: Authenticity): Failure {
  const why = notes.length === 0 ? '' : `: ${notes.join('; ')}`;
  return {
    code: 'REPORT_INTAKE_KEY_UNKNOWN',
    detail: `the key of the sender could not be looked up${why}`,
  };
}

/** Is it about a day that has not begun? */
export function isFromTheFuture({ start }: Pick<ReceivedReport, 'start'>, now: number): boolean {
  return start > now + FUTURE_MS;
}

function fromTheFuture({ start }: ReceivedReport): Failure {
  return {
    code: 'REPORT_INTAKE_FUTURE',
    detail: `the report begins at ${new Date(start).toISOString()}, which is still to come`,
  };
}

function unreadable({ problems }: UnderstoodReport): Failure {
  const first = problems.find(({ severity }) => severity === 'error');
  return first === undefined
    ? { code: 'REPORT_INTAKE_UNREADABLE', detail: 'the report cannot be understood' }
    : { code: first.code, detail: first.message };
}
