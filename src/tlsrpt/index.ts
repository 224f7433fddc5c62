/**
 * TLS reporting for SMTP (RFC 8460): the record by which a domain asks for reports.
 *
 * @module
 */
export { discoverTlsrpt, TLSRPT_PREFIX, type DiscoverTlsrptOptions } from './discover.ts';
export { lintTlsrptRecord } from './lint.ts';
export { MAX_TARGETS, readTlsrptRecord, selectTlsrptRecord, tlsrptRecordText } from './record.ts';
export type { ReportTarget, TlsrptDiscovery, TlsrptRecord } from './types.ts';
