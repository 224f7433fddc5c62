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
