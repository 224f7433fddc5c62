/**
 * A report as a file: unpacked and understood in one go.
 *
 * @module
 */
import { REPORT_ERRORS } from '../errors/report.ts';
import type { Failure } from '../failure.ts';
import { problemOfFile, type ReportCode } from './read-report-notes.ts';
import { readReport, type ReportHints, type ReportReading } from './read-report.ts';
import {
  DEFAULT_UNPACK_LIMITS,
  type UnpackedReport,
  type UnpackLimits,
  unpackReport,
} from './unpack-report.ts';

/** What a file says, and how it was packed if that could be told. */
export interface ReportFileReading extends ReportReading {
  readonly container?: UnpackedReport['container'];
}

/** How a file is read. */
export interface ReportFileOptions {
  readonly limits?: UnpackLimits;
  readonly hints?: ReportHints;
  /** Reads what was unpacked, in another thread if it likes; default: {@link readReport}. */
  readonly readJson?: (json: Uint8Array, hints?: ReportHints) => Promise<ReportReading>;
}

/** Reads gzip, zip or JSON. Never throws; every fault is among the problems. */
export async function readReportFile(
  bytes: Uint8Array,
  options: ReportFileOptions = {},
): Promise<ReportFileReading> {
  const unpacked = await unpackReport(bytes, options.limits ?? DEFAULT_UNPACK_LIMITS);
  if (!unpacked.ok) return { problems: [problemOf(unpacked.failure)], deviations: [] };
  const { json, container, deviations } = unpacked.value;
  const { readJson } = options;
  const hints = container === 'plain' ? options.hints : { ...options.hints, packedAs: container };
  const reading = readJson === undefined ? readReport(json, hints) : await readJson(json, hints);
  return {
    ...reading,
    container,
    problems: [...deviations.map(problemOfContainer), ...reading.problems],
    deviations: Array.from(new Set([...deviations, ...reading.deviations])),
  };
}

function problemOf({ code, detail }: Failure): ReportFileReading['problems'][number] {
  return problemOfFile(code as ReportCode, detail);
}

function problemOfContainer(code: string): ReportFileReading['problems'][number] {
  const { meaning } = REPORT_ERRORS[code as ReportCode];
  return problemOfFile(code as ReportCode, meaning.replace(/\.$/, ''));
}
