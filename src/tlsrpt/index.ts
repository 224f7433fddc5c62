/**
 * TLS reporting for SMTP (RFC 8460): the record by which a domain asks for reports.
 *
 * @module
 */
export { discoverTlsrpt, TLSRPT_PREFIX, type DiscoverTlsrptOptions } from './discover.ts';
export { lintTlsrptRecord } from './lint.ts';
export { MAX_TARGETS, readTlsrptRecord, selectTlsrptRecord, tlsrptRecordText } from './record.ts';
export type { ReportTarget, TlsrptDiscovery, TlsrptRecord } from './types.ts';
export { readReport, type ReportHints, type ReportReading } from './read-report.ts';
export { readReportFile, type ReportFileReading } from './read-report-file.ts';
export { sessionVolume, type SessionVolume } from './read-report-volume.ts';
export {
  DEFAULT_UNPACK_LIMITS,
  type UnpackedReport,
  type UnpackLimits,
  unpackReport,
} from './unpack-report.ts';
export {
  type FailureDetail,
  POLICY_TYPES,
  type PolicyResult,
  type PolicyType,
  type ReceivedDetail,
  type ReceivedPolicy,
  type ReceivedPolicyResult,
  type ReceivedReport,
  type ReportPolicy,
  type TlsReport,
} from './report.ts';
export { reportJson, submitterOf, writeReport, type ReportJson } from './write-report.ts';
export {
  packReport,
  parseReportFileName,
  reportFileName,
  type ReportFileName,
  reportId,
  type ReportIdFacts,
} from './report-file.ts';
export { type DatagramReading, readDatagram } from './datagram.ts';
export type { SessionResult } from './session-result.ts';
